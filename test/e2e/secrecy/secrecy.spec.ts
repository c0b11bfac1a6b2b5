import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Catch,
  ConsoleLogger,
  type ExceptionFilter,
  Injectable,
  type LogLevel,
  Module,
} from '@nestjs/common';
import { APP_FILTER, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { format, inspect } from 'node:util';
import {
  AccessGuard,
  BlocklistService,
  FreshGuard,
  JwtExceptionFilter,
  type JwtContext,
  type JwtExtendedLoaders,
  JwtExtendedModule,
  type JwtExtendedOptions,
  type JwtExtendedResponses,
  RefreshGuard,
  type Token,
  TokenCookies,
  TokenError,
  TokenService,
} from '../../../src/index.js';
import { ModuleSettings } from '../../../src/module/module-settings.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { AuthenticatedToken } from '../../../src/tokens/verified-token.js';
import { ADAPTERS, createApp, type RunningApp, type Sent } from '../../support/app.js';
import {
  Calamities,
  failureOf,
  FaultyStore,
  hanging,
  Output,
  ProbeController,
  rejecting,
  SkippedTime,
  teapot,
  throwing,
  wordsOf,
} from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { rsaPair } from '../../support/keys.js';
import { claimsAtNow, claimsOf, startTokens, type TokenTools } from '../../support/tokens.js';

const CSRF = 'canary-csrf-5f0c1e';
const WRONG_CSRF = 'canary-csrf-another';
const OTHER_SECRET = 'another-canary-secret-'.padEnd(64, 'Qz7-');
const LEVELS: LogLevel[] = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'];

const WELL: Record<keyof JwtExtendedLoaders, unknown> = {
  encodeKey: SECRET,
  decodeKey: SECRET,
  additionalClaims: {},
  additionalHeaders: {},
  userIdentity: 'alice',
  isTokenRevoked: false,
  tokenVerification: true,
  userLookup: 'a user',
};
const LOADERS = Object.keys(WELL) as (keyof JwtExtendedLoaders)[];

/** The ways in which a loader or a response callback can fail. */
const FAULTS: readonly (readonly [string, () => unknown])[] = [
  ['throws', throwing(new Error('away'))],
  ['rejects', rejecting(new TypeError('away'))],
  ['throws an HttpException', throwing(teapot())],
  ['throws nothing', throwing(undefined)],
  ['hangs', hanging],
  ['gives nothing', () => undefined],
  ['gives a secret that does not belong there', () => OTHER_SECRET],
  ['gives a key pair of a kind', () => ({ kty: 'oct', k: OTHER_SECRET, alg: 'none' })],
  ['gives a list', () => [OTHER_SECRET]],
];

/** Every refusal, recorded on its way to the filter that answers it. */
const refusals: TokenError[] = [];

@Catch(TokenError)
@Injectable()
class RememberingFilter implements ExceptionFilter<TokenError> {
  constructor(private readonly filter: JwtExceptionFilter) {}

  catch(error: TokenError, host: Parameters<JwtExceptionFilter['catch']>[1]): unknown {
    refusals.push(error);
    return this.filter.catch(error, host);
  }
}

describe.each(ADAPTERS)('No output shows, over %s and through all faults,', (adapter) => {
  const loaders = mocksOf(LOADERS);
  const responses = mocksOf(['invalidToken', 'unavailable']);
  const store = new FaultyStore();
  /** Every token that was made or forged, as a whole and in parts. */
  const canaries = new Set<string>([SECRET, OTHER_SECRET, CSRF, WRONG_CSRF]);
  /** The responses to clients, except for the tokens that were made for them. */
  const received: string[] = [];
  let app: RunningApp;
  let output: Output;
  let calamities: Calamities;
  let time: SkippedTime;

  beforeAll(async () => {
    refusals.length = 0;
    calamities = new Calamities();
    time = new SkippedTime();
    output = new Output();
    app = await createApp(adapter, {
      controllers: [ProbeController],
      providers: [{ provide: APP_FILTER, useClass: RememberingFilter }],
      options: {
        algorithm: 'HS256',
        locations: ['headers', 'cookies', 'query_string', 'json'],
        loaders: loaders as JwtExtendedLoaders,
        responses: responses as JwtExtendedResponses,
        loaderTimeout: '20ms',
        blocklist: { store, timeout: '20ms' },
      },
      extras: { registerFilter: false },
      configure: (nest) => nest.useLogger(new ConsoleLogger({ logLevels: LEVELS })),
    });
  });
  beforeEach(() => {
    store.recover();
    for (const name of LOADERS) loaders[name].mockReset().mockReturnValue(WELL[name]);
    for (const mock of Object.values(responses)) {
      mock.mockReset().mockImplementation((reason) => ({ status: 400, body: { said: reason } }));
    }
  });
  afterAll(async () => {
    await app.close();
    output.restore();
    time.restore();
    calamities.stop();
  });

  function canary(changes: Record<string, unknown> = {}, secret = SECRET): string {
    const token = forgeToken(accessClaims({ csrf: CSRF, ...changes }), undefined, secret);
    remember(token);
    return token;
  }

  function remember(token: string): void {
    canaries.add(token);
    for (const part of token.split('.').slice(1)) canaries.add(part);
  }

  async function send(method: string, path: string, sent: Sent) {
    time.skip(1_000);
    const { status, body, headers } = await app.send(method, path, sent);
    if (status >= 400) received.push(wordsOf(body), [...headers].flat().join('\n'));
    return status;
  }

  /** Sends the token in every location that is read. */
  async function sendEverywhere(token: string): Promise<void> {
    const cookie = `access_token_cookie=${token}`;
    const presented: readonly Record<string, string>[] = [
      { authorization: `Bearer ${token}` },
      { authorization: `Bearer ${token} ${token}` },
      { authorization: `Basic ${token}` },
      { cookie },
      { cookie: `${cookie}; access_token_cookie=x${token}` },
    ];
    for (const headers of presented) await send('GET', '/access', { headers });
    await send('POST', '/access', { headers: { cookie, 'x-csrf-token': WRONG_CSRF } });
    await send('GET', `/access?jwt=${token}`, {});
    await send('GET', `/access?jwt=${token}&jwt=x${token}`, {});
    for (const given of [token, { [token]: token }])
      await send('POST', '/access', { json: { access_token: given } });
    for (const path of ['/fresh', '/refresh', '/recent', '/user'])
      await send('GET', path, { token });
  }

  it.each([
    ['is good', () => canary()],
    ['has expired', () => canary({ exp: 1 })],
    ['is not valid before tomorrow', () => canary({ nbf: 9e9 })],
    ['is signed with another secret', () => canary({}, OTHER_SECRET)],
    ['is of the wrong type', () => canary({ type: 'refresh' })],
    ['has no jti', () => canary({ jti: undefined })],
    ['has an odd csrf claim', () => canary({ csrf: { [CSRF]: CSRF } })],
    ['has no csrf claim', () => canary({ csrf: undefined })],
    ['is cut off', () => canary().slice(0, -5)],
    ['is too long', () => canary({ filler: 'x'.repeat(9_000) })],
    ['has two tails', () => `${canary()}.${canary().split('.')[1]}`],
  ])('a token that %s (R67, R70)', async (_, make) => {
    const token = make();
    await sendEverywhere(token);
    const tokens = app.get(TokenService);
    const blocklist = app.get(BlocklistService);
    for (const call of [
      () => tokens.decodeToken(token, { csrf: WRONG_CSRF }),
      () => tokens.getCsrfToken(`${token}x`),
      () => blocklist.revoke(`${token}x`),
      () => blocklist.revoke({ encoded: token } as never),
      () => blocklist.isRevoked(`x${token}`),
      () => tokens.createAccessToken('alice', { additionalClaims: { csrf: CSRF } }),
      () => tokens.createAccessToken('alice', { additionalClaims: { list: [token, 5n] } }),
    ]) {
      const error = await failureOf(call());
      expect(error).toBeInstanceOf(Error);
      received.push(wordsOf(error));
    }
  });

  it.each(FAULTS)('a key or a token when a loader %s (R70)', async (_, fault) => {
    for (const name of LOADERS) {
      loaders[name].mockImplementation(fault);
      await send('POST', '/mint', {});
      await send('GET', '/access', { token: canary() });
      loaders[name].mockReturnValue(WELL[name]);
    }
  });

  it.each(FAULTS)('a token when a response callback %s (R70)', async (_, fault) => {
    loaders.userLookup.mockImplementation(throwing(new Error('away')));
    for (const name of ['invalidToken', 'unavailable'] as const) {
      responses[name].mockImplementation(fault);
      await send('GET', '/access', { token: canary() });
      await send('GET', '/access', { token: canary({}, OTHER_SECRET) });
    }
  });

  it.each(FAULTS)('a token when the store %s (R70)', async (_, fault) => {
    for (const method of ['get', 'add', 'delete'] as const) {
      store[method].mockImplementation(fault as () => never);
      await send('POST', '/logout', { token: canary() });
      await Promise.allSettled([app.get(BlocklistService).unrevoke('one')]);
      store.recover();
    }
  });

  it('an empty log: messages were logged, so that the next tests have something to search', () => {
    expect(refusals.length).toBeGreaterThan(100);
    expect(received.length).toBeGreaterThan(100);
    expect(output.text).toContain('The blocklist store failed: ');
    expect(output.text).toContain('Mapped {/access, GET} route');
    expect(canaries.size).toBeGreaterThan(100);
  });

  it('a secret in logs and standard output (R70)', () => {
    expect(found(output.text)).toEqual([]);
  });

  it('a secret in responses (R67)', () => {
    expect(found(received.join('\n'))).toEqual([]);
  });

  it.each([
    ['their messages', (error: TokenError) => `${error.message} ${error.stack}`],
    ['their causes', (error: TokenError) => wordsOf(error.cause)],
    ['everything that can be printed of them', wordsOf],
    ['their JSON', (error: TokenError) => JSON.stringify(error)],
    [
      'their responses without a filter',
      (error: TokenError) => JSON.stringify(error.getResponse()),
    ],
  ])('a secret in the errors: %s (R70)', (_, words) => {
    expect(found(refusals.map(words).join('\n'))).toEqual([]);
  });

  it('an unhandled error: the process is alive (R73)', async () => {
    expect(await calamities.settled()).toEqual([]);
    expect(await send('GET', '/access', { token: canary() })).toBe(200);
  });

  /** The canaries in a text, described by kind, so that a failed test does not print them. */
  function found(text: string): string[] {
    return [...canaries].filter((each) => text.includes(each)).map((each) => each.slice(0, 40));
  }
});

function mocksOf<N extends string>(
  names: readonly N[],
): Record<N, jest.Mock<(...args: unknown[]) => unknown>> {
  return Object.fromEntries(names.map((name) => [name, jest.fn()])) as never;
}

/** All the ways in which a value gets into a log. */
function printed(value: object, depth = Infinity): string {
  const limits = { maxArrayLength: Infinity, maxStringLength: Infinity };
  const properties = Object.values(Object.getOwnPropertyDescriptors(value));
  return [
    inspect(value, { depth, showHidden: true, ...limits }),
    inspect(value),
    inspect({ nested: [value] }, { depth: 10 }),
    format('%o %O %s', value, value, value),
    String(value),
    ...properties.map((property) => String(property.value)),
    stringified(value),
    stringified({ nested: [value] }),
  ].join('\n');
}

/** The JSON of a value, with each repeated object replaced by a mark. */
function stringified(value: object): string {
  const seen = new WeakSet<object>();
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null) return member;
    if (seen.has(member)) return '[again]';
    seen.add(member);
    return member;
  });
}

/** A text in the spellings in which it could be printed. */
function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const base64 = (['base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding));
  return [text, ...base64, hex, hex.replace(/../g, '$& ').trim(), [...bytes].join(',')];
}

/** The text is not part of the message of a failed test, because it may hold a secret. */
function expectHidden(secrets: readonly string[], text: string): void {
  expect(text.length).toBeGreaterThan(1);
  expect(secrets.flatMap(spellings).some((spelling) => text.includes(spelling))).toBe(false);
}

const pem = rsaPair().privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
/** Parts that every spelling of the whole contains: base64 encodes three bytes at a time. */
const OF_SECRET = [SECRET.slice(0, 12)];
const OF_PAIR = [pem.split('\n')[3]?.slice(0, 24) as string, 'BEGIN PRIVATE KEY'];
const SERVICES = [
  ...[ModuleSettings, TokenService, TokenCookies, BlocklistService],
  ...[AccessGuard, FreshGuard, RefreshGuard, JwtExceptionFilter],
];
const CONFIGURED: readonly [string, JwtExtendedOptions, readonly string[]][] = [
  ['a secret', { secret: SECRET }, OF_SECRET],
  ['a secret in bytes', { secret: Buffer.from(SECRET) }, OF_SECRET],
  ['a key pair', { secret: undefined, algorithm: 'RS256', privateKey: pem }, OF_PAIR],
];

describe.each(CONFIGURED)('A module with %s (R70, R79)', (_, options, secrets) => {
  let tools: TokenTools;
  let accessToken: string;
  beforeAll(async () => {
    tools = await startTokens(options);
    accessToken = await tools.tokens.createAccessToken('alice');
    await tools.tokens.verifyToken(accessToken);
    await tools.blocklist.revoke(accessToken);
  });

  it.each(SERVICES.map((service) => [service.name, service] as const))(
    'does not print its key or a token with %s',
    (name, service) => {
      // Guards and filters hold Nest's container.
      const depth = /Guard|Filter/.test(name) ? 10 : Infinity;
      const seen = printed(tools.module.get<object>(service as never), depth);
      expect(seen).toContain(name);
      expectHidden([...secrets, accessToken], seen);
    },
  );

  it('does not print its key with any provider of the container', () => {
    const modules = [...tools.module.get(ModulesContainer).values()];
    const module = modules.find(({ metatype }) => metatype === JwtExtendedModule);
    const seen = [...(module?.providers ?? [])].map(([token, { instance, metatype }]) =>
      inspect([token, instance, metatype], { depth: 6, showHidden: true }),
    );
    expect(seen.length).toBeGreaterThan(10);
    expectHidden(secrets, seen.join('\n'));
  });
});

describe('A token that was read (R70)', () => {
  let encoded: string;
  let csrf: string;
  let token: Token;

  beforeAll(async () => {
    const { tokens } = await startTokens({ clock: new Clock().now });
    encoded = await tokens.createAccessToken('alice', { fresh: true, sessionId: 'session-1' });
    csrf = claimsOf(encoded).csrf as string;
    token = await tokens.decodeToken(encoded);
  });

  it('prints its claims, but not its text, its csrf value or the key', () => {
    expectHidden([encoded, ...encoded.split('.').slice(1), csrf, ...OF_SECRET], printed(token));
    expect(inspect(token)).toContain('alice');
    expect(JSON.parse(JSON.stringify(token))).toEqual({
      header: { alg: 'HS256', typ: 'JWT' },
      claims: JSON.parse(JSON.stringify({ ...token.claims, csrf: undefined })) as unknown,
      identity: 'alice',
      type: 'access',
      jti: token.jti,
      sessionId: 'session-1',
      fresh: true,
      issuedAt: new Date(NOW * 1000).toISOString(),
      expiresAt: new Date((NOW + 900) * 1000).toISOString(),
    });
  });

  it('does not pass its text on to a copy', () => {
    expectHidden([encoded, ...encoded.split('.').slice(2), ...OF_SECRET], printed({ ...token }));
    expect(Object.keys(token)).not.toContain('encoded');
    expect(token.encoded).toBe(encoded);
  });

  it('prints its location, but not its user', () => {
    const user = { password: 'canary-password' };
    const context: JwtContext = new AuthenticatedToken(token, 'cookies', user);

    expectHidden([encoded, csrf, 'canary-password'], printed(context));
    expect(context).toMatchObject({ encoded, location: 'cookies', user, identity: 'alice' });
    const json = JSON.parse(JSON.stringify(context)) as unknown;
    expect(json).toMatchObject({ location: 'cookies', identity: 'alice' });
  });
});

describe('A refusal (R67, R70)', () => {
  const EXPECTED = { decodeIssuer: 'us-canary', decodeAudience: 'them-canary' };
  const withClaims = (changes: object) =>
    forgeToken(claimsAtNow({ csrf: 'canary-csrf', ...changes }));
  const CANARY = claimsAtNow({ sub: 'canary' });

  it.each<[string, string, JwtExtendedOptions?]>([
    ['an expired token', withClaims({ exp: NOW })],
    ['a token from another issuer', withClaims({ iss: 'https://canary.example' }), EXPECTED],
    ['a token for others', withClaims({ iss: 'us', aud: 'canary-audience' }), EXPECTED],
    ['a token without sub', withClaims({ iss: 'us', aud: 'them', sub: undefined }), EXPECTED],
    ['a bad signature', forgeToken(CANARY, undefined, 'x'.repeat(64))],
    ['no signature', forgeToken(CANARY).replace(/[^.]+$/, '')],
    ['a payload that is not JSON', forgeToken('canary')],
    ['a header that is not JSON', forgeToken({}, 'canary')],
    ['an unknown algorithm', forgeToken({}, { alg: 'canary' })],
    ['a kid that is not text', forgeToken({}, { alg: 'HS256', kid: ['canary'] })],
  ])('of %s quotes neither the token nor the options', async (_, encoded, options = {}) => {
    const { tokens } = await startTokens({ clock: new Clock().now, ...options });

    const error = (await failureOf(tokens.decodeToken(encoded))) as TokenError;

    const parts = encoded.split('.').slice(1).filter(Boolean);
    expectHidden([encoded, ...parts, 'canary', ...OF_SECRET], printed(error));
  });
});

describe('The errors of a start that fails (R70)', () => {
  class Missing {}

  @Injectable()
  class Unresolvable {
    constructor(readonly missing: Missing) {}
  }

  @Module({
    imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
    providers: [Unresolvable, { provide: Missing, useFactory: () => {}, inject: ['UNKNOWN'] }],
  })
  class UnresolvableModule {}

  const forRoot = (options: object) =>
    JwtExtendedModule.forRoot({ secret: SECRET, ...options } as never);
  const forRootAsync = (options: object) => JwtExtendedModule.forRootAsync(options as never);
  const twice = () => {
    const imports = [forRoot({ isGlobal: false })];
    return JwtPassportModule.register({ prefix: 'twice', imports });
  };
  const MODULES: Readonly<Record<string, () => unknown>> = {
    'a dependency is missing in a module of the application': () => UnresolvableModule,
    'a dependency of the factory is missing': () =>
      forRootAsync({ inject: ['UNKNOWN'], useFactory: () => ({ secret: SECRET }) }),
    'an option is unknown': () => forRoot({ secretKey: SECRET }),
    'the secret is given as another option': () => forRoot({ algorithm: SECRET }),
    'the secret is a key pair': () => forRoot({ secret: pem }),
    'there is a secret and a key pair': () => forRoot({ privateKey: pem, algorithm: 'RS256' }),
    'the factory gives something else': () => forRootAsync({ useFactory: () => SECRET }),
    'two modules use the same strategy prefix': () => ({
      module: class Twice {},
      imports: [twice(), twice()],
    }),
  };

  it.each(Object.entries(MODULES))('say nothing of keys when %s', async (_, module) => {
    const output = new Output();
    const start = async () => {
      const testing = await Test.createTestingModule({ imports: [module() as never] }).compile();
      await testing.init();
    };
    const error = await failureOf(start()).finally(() => output.restore());
    expect(error).toBeInstanceOf(Error);
    const seen = `${wordsOf(error)}\n${(error as Error).stack}\n${output.text}`;
    expectHidden([...OF_SECRET, ...OF_PAIR], seen);
  });
});
