import {
  Catch,
  ConsoleLogger,
  type ExceptionFilter,
  Injectable,
  type LogLevel,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  BlocklistService,
  JwtExceptionFilter,
  type JwtExtendedLoaders,
  type JwtExtendedResponses,
  TokenError,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp, type Sent } from '../../support/app.js';
import {
  Calamities,
  failureOf,
  FaultyStore,
  hanging,
  Output,
  ProbeController,
  rejecting,
  teapot,
  throwing,
  wordsOf,
} from '../../support/faults.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

const CSRF = 'canary-csrf-5f0c1e';
const WRONG_CSRF = 'canary-csrf-another';
const OTHER_SECRET = 'another-canary-secret-'.padEnd(64, 'Qz7-');
const LEVELS: LogLevel[] = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'];

const LOADERS = [
  'encodeKey',
  'decodeKey',
  'additionalClaims',
  'additionalHeaders',
  'userIdentity',
  'isTokenRevoked',
  'tokenVerification',
  'userLookup',
] as const;

const WELL: Record<(typeof LOADERS)[number], unknown> = {
  encodeKey: SECRET,
  decodeKey: SECRET,
  additionalClaims: {},
  additionalHeaders: {},
  userIdentity: 'alice',
  isTokenRevoked: false,
  tokenVerification: true,
  userLookup: 'a user',
};

/** Everything that a loader or a response callback may do wrong. */
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

/** Remembers every refusal on its way to the filter that answers it. */
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

describe.each(ADAPTERS)('over %s, through all faults, nobody reads', (adapter) => {
  const loaders = mocksOf<keyof JwtExtendedLoaders>(LOADERS);
  const responses = mocksOf<keyof JwtExtendedResponses>(['invalidToken', 'unavailable']);
  const store = new FaultyStore();
  /** Every token that was made or forged, whole and by its parts. */
  const canaries = new Set<string>([SECRET, OTHER_SECRET, CSRF, WRONG_CSRF]);
  /** What clients were told, besides the tokens that were made for them. */
  const told: string[] = [];
  let app: RunningApp;
  let output: Output;
  let calamities: Calamities;

  beforeAll(async () => {
    refusals.length = 0;
    calamities = new Calamities();
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
    for (const name of LOADERS) loaders[name]?.mockReset().mockReturnValue(WELL[name]);
    for (const mock of Object.values(responses)) {
      mock.mockReset().mockImplementation((reason) => ({ status: 400, body: { said: reason } }));
    }
  });
  afterAll(async () => {
    await app.close();
    output.restore();
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
    const { status, body, headers } = await app.send(method, path, sent);
    if (status >= 400) told.push(wordsOf(body), [...headers].flat().join('\n'));
    return status;
  }

  /** The token in every place in which it can travel. */
  async function sendEverywhere(token: string): Promise<void> {
    await send('GET', '/access', { token });
    await send('GET', '/access', { headers: { authorization: `Bearer ${token} ${token}` } });
    await send('GET', '/access', { headers: { authorization: `Basic ${token}` } });
    await send('GET', '/access', { headers: { cookie: `access_token_cookie=${token}` } });
    await send('POST', '/access', {
      headers: { cookie: `access_token_cookie=${token}`, 'x-csrf-token': WRONG_CSRF },
    });
    await send('GET', '/access', {
      headers: { cookie: `access_token_cookie=${token}; access_token_cookie=x${token}` },
    });
    await send('GET', `/access?jwt=${token}`, {});
    await send('GET', `/access?jwt=${token}&jwt=x${token}`, {});
    await send('POST', '/access', { json: { access_token: token } });
    await send('POST', '/access', { json: { access_token: { [token]: token } } });
    for (const path of ['/fresh', '/refresh', '/recent', '/user'])
      await send('GET', path, { token });
  }

  it.each([
    ['is good', () => canary()],
    ['has expired', () => canary({ exp: 1 })],
    ['is of tomorrow', () => canary({ nbf: 9e9 })],
    ['is signed with another secret', () => canary({}, OTHER_SECRET)],
    ['is of the wrong type', () => canary({ type: 'refresh' })],
    ['has no jti', () => canary({ jti: undefined })],
    ['has an odd csrf claim', () => canary({ csrf: { [CSRF]: CSRF } })],
    ['has no csrf claim', () => canary({ csrf: undefined })],
    ['is cut off', () => canary().slice(0, -5)],
    ['is too long', () => canary({ filler: 'x'.repeat(9_000) })],
    ['has two tails', () => `${canary()}.${segmentOf(canary())}`],
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
      told.push(wordsOf(error));
    }
  });

  it.each(FAULTS)('a key or a token when a loader %s (R70)', async (_, fault) => {
    for (const name of LOADERS) {
      loaders[name]?.mockImplementation(fault);
      await send('POST', '/mint', {});
      await send('GET', '/access', { token: canary() });
      loaders[name]?.mockReturnValue(WELL[name]);
    }
  });

  it.each(FAULTS)('a token when a response callback %s (R70)', async (_, fault) => {
    loaders.userLookup?.mockImplementation(throwing(new Error('away')));
    for (const name of ['invalidToken', 'unavailable'] as const) {
      responses[name]?.mockImplementation(fault);
      await send('GET', '/access', { token: canary() });
      await send('GET', '/access', { token: canary({}, OTHER_SECRET) });
    }
  });

  it.each(FAULTS)('a token when the store %s (R70)', async (_, fault) => {
    for (const method of ['get', 'add', 'delete'] as const) {
      store[method].mockImplementation(fault as () => never);
      await send('POST', '/logout', { token: canary() });
      await app
        .get(BlocklistService)
        .unrevoke('one')
        .catch(() => undefined);
      store.recover();
    }
  });

  it('any of it, as the following tests find: first, that something was said at all', () => {
    expect(refusals.length).toBeGreaterThan(100);
    expect(told.length).toBeGreaterThan(100);
    expect(output.text).toContain('A token could not be checked');
    expect(output.text).toContain('Mapped {/access, GET} route');
    expect(canaries.size).toBeGreaterThan(100);
  });

  it('what was logged and printed (R70)', () => {
    expect(found(output.text)).toEqual([]);
  });

  it('what clients were told (R67)', () => {
    expect(found(told.join('\n'))).toEqual([]);
  });

  it.each([
    ['their messages', (error: TokenError) => `${error.message} ${error.stack}`],
    ['their causes', (error: TokenError) => wordsOf(error.cause)],
    ['whatever can be printed of them', wordsOf],
    ['their JSON', (error: TokenError) => JSON.stringify(error)],
    ['their answers without a filter', (error: TokenError) => JSON.stringify(error.getResponse())],
  ])('the errors: %s (R70)', (_, words) => {
    expect(found(refusals.map(words).join('\n'))).toEqual([]);
  });

  it('and the process lives (R73)', async () => {
    expect(await calamities.settled()).toEqual([]);
    expect(await send('GET', '/access', { token: canary() })).toBe(200);
  });

  /** Which canaries are in a text: by what they are, so that a failure does not print them all. */
  function found(text: string): string[] {
    return [...canaries].filter((each) => text.includes(each)).map((each) => each.slice(0, 40));
  }
});

function mocksOf<N extends string>(
  names: readonly N[],
): Partial<Record<N, jest.Mock<(...args: unknown[]) => unknown>>> {
  return Object.fromEntries(names.map((name) => [name, jest.fn()])) as never;
}

function segmentOf(token: string): string {
  return token.split('.')[1] as string;
}
