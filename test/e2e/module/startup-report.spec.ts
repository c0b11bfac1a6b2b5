import cluster from 'node:cluster';
import { type CanActivate, Controller, Logger, Module, Post, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  AccessGuard,
  JwtExtendedConfigError,
  JwtExtendedModule,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  RefreshGuard,
} from '../../../src/index.js';
import { JwtExtendedTestingModule } from '../../../src/testing/index.js';
import { type AppParts, createApp } from '../../support/app.js';
import { CountingStore } from '../../support/counting-store.js';
import {
  DEVELOPMENT,
  type Environment,
  environments,
  PRODUCTION,
} from '../../support/environment.js';
import { SECRET } from '../../support/forge.js';
import { blocksIn, plain, tableOf } from '../../support/readme.js';
import { ecPair, ed25519Pair, rsaPair } from '../../support/keys.js';

const enter = environments();
const levels = {
  log: jest.spyOn(Logger.prototype, 'log'),
  warn: jest.spyOn(Logger.prototype, 'warn'),
};

beforeEach(() => {
  for (const spy of Object.values(levels)) spy.mockReset();
});
afterEach(() => {
  Object.assign(cluster, { isWorker: false });
});

/** What the module has logged so far. */
function logged(level: keyof typeof levels): string[] {
  const { calls, contexts } = levels[level].mock;
  const isOurs = (_call: unknown, index: number) =>
    (contexts[index] as { context?: string }).context === 'JwtExtendedModule';
  return calls.filter(isOurs).map(([message]) => String(message));
}

/** What the module logs while an application starts. */
async function reportOf(
  environment: Environment,
  parts: AppParts,
): Promise<{ readonly lines: string[]; readonly warnings: string[] }> {
  enter(environment);
  await (await createApp('express', parts)).close();
  return { lines: logged('log'), warnings: logged('warn') };
}

const ISSUER = {
  issuer: 'https://id.example/',
  audience: 'api',
  jwksUri: 'https://id.example/keys',
};
const ALL_ENDPOINTS = { login: true, refresh: true, logout: true, jwks: true } as const;
const authenticate = () => 'alice';

describe('The report at start in development', () => {
  it.each<[title: string, parts: AppParts, lines: string[]]>([
    [
      'no option but a secret',
      {},
      [
        'Keys: signs with HS256; verifies HS256',
        'Locations: headers (Authorization: Bearer …)',
        'Lifetimes: access tokens 15m, refresh tokens 30d, sessions as long as they are refreshed; leeway 0s',
        'Store: memory of this process, until it ends, asked about access and refresh tokens; rotation with a grace of 10s; sessions are not listed',
        'Routes: open unless they name a guard, since none is global; ready-made endpoints: none',
      ],
    ],
    [
      'a ring of keys, every location and all endpoints',
      {
        options: {
          secret: undefined,
          keys: {
            current: { kid: 'web-2', algorithm: 'ES256', ...ecPair() },
            others: [{ kid: 'web-1', algorithm: 'EdDSA', publicKey: ed25519Pair().publicKey }],
          },
          issuers: [
            ISSUER,
            { ...ISSUER, issuer: 'https://two.example', audience: false, tokens: 'id' },
          ],
          locations: ['cookies', 'headers', 'query_string', 'json', () => null],
          headerName: 'X-Token',
          headerType: '',
          cookies: { refreshPath: '/api/auth', sameSite: 'strict' },
          accessTokenExpires: '90m',
          refreshTokenExpires: false,
          sessions: { lifetime: '36h', list: true, max: 5 },
          leeway: 45,
          rotation: { grace: 0 },
          blocklist: { store: new CountingStore(), checks: ['refresh'] },
          login: { authenticate },
        },
        extras: { globalGuard: true, endpoints: ALL_ENDPOINTS },
        configure: (nest) => nest.setGlobalPrefix('api'),
      },
      [
        'Keys: signs with ES256 (kid web-2); verifies ES256 (kid web-2), EdDSA (kid web-1), ' +
          'access tokens of https://id.example/ (RS256, audience api), ID tokens of https://two.example (RS256, any audience)',
        'Locations: cookies (access_token_cookie at /, refresh_token_cookie at /api/auth, Secure, SameSite=strict, ' +
          'CSRF value in X-CSRF-TOKEN), headers (X-Token: …), query_string (?jwt=…), json (access_token, refresh_token), a function',
        'Lifetimes: access tokens 90m, refresh tokens for ever, sessions 36h; leeway 45s',
        'Store: CountingStore, asked about refresh tokens; rotation with a grace of 0s; sessions are listed, 5 an identity',
        'Routes: closed by the global AccessGuard unless @Public() opens them; ' +
          'ready-made endpoints: POST /api/auth, POST /api/auth/refresh, POST /api/auth/logout, GET /.well-known/jwks.json',
      ],
    ],
    [
      'a refresh token in a cookie at the endpoints alone, and no store that rotates',
      {
        options: {
          decodeAlgorithms: ['HS256', 'HS512'],
          blocklist: {
            checks: [],
            store: { ...withoutClass(new CountingStore()), isAtomic: false },
          },
          csrf: { protect: false },
          cookies: { secure: false },
        },
        extras: { endpoints: { logout: { path: 'out', locations: ['headers', 'cookies'] } } },
        providers: [{ provide: APP_GUARD, useExisting: AccessGuard }],
      },
      [
        'Keys: signs with HS256; verifies HS256 or HS512',
        'Locations: headers (Authorization: Bearer …); at the endpoints also cookies ' +
          '(access_token_cookie at /, refresh_token_cookie at /, not Secure, SameSite=lax, no CSRF protection)',
        expect.anything() as never,
        'Store: an object of your own, never asked; no rotation, for which it is not atomic; sessions are not listed',
        'Routes: closed by the global AccessGuard unless @Public() opens them; ready-made endpoints: POST /auth/out',
      ],
    ],
    ...(
      [
        [['get'], ' for GET'],
        [
          ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
          ' for GET and POST and PUT and PATCH and DELETE',
        ],
        [['DELETE', 'PATCH', 'PUT', 'POST'], ''],
      ] as const
    ).map(([methods, text]): [string, AppParts, string[]] => [
      `a CSRF value for ${methods.join()}`,
      { options: { locations: ['cookies'], csrf: { methods } } },
      [
        expect.anything() as never,
        'Locations: cookies (access_token_cookie at /, refresh_token_cookie at /, Secure, SameSite=lax, ' +
          `CSRF value in X-CSRF-TOKEN${text})`,
        ...Array.from({ length: 3 }, () => expect.anything() as never),
      ],
    ]),
    [
      'loaders for the keys, and no store',
      {
        options: {
          secret: undefined,
          algorithm: 'HS256',
          loaders: { encodeKey: () => SECRET, decodeKey: () => SECRET },
          blocklist: false,
        },
      },
      [
        'Keys: signs with HS256 and the key of loaders.encodeKey; verifies HS256 and the key of loaders.decodeKey',
        expect.anything() as never,
        expect.anything() as never,
        'Store: none, so that tokens are neither revoked nor rotated',
        expect.anything() as never,
      ],
    ],
    [
      'tokens of others alone',
      { options: { secret: undefined, issuers: [ISSUER], leeway: 30 } },
      [
        'Keys: signs with nothing; verifies access tokens of https://id.example/ (RS256, audience api)',
        ...Array.from({ length: 4 }, () => expect.anything() as never),
      ],
    ],
  ])('says what it understood of %s', async (_title, parts, lines) => {
    expect((await reportOf(DEVELOPMENT, parts)).lines).toEqual(lines);
  });

  it('is what the guide shows', async () => {
    const [block] = blocksIn('text').filter(
      ({ section }) => section === 'What the module says at start',
    );
    const { lines } = await reportOf(DEVELOPMENT, {});
    expect(lines.map((line) => `LOG [JwtExtendedModule] ${line}\n`).join('')).toBe(block?.text);
  });

  it.each<[title: string, environment: Environment, parts: AppParts, lines: number]>([
    ['development', DEVELOPMENT, {}, 5],
    ['production', PRODUCTION, {}, 0],
    ['an environment of another name', { NODE_ENV: 'staging' }, {}, 0],
    ['an environment without a name', {}, {}, 5],
    ['tests', { NODE_ENV: 'test' }, {}, 0],
    ['Jest', { ...DEVELOPMENT, JEST_WORKER_ID: '1' }, {}, 0],
    ['Vitest', { ...DEVELOPMENT, VITEST: 'true' }, {}, 0],
    ['development with report: false', DEVELOPMENT, { options: { report: false } }, 0],
  ])('is logged once or not at all: %s', async (_title, environment, parts, lines) => {
    expect((await reportOf(environment, parts)).lines).toHaveLength(lines);
  });

  it.each<[title: string, environment: Environment, parts: AppParts]>([
    [
      'the testing module',
      DEVELOPMENT,
      { imports: [JwtExtendedTestingModule.register()], options: { locations: ['query_string'] } },
    ],
  ])('has nothing to say in tests: %s', async (_title, environment, parts) => {
    expect(await reportOf(environment, parts)).toEqual({ lines: [], warnings: [] });
  });

  it('names each of several modules', async () => {
    const own = (secret: string) => JwtExtendedModule.forRoot({ secret, isGlobal: false });
    const shared = own(`shared ${SECRET}`);
    @Module({ imports: [own(`shop ${SECRET}`)] })
    class ShopModule {}
    @Module({ imports: [shared] })
    class StaffModule {}
    @Module({ imports: [shared] })
    class OfficeModule {}
    const imports = [ShopModule, StaffModule, OfficeModule];

    const { lines } = await reportOf(DEVELOPMENT, { imports });
    expect(
      lines.map((line) => line.slice(0, line.indexOf(':'))).filter((_, at) => at % 5 === 0),
    ).toEqual([
      'Keys of the global module',
      'Keys in ShopModule',
      'Keys in StaffModule and OfficeModule',
    ]);
    expect((await reportOf(PRODUCTION, { imports })).warnings).toEqual([
      expect.stringContaining('blocklist.store of the global module is'),
      expect.stringContaining('blocklist.store in ShopModule is'),
      expect.stringContaining('blocklist.store in StaffModule and OfficeModule is'),
    ]);
  });

  it('contains nothing of a key, a secret or a passphrase', async () => {
    const pem = (passphrase: string) =>
      rsaPair().privateKey.export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase,
      });
    const secret = fc.string({ minLength: 40, maxLength: 60, unit: 'grapheme-ascii' });
    const options = fc.tuple(secret, secret, fc.constantFrom('secret', 'oct', 'ring', 'pair'));

    await fc.assert(
      fc.asyncProperty(options, async ([one, other, kind]) => {
        for (const spy of Object.values(levels)) spy.mockReset();
        enter(DEVELOPMENT);
        const k = Buffer.from(one).toString('base64url');
        const privateKey = kind === 'pair' ? String(pem(other)) : '';
        const given: Record<string, JwtExtendedOptions> = {
          secret: { secret: one },
          oct: { secret: { kty: 'oct', k } },
          ring: {
            keys: {
              current: { kid: 'a', algorithm: 'HS256', secret: one },
              others: [{ kid: 'b', algorithm: 'HS256', secret: other }],
            },
          },
          pair: { privateKey, passphrase: other, algorithm: 'RS256' },
        };
        const testing = await Test.createTestingModule({
          imports: [JwtExtendedModule.forRoot({ ...given[kind], allowWeakSecret: true })],
        }).compile();
        await testing.init();
        await testing.close();

        const report = [...logged('log'), ...logged('warn')].join('\n');
        expect(report).toContain('Keys: signs with');
        const pieces = [one, other, k, privateKey].flatMap((text) => text.match(/.{12}/gs) ?? []);
        expect(pieces.filter((piece) => report.includes(piece))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('is one line for each subject, whatever the names contain', async () => {
    const issuer = { ...ISSUER, issuer: 'https://id.example/\u2028\r\nForged: line' };
    const { lines } = await reportOf(DEVELOPMENT, { options: { issuers: [issuer], leeway: 1 } });
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('https://id.example/ Forged: line');
  });
});

const store = new CountingStore();
const LASTING: JwtExtendedOptions = { blocklist: { store } };
const OPEN: JwtExtendedOptions = {
  ...LASTING,
  csrf: { protect: false },
  cookies: { sameSite: 'none' },
};

class RolesGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}
@Controller('renew')
class RenewController {
  @UseGuards(RefreshGuard)
  @Post()
  renew() {}
}
const roles = { provide: APP_GUARD, useValue: new RolesGuard() };
const ours = { provide: APP_GUARD, useExisting: AccessGuard };

/** What is given, the warning with its fix, where it is logged, and the same without the danger. */
const DANGERS: readonly [
  title: string,
  dangerous: AppParts,
  warning: RegExp,
  environments: readonly Environment[],
  safe: AppParts,
][] = [
  [
    'the memory store that the module has without one',
    {},
    /^blocklist\.store is the memory store, .* no other process: give a RedisBlocklistStore, a SqlBlocklistStore or your own \(guide: sample\/06-stores\)/,
    [PRODUCTION, {}],
    { options: LASTING },
  ],
  [
    'a memory store that is given',
    { options: { blocklist: { store: new MemoryBlocklistStore() } } },
    /^blocklist\.store is the memory store, .* if one process that forgets is enough, set report to false$/,
    [PRODUCTION, {}],
    { options: { blocklist: false } },
  ],
  [
    'the location query_string',
    { options: { ...LASTING, locations: ['headers', 'query_string'] } },
    /^locations has 'query_string': .*; leave it out, and name it in @JwtRequired\({ locations }\) of the routes/,
    [PRODUCTION, DEVELOPMENT],
    { options: { ...LASTING, locations: ['headers', 'json'] } },
  ],
  [
    'SameSite=None without CSRF protection',
    { options: { ...OPEN, locations: ['cookies'] } },
    /^csrf\.protect is false .* 'none': .*; leave csrf\.protect out, or set cookies\.sameSite to 'lax'$/,
    [PRODUCTION, DEVELOPMENT],
    { options: { ...OPEN, csrf: {}, locations: ['cookies'] } },
  ],
  [
    'methods that change something and need no CSRF value',
    { options: { ...LASTING, locations: ['cookies'], csrf: { methods: ['GET', 'PUT'] } } },
    /^csrf\.methods lacks POST, PATCH, DELETE: .*; leave csrf\.methods out, or add them$/,
    [PRODUCTION, DEVELOPMENT],
    {
      options: {
        ...LASTING,
        locations: ['cookies'],
        csrf: { methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] },
      },
    },
  ],
  [
    'no leeway beside another issuer',
    { options: { ...LASTING, issuers: [ISSUER] } },
    /^leeway is 0 beside issuers: .*; set leeway, such as '30s'$/,
    [PRODUCTION, DEVELOPMENT],
    { options: { ...LASTING, issuers: [ISSUER], leeway: '30s' } },
  ],
  [
    'a guard that runs before ours',
    { options: LASTING, providers: [roles], extras: { globalGuard: true } },
    /^globalGuard: RolesGuard runs before AccessGuard.* list { provide: APP_GUARD, useExisting: AccessGuard } first/,
    [PRODUCTION, DEVELOPMENT],
    { options: LASTING, providers: [ours, roles] },
  ],
  [
    'a secret with white space',
    { options: { ...LASTING, secret: `${SECRET}\n` } },
    /^secret begins or ends with white space.*: remove it .*, or give Buffer\.from\(secret\) if it is meant$/,
    [PRODUCTION, DEVELOPMENT],
    { options: { ...LASTING, secret: SECRET } },
  ],
];

describe('A danger at start', () => {
  const cases = DANGERS.flatMap(([title, dangerous, warning, environments, safe]) =>
    environments.map((environment) => ({ title, environment, dangerous, warning, safe })),
  );

  it.each(cases)('is a warning with the fix: $title, $environment', async (each) => {
    const { warnings } = await reportOf(each.environment, each.dangerous);
    expect(warnings).toEqual([expect.stringMatching(each.warning)]);
  });

  it.each(cases)('has a safe twin without a warning: $title, $environment', async (each) => {
    expect((await reportOf(each.environment, each.safe)).warnings).toEqual([]);
  });

  const choices = DANGERS.slice(0, 7);
  const tests: readonly Environment[] = [
    { NODE_ENV: 'test' },
    { ...PRODUCTION, JEST_WORKER_ID: '1' },
    { ...DEVELOPMENT, VITEST: 'true' },
  ];
  it.each(
    choices.flatMap(([title, dangerous]) =>
      tests.map((environment) => ({ title, environment, dangerous })),
    ),
  )('that is a choice is not told in tests: $title, $environment', async (each) => {
    expect(await reportOf(each.environment, each.dangerous)).toEqual({ lines: [], warnings: [] });
  });

  it.each(DANGERS.slice(0, 6))(
    'that is a choice is not told with report: false: %s',
    async (_title, each) => {
      const options = { ...each.options, report: false };
      expect((await reportOf(PRODUCTION, { ...each, options })).warnings).toEqual([]);
    },
  );

  it.each<[title: string, environment: Environment, isWorker: boolean, reason: string]>([
    ['a worker', {}, true, ' (this is a worker of a cluster, so there seem to be others)'],
    [
      'PM2',
      { NODE_APP_INSTANCE: '1' },
      false,
      ' (NODE_APP_INSTANCE is 1, so there seem to be others)',
    ],
    ['PM2', { pm_id: '3' }, false, ' (pm_id is 3, so there seem to be others)'],
    [
      'Heroku',
      { WEB_CONCURRENCY: '2' },
      false,
      ' (WEB_CONCURRENCY is 2, so there seem to be others)',
    ],
    ['one process', { WEB_CONCURRENCY: '1' }, false, ''],
    ['the first of PM2', { NODE_APP_INSTANCE: '0', pm_id: '0' }, false, ''],
    ['no number', { pm_id: 'SECRET\n', WEB_CONCURRENCY: '' }, false, ''],
  ])(
    'of the memory store names other processes: %s %j',
    async (_title, environment, isWorker, reason) => {
      Object.assign(cluster, { isWorker });
      const { warnings } = await reportOf(environment, {});
      expect(warnings).toEqual([
        expect.stringContaining(`knows of no other process${reason}: give`),
      ]);
    },
  );
});

/** What the rows of the guide's table warn about. */
const WARNED_ABOUT: readonly AppParts[] = [
  { options: { ...LASTING, locations: ['headers', 'query_string'] } },
  { options: { blocklist: { store, onStoreError: 'allow' } } },
  { options: { ...LASTING, leeway: 301 } },
  { options: { ...LASTING, issuers: [ISSUER] } },
  { options: { ...OPEN, locations: ['cookies'] } },
  { options: { ...LASTING, locations: ['cookies'], csrf: { methods: ['GET'] } } },
  {},
  { options: { ...LASTING, locations: ['cookies'], cookies: { secure: false } } },
  { options: { ...LASTING, accessTokenExpires: false, refreshTokenExpires: false } },
  { options: { ...LASTING, secret: 'short' } },
  { options: { ...LASTING, secret: `${SECRET}\n` } },
  { options: LASTING, providers: [roles], extras: { globalGuard: true } },
  {
    options: LASTING,
    imports: [JwtExtendedModule.forRoot({ ...LASTING, secret: SECRET, isGlobal: false })],
  },
  {
    options: { ...LASTING, locations: ['cookies'], cookies: { refreshPath: '/auth' } },
    controllers: [RenewController],
  },
  {
    options: { ...LASTING, login: { authenticate } },
    extras: { endpoints: { login: { deliver: { refresh: 'cookie' } } } },
  },
];

describe("The guide's table of warnings", () => {
  const rows = tableOf('Warned about');
  const PLACES = {
    'true true true': 'everywhere',
    'true true false': 'outside tests',
    'true false false': 'in production',
    'refused true true': 'outside production, where it is refused',
  };

  it.each(rows.map((row, at) => [plain(row['Warned about']), row, WARNED_ABOUT[at]!] as const))(
    'is right about %s',
    async (_title, row, parts) => {
      const isWarned = async (environment: Environment, report = true) => {
        for (const spy of Object.values(levels)) spy.mockReset();
        const options = { ...parts.options, report };
        const started = reportOf(environment, { ...parts, options });
        return started.then(
          ({ warnings }) => warnings.length > 0,
          () => 'refused',
        );
      };
      const development = await isWarned(DEVELOPMENT);
      const where = [await isWarned(PRODUCTION), development, await isWarned({ NODE_ENV: 'test' })];
      const stays = await isWarned(development ? DEVELOPMENT : PRODUCTION, false);

      expect(PLACES[where.join(' ') as keyof typeof PLACES]).toBe(row['Where']);
      expect(stays ? 'stays' : 'off').toBe(row['With `report: false`']);
    },
  );

  it('has a row for each of them', () => {
    expect(rows).toHaveLength(WARNED_ABOUT.length);
  });
});

describe('The option report', () => {
  it('may come from the factory of forRootAsync', async () => {
    enter(DEVELOPMENT);
    const module = JwtExtendedModule.forRootAsync({
      useFactory: () => ({ secret: SECRET, report: false, locations: ['query_string'] }),
    });
    const testing = await Test.createTestingModule({ imports: [module] }).compile();
    await testing.init();
    await testing.close();
    expect([...logged('log'), ...logged('warn')]).toEqual([]);
  });

  it.each(['no', 'false', 0, null])('is refused at start, by name: %p', async (report) => {
    const starting = createApp('express', { options: { report } as never });
    await expect(starting).rejects.toThrow(JwtExtendedConfigError);
    await expect(starting).rejects.toThrow(/^report was given .*; give true or false/);
  });
});

/** Its methods in a plain object. */
function withoutClass({ add, replace, get, delete: remove }: CountingStore) {
  return { add, replace, get, delete: remove };
}
