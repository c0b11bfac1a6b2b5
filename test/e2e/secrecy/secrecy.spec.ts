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
import { inspect } from 'node:util';
import {
  AccessGuard,
  BlocklistService,
  FreshGuard,
  JwtExceptionFilter,
  type JwtExtendedLoaders,
  JwtExtendedModule,
  type JwtExtendedOptions,
  type JwtExtendedResponses,
  RefreshGuard,
  TokenCookies,
  TokenError,
  TokenService,
} from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
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
import { rsaPair } from '../../support/keys.js';

describe('Logs, errors and responses', () => {
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
    const loaders = mocksOf<keyof JwtExtendedLoaders>(LOADERS);
    const responses = mocksOf<keyof JwtExtendedResponses>(['invalidToken', 'unavailable']);
    const store = new FaultyStore();
    /** Every token that was made or forged, as a whole and in parts. */
    const canaries = new Set<string>([SECRET, OTHER_SECRET, CSRF, WRONG_CSRF]);
    /** The responses to clients, except for the tokens that were made for them. */
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

    /** Sends the token in every location that is read. */
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
      ['is not valid before tomorrow', () => canary({ nbf: 9e9 })],
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

    it('an empty log: messages were logged, so that the next tests have something to search', () => {
      expect(refusals.length).toBeGreaterThan(100);
      expect(told.length).toBeGreaterThan(100);
      expect(output.text).toContain('A token could not be checked');
      expect(output.text).toContain('Mapped {/access, GET} route');
      expect(canaries.size).toBeGreaterThan(100);
    });

    it('a secret in logs and standard output (R70)', () => {
      expect(found(output.text)).toEqual([]);
    });

    it('a secret in responses (R67)', () => {
      expect(found(told.join('\n'))).toEqual([]);
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
  ): Partial<Record<N, jest.Mock<(...args: unknown[]) => unknown>>> {
    return Object.fromEntries(names.map((name) => [name, jest.fn()])) as never;
  }

  function segmentOf(token: string): string {
    return token.split('.')[1] as string;
  }
});

describe('Inspection of services and options', () => {
  const pem = rsaPair().privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  const pemLine = pem.split('\n')[3] as string;

  const SERVICES = [
    TokenService,
    TokenCookies,
    BlocklistService,
    AccessGuard,
    FreshGuard,
    RefreshGuard,
    JwtExceptionFilter,
  ] as const;

  const OPTIONS: readonly (readonly [string, JwtExtendedOptions, readonly string[]])[] = [
    ['a secret', { secret: SECRET }, traces(SECRET)],
    ['a secret in bytes', { secret: Buffer.from(SECRET) }, traces(SECRET)],
    [
      'a key pair',
      { secret: undefined, algorithm: 'RS256', privateKey: pem },
      [pem, pemLine, 'BEGIN PRIVATE KEY'],
    ],
  ];

  describe.each(ADAPTERS)('over %s', (adapter) => {
    describe.each(OPTIONS)('%s of the options (R70, R79)', (_, options, canaries) => {
      let app: RunningApp;
      let accessToken: string;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: [ProbeController],
          options,
          imports: [JwtPassportModule.register({ prefix: `inspected-${adapter}` })],
        });
        accessToken = await app.get(TokenService).createAccessToken('alice');
        await app.get(BlocklistService).revoke(accessToken);
      });
      afterAll(() => app.close());

      it.each(SERVICES.map((service) => [service.name, service] as const))(
        'is not visible in %s',
        (_name, service) => {
          const instance: object = app.get<object>(service as never);
          const seen = [
            inspect(instance, { depth: 10, showHidden: true }),
            inspect(instance, { depth: 10 }),
            String(instance),
            stringified(instance),
          ].join('\n');
          expect(seen).toContain(service.name);
          for (const canary of [...canaries, accessToken]) expect(seen).not.toContain(canary);
        },
      );

      it('hides keys in everything that the container holds of the module', () => {
        const modules = app.get(ModulesContainer);
        const [module] = [...modules.values()].filter(
          ({ metatype }) => metatype === JwtExtendedModule,
        );
        const seen = [...(module?.providers ?? [])].map(([token, { instance, metatype }]) =>
          inspect([token, instance, metatype], { depth: 5, showHidden: true }),
        );
        expect(seen.length).toBeGreaterThan(10);
        for (const canary of canaries) expect(seen.join('\n')).not.toContain(canary);
      });

      it('hides keys and the encoded token in a verified token', async () => {
        const other = await app.get(TokenService).createAccessToken('alice');
        const token = await app.get(TokenService).decodeToken(other);
        const seen = [
          inspect(token, { depth: 10, showHidden: true }),
          inspect({ nested: [token] }, { depth: 10 }),
          JSON.stringify(token),
          JSON.stringify({ nested: [token] }),
          Object.values({ ...token })
            .map((value) => wordsOf(value))
            .join(),
        ].join('\n');
        expect(seen).toContain('alice');
        expect(seen).not.toContain(other);
        expect(seen).not.toContain(other.split('.')[2]);
        for (const canary of canaries) expect(seen).not.toContain(canary);
      });

      it('hides the csrf value of a token', async () => {
        const { csrf } = (await app.get(TokenService).decodeToken(accessToken)).claims;
        const token = await app.get(TokenService).decodeToken(accessToken);
        expect(typeof csrf).toBe('string');
        expect(inspect(token, { depth: 10, showHidden: true })).not.toContain(csrf);
        expect(JSON.stringify(token)).not.toContain(csrf);
      });
    });
  });

  describe('the errors of a start that fails (R70)', () => {
    const canaries = [...traces(SECRET), pem, pemLine];

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

    it.each<readonly [string, () => unknown]>([
      ['a dependency is missing in a module of the application', () => UnresolvableModule],
      [
        'a dependency of the factory is missing',
        () =>
          JwtExtendedModule.forRootAsync({
            inject: ['UNKNOWN'],
            useFactory: () => ({ secret: SECRET }),
          }),
      ],
      [
        'an option is unknown',
        () => JwtExtendedModule.forRoot({ secret: SECRET, secretKey: SECRET } as never),
      ],
      [
        'the secret is given as another option',
        () => JwtExtendedModule.forRoot({ secret: SECRET, algorithm: SECRET as never }),
      ],
      ['the secret is a key pair', () => JwtExtendedModule.forRoot({ secret: pem })],
      [
        'there is a secret and a key pair',
        () => JwtExtendedModule.forRoot({ secret: SECRET, privateKey: pem, algorithm: 'RS256' }),
      ],
      [
        'the factory gives something else',
        () => JwtExtendedModule.forRootAsync({ useFactory: () => SECRET as never }),
      ],
      [
        'two modules use the same strategy prefix',
        () => ({
          module: class Twice {},
          imports: [1, 2].map(() => {
            const jwt = JwtExtendedModule.forRoot({ secret: SECRET, isGlobal: false });
            return JwtPassportModule.register({ prefix: 'twice', imports: [jwt] });
          }),
        }),
      ],
    ])('say nothing of keys when %s', async (_, module) => {
      const output = new Output();
      try {
        const start = async () => {
          const testing = await Test.createTestingModule({
            imports: [module() as never],
          }).compile();
          await testing.init();
          await testing.close();
        };
        const error = await failureOf(start());
        expect(error).toBeInstanceOf(Error);
        const seen = `${wordsOf(error)}\n${(error as Error).stack}\n${output.text}`;
        for (const canary of canaries) expect(seen).not.toContain(canary);
      } finally {
        output.restore();
      }
    });
  });

  /** The forms in which a secret may be printed: text, hex, the output of a Buffer, base64. */
  function traces(secret: string): string[] {
    const bytes = Buffer.from(secret);
    return [
      secret,
      secret.slice(0, 24),
      bytes.toString('hex'),
      inspect(bytes.subarray(0, 20)).slice('<Buffer '.length, -1),
      bytes.toString('base64').slice(0, 40),
      [...bytes.subarray(0, 12)].join(','),
    ];
  }

  /** The JSON of a service, with each repeated object replaced by a mark. */
  function stringified(service: object): string {
    const seen = new WeakSet<object>();
    return JSON.stringify(service, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null) return value;
      if (seen.has(value)) return '[again]';
      seen.add(value);
      return value;
    });
  }
});
