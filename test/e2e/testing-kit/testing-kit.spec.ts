import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  HttpException,
  type INestApplication,
  Module,
  Param,
  Post,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AssertionError } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import request from 'supertest';
import {
  AccessGuard,
  BlocklistService,
  Claims,
  CurrentIdentity,
  FreshGuard,
  type HttpResponse,
  JwtExtendedModule,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  JwtRequired,
  RefreshGuard,
  type TokenErrorCode,
  TokenCookies,
  TokenService,
} from '../../../src/index.js';
import {
  asIdentity,
  expectRefusal,
  issueTestToken,
  JwtExtendedTestingModule,
  type TestClaims,
  TestClock,
  type TestResponse,
} from '../../../src/testing/index.js';
import {
  ADAPTERS,
  type AdapterName,
  type AppParts,
  createApp,
  RunningApp,
} from '../../support/app.js';
import { FaultyStore } from '../../support/faults.js';
import { forgeToken, SECRET } from '../../support/forge.js';
import { ed25519Pair, rsaPair } from '../../support/keys.js';
import { claimsOf, headerOf, keysOf, rejectionOf } from '../../support/tokens.js';

@Controller()
class CookieController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
  ) {}

  @Post('log-in')
  async logIn(@Res({ passthrough: true }) response: HttpResponse) {
    await Promise.resolve(
      this.cookies.setAccessCookies(response, await this.tokens.createAccessToken('alice')),
    );
    return {};
  }
}

@Controller()
class RoutesController {
  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string, @Claims('roles') roles: unknown) {
    return { identity, roles };
  }

  @UseGuards(AccessGuard)
  @Post('change')
  change() {
    return {};
  }

  @UseGuards(FreshGuard)
  @Post('fresh')
  fresh(@CurrentIdentity() identity: string) {
    return { identity };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  refresh() {
    return {};
  }

  @UseGuards(AccessGuard)
  @JwtRequired({ locations: ['json'] })
  @Get('body')
  body() {
    return {};
  }

  @UseGuards(AccessGuard)
  @JwtRequired({ locations: ['headers', 'cookies', 'query_string'] })
  @Get('anywhere')
  anywhere() {
    return {};
  }
}

/** Errors of the application that no guard made. */
const OWN_ERRORS: Readonly<Record<string, HttpException>> = {
  'bad-dto': new HttpException('bad dto', 422),
  'bad-field': new HttpException({ message: ['sub must be a string'], error: 'No' }, 422),
  'no-key': new HttpException('Missing API key', 401),
  'no-signature': new HttpException('Signature verification failed', 401),
};

@Controller('own')
class OwnController {
  @Get(':what')
  own(@Param('what') what: string) {
    const error = OWN_ERRORS[what];
    if (error) throw error;
    return { code: 'TOKEN_EXPIRED', message: 'Token has expired' };
  }
}

const running: RunningApp[] = [];
afterAll(() => Promise.all(running.map((app) => app.close())));

function remembered(app: RunningApp): RunningApp {
  running.push(app);
  return app;
}

async function started(nest: INestApplication): Promise<RunningApp> {
  return remembered(await RunningApp.start(nest));
}

async function boot(
  options: JwtExtendedOptions = {},
  adapter: AdapterName = 'express',
  extras: AppParts['extras'] = {},
): Promise<RunningApp> {
  const controllers = [RoutesController, OwnController];
  return remembered(await createApp(adapter, { controllers, options, extras }));
}

const bearing = (token: string) => ({ authorization: `Bearer ${token}` });

/** The response of the platform's `fetch`. */
function sent(
  { url }: RunningApp,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const method = ['/change', '/fresh', '/refresh'].includes(path) ? 'POST' : 'GET';
  return fetch(url + path, { method, headers });
}

const CODES: readonly TokenErrorCode[] = [
  'TOKEN_INVALID',
  'TOKEN_MISSING',
  'TOKEN_EXPIRED',
  'CSRF_FAILED',
];

async function expectNoRefusal(response: TestResponse, codes = CODES): Promise<void> {
  for (const code of codes)
    expect(await rejectionOf(expectRefusal(response, code))).toBeInstanceOf(AssertionError);
}

/** A response with this challenge, from some other check. */
function challenged(challenge: unknown): TestResponse {
  const headers = { 'www-authenticate': challenge };
  return { status: 401, headers, text: '{"msg":"Signature verification failed"}' };
}

describe.each(ADAPTERS)('The testing kit over %s', (adapter) => {
  const clock = new TestClock();
  let app: RunningApp;

  beforeAll(async () => {
    app = await boot({ clock: clock.now, locations: ['headers', 'cookies'] }, adapter);
  });

  it('makes a token with any claims that the application accepts', async () => {
    const token = await issueTestToken(app.nest, { sub: 'alice', roles: ['admin'] });

    expect(await app.send('GET', '/me', { token })).toMatchObject({
      status: 200,
      body: { identity: 'alice', roles: ['admin'] },
    });
    expect(Object.keys(claimsOf(token)).sort()).toEqual(
      ['csrf', 'exp', 'fresh', 'iat', 'jti', 'nbf', 'roles', 'sub', 'type'].sort(),
    );
  });

  it('authenticates a request with asIdentity', async () => {
    const { headers } = await asIdentity(app.nest, 'alice', { fresh: true });

    expect(await app.send('POST', '/fresh', { headers })).toMatchObject({
      status: 201,
      body: { identity: 'alice' },
    });
  });

  it.each<[TokenErrorCode, string, TestClaims | undefined]>([
    ['TOKEN_MISSING', '/me', undefined],
    ['TOKEN_EXPIRED', '/me', { exp: 1 }],
    ['TOKEN_INVALID', '/me', { nbf: 253_402_300_000 }],
    ['TOKEN_INVALID', '/me', { jti: undefined }],
    ['TOKEN_WRONG_TYPE', '/me', { type: 'refresh' }],
    ['TOKEN_WRONG_TYPE', '/refresh', { type: 'access' }],
    ['TOKEN_NOT_FRESH', '/fresh', { fresh: false }],
  ])('recognizes %s of %s for %j and no other refusal', async (code, path, claims) => {
    const headers = claims && bearing(await issueTestToken(app.nest, claims));
    const response = await sent(app, path, headers);

    await expectRefusal(response, code);
    const others: TokenErrorCode[] = ['TOKEN_REVOKED', 'CHECK_UNAVAILABLE', 'CLAIMS_INSUFFICIENT'];
    const known: TokenErrorCode[] = ['TOKEN_MISSING', 'TOKEN_EXPIRED', 'TOKEN_INVALID'];
    await expectNoRefusal(response, [...others, ...known.filter((other) => other !== code)]);
  });

  it('understands the responses of supertest and inject', async () => {
    const answer = await request(app.url).get('/me');
    await expectRefusal(answer, 'TOKEN_MISSING');
    expect(await rejectionOf(expectRefusal(answer, 'TOKEN_EXPIRED'))).toMatchObject({
      message: expect.stringContaining('expected the refusal TOKEN_EXPIRED, got 401') as unknown,
    });
    // Jest cannot load `inject` on Node 20. This object has the form of its response.
    const { statusCode, text: payload, headers } = answer;
    await expectRefusal({ statusCode, payload, headers: headers as object }, 'TOKEN_MISSING');
  });

  it('does not take a success for a refusal', async () => {
    const { headers } = await asIdentity(app.nest, 'alice');

    await expectNoRefusal(await sent(app, '/me', headers), ['TOKEN_INVALID']);
  });

  it('moves the clock', async () => {
    const { headers } = await asIdentity(app.nest, 'alice');
    clock.advance('14m');
    expect((await app.send('GET', '/me', { headers })).status).toBe(200);

    clock.advance(60);

    await expectRefusal(await sent(app, '/me', headers), 'TOKEN_EXPIRED');
    clock.set(new Date());
    expect((await app.send('GET', '/me', { headers })).status).toBe(200);
  });
});

it('A test clock moves by durations and to dates and refuses other values', () => {
  const clock = new TestClock(new Date(0));
  clock.advance('1.5h');
  clock.advance(-5400);
  expect(clock.now()).toEqual(new Date(0));
  for (const nonsense of ['60', NaN, undefined, 0.5])
    expect(() => {
      clock.advance(nonsense as string);
    }).toThrow(TypeError);
  expect(() => new TestClock(new Date(NaN))).toThrow(TypeError);
  expect(() => {
    clock.set(new Date(NaN));
  }).toThrow(TypeError);
});

describe('The testing module', () => {
  const store = new FaultyStore();
  const options: JwtExtendedOptions = {
    ...rsaPair(),
    algorithm: 'RS256',
    locations: ['cookies'],
    errorCodeKey: 'code',
    blocklist: { store },
    loaders: {
      decodeKey: () => rsaPair().publicKey,
      userLookup: ({ identity }) => ({ identity }),
    },
  };
  const clock = new TestClock();
  let app: RunningApp;

  @Module({ imports: [JwtExtendedModule.forRoot(options)], controllers: [RoutesController] })
  class AppModule {}

  beforeAll(async () => {
    const testing = await Test.createTestingModule({
      imports: [AppModule, JwtExtendedTestingModule.register({ clock: clock.now })],
    }).compile();
    app = await started(testing.createNestApplication());
  });

  it('replaces keys, store and clock and keeps all other options', async () => {
    const { token, headers, cookies } = await asIdentity(app.nest, 'alice', { fresh: true });

    expect(cookies).toEqual({ access_token_cookie: token });
    expect((await app.send('POST', '/fresh', { headers })).status).toBe(201);
    expect(store.get).not.toHaveBeenCalled();
    await app.get(BlocklistService).revoke(token);
    await expectRefusal(await sent(app, '/me', headers), 'TOKEN_REVOKED');
    clock.advance('15m');
    await expectRefusal(await sent(app, '/me', headers), 'TOKEN_EXPIRED');
  });

  it('makes tokens that the real application refuses', async () => {
    const testToken = await issueTestToken(app.nest);
    const real = await boot({ secret: undefined, ...options });

    expect(await rejectionOf(real.get(TokenService).decodeToken(testToken))).toMatchObject({
      code: 'TOKEN_INVALID',
    });
  });

  it('keeps the clock of the application unless it gets one', async () => {
    const testing = await Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET }), JwtExtendedTestingModule.register()],
    }).compile();

    const { iat } = claimsOf(await issueTestToken(testing));

    expect(Math.abs(Number(iat) - Date.now() / 1000)).toBeLessThan(60);
    await testing.close();
  });
});

describe('The testing module, for options of other kinds', () => {
  const start = async (options: unknown) => {
    const module = JwtExtendedModule.forRootAsync({ useFactory: () => options as never });
    const testing = await Test.createTestingModule({
      imports: [module, JwtExtendedTestingModule.register()],
      controllers: [RoutesController, CookieController],
    }).compile();
    return started(testing.createNestApplication());
  };

  it.each([undefined, '', 'production', 'staging'])(
    'refuses to start if NODE_ENV is %j',
    async (environment) => {
      const { NODE_ENV } = process.env;
      if (environment === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = environment;
      const starting = rejectionOf(start({ secret: SECRET }));
      const mistake = await starting.finally(() => (process.env.NODE_ENV = NODE_ENV));
      expect(mistake).toMatchObject({
        name: 'JwtExtendedConfigError',
        message: expect.stringContaining('JwtExtendedTestingModule is imported') as unknown,
      });
    },
  );

  it('refuses to start without register', async () => {
    const jwt = JwtExtendedModule.forRoot({ secret: SECRET });
    const imports = [jwt, JwtExtendedTestingModule];
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(
      'JwtExtendedTestingModule is imported without register',
    );
  });

  it.each<[unknown, string]>([
    [{ clok: 1 }, 'register.clok is not an option'],
    [{ secret: 'x' }, 'register.secret is not an option'],
    [{ clock: 5 }, 'register.clock was given a number; give a function'],
    [null, 'register was given null; give an object of options'],
    ['text', 'register was given a string of 4 characters'],
  ])('refuses %j at once', (options, text) => {
    expect(() => JwtExtendedTestingModule.register(options as never)).toThrow(
      expect.objectContaining({
        name: 'JwtExtendedConfigError',
        message: expect.stringContaining(text) as unknown,
      }),
    );
  });

  it.each<[unknown]>([[undefined], [null], ['text'], [{ secret: SECRET, cookies: null }]])(
    'leaves it to the module to refuse %j',
    async (options) => {
      const { name } = (await rejectionOf(start(options))) as Error;
      expect(name).toBe('JwtExtendedConfigError');
    },
  );

  it.each<JwtExtendedOptions>([
    {},
    { cookies: { secure: true } },
    { cookies: { sameSite: 'none' } },
  ])('lets the agent of supertest keep cookies over HTTP: %j', async (options) => {
    const tested = await start({ secret: SECRET, locations: ['cookies'], ...options });
    const agent = request.agent(tested.nest.getHttpServer() as Server);
    await agent.post('/log-in').expect(201);
    await agent.get('/me').expect(200);
  });

  it('leaves cookies alone whose names need Secure', async () => {
    const cookies = { accessName: '__Host-access' };
    const tested = await start({ secret: SECRET, locations: ['cookies'], cookies });
    const [cookie] = (await tested.send('POST', '/log-in')).cookies;
    expect(cookie).toMatch(/^__Host-access=.+; Secure/);
  });

  it('keeps no revocations if the application keeps none', async () => {
    const tested = await start({ secret: SECRET, blocklist: false });
    expect(await rejectionOf(tested.get(BlocklistService).revokeAllFor('alice'))).toMatchObject({
      name: 'JwtExtendedConfigError',
    });
  });

  it('keeps options and loaders that are instances of classes', async () => {
    class Loaders {
      readonly #users = new Map([['alice', { name: 'Alice' }]]);
      userLookup({ identity }: { identity: string }) {
        return this.#users.get(identity);
      }
    }
    class Options {
      readonly secret = SECRET;
      get loaders() {
        return new Loaders();
      }
      get errorMessageKey() {
        return 'fault';
      }
    }
    const tested = await start(new Options());
    const { headers } = await asIdentity(tested.nest, 'bob');
    expect(await tested.send('GET', '/me', { headers })).toMatchObject({
      status: 401,
      body: { fault: 'Error loading the user bob' },
    });
  });
});

describe('A test token', () => {
  const ISSUER = 'https://id.example';
  const NOT_INTEGER = 'must be an integer.';
  /** Names of members that every object inherits. */
  const INHERITED = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];
  let app: RunningApp;

  beforeAll(async () => {
    app = await boot({ decodeIssuer: ISSUER, decodeAudience: 'notes' });
  });

  it.each([
    ['exp', 'x', `Expiration Time claim (exp) ${NOT_INTEGER}`],
    ['exp', null, `Expiration Time claim (exp) ${NOT_INTEGER}`],
    ['nbf', '1', `Not Before claim (nbf) ${NOT_INTEGER}`],
    ['iat', [], `Issued At claim (iat) ${NOT_INTEGER}`],
    ['iss', 5, 'Payload Issuer (iss) must be a string'],
    ['aud', { notes: true }, 'Invalid claim format in token'],
    ['sub', {}, 'Subject must be a string'],
    ['jti', 7, 'JWT ID must be a string'],
    ['sid', false, 'Invalid claim format in token'],
    ['type', ['access'], 'Missing or invalid claim: type'],
  ])('can have the invalid claim %s = %j and is then refused', async (name, value, msg) => {
    const token = await issueTestToken(app.nest, { [name]: value });

    expect(claimsOf(token)).toMatchObject({ [name]: value });
    expect(await app.send('GET', '/me', { token })).toMatchObject({ status: 422, body: { msg } });
  });

  it.each(INHERITED)('can have a claim named %s', async (name) => {
    const claims = JSON.parse(JSON.stringify({ [name]: 'x' })) as TestClaims;
    const token = await issueTestToken(app.nest, claims);

    expect(Object.entries(claimsOf(token))).toContainEqual([name, 'x']);
    expect((await app.send('GET', '/me', { token })).status).toBe(200);
  });

  it.each(['exp', 'iat', 'nbf', 'sub', 'jti', 'type', 'iss', 'aud', 'fresh'])(
    'has no claim %s if the test removes it',
    async (name) => {
      const token = await issueTestToken(app.nest, { [name]: undefined });

      expect(claimsOf(token)).not.toHaveProperty(name);
    },
  );

  it.each<[string, JwtExtendedOptions]>([
    ['HS512', keysOf('HS512').options],
    ['PS256', keysOf('PS256').options],
    ['ES384', keysOf('ES384').options],
    ['EdDSA', { secret: undefined, ...ed25519Pair(), algorithm: 'EdDSA' }],
  ])('under %s has the same header as any other token', async (alg, options) => {
    const other = await boot(options);
    const claims = { sub: 'alice', exp: null, toString: 'x' };
    const token = await issueTestToken(other.nest, claims);

    expect(headerOf(token)).toEqual({ alg, typ: 'JWT' });
    await expectRefusal(await sent(other, '/me', bearing(token)), 'TOKEN_INVALID');
  });

  const API = { iss: 'https://idp', aud: 'api' };
  it.each<[string, JwtExtendedOptions, object]>([
    ['are made elsewhere', { decodeIssuer: 'https://idp', decodeAudience: ['api', 'web'] }, API],
    [
      'are for others',
      {
        encodeIssuer: 'https://here',
        decodeIssuer: ['https://idp', 'https://other'],
        encodeAudience: ['elsewhere'],
        decodeAudience: 'api',
      },
      API,
    ],
    [
      'are also made here',
      {
        encodeIssuer: 'https://here',
        decodeIssuer: ['https://idp', 'https://here'],
        encodeAudience: ['web', 'api'],
        decodeAudience: ['api'],
      },
      { iss: 'https://here', aud: ['web', 'api'] },
    ],
  ])('has the accepted issuer and audience if tokens %s', async (_, options, expected) => {
    const other = await boot(options);
    const { token, headers } = await asIdentity(other.nest, 'alice');

    expect(claimsOf(token)).toMatchObject(expected);
    expect((await other.send('GET', '/me', { headers })).status).toBe(200);
  });

  it('has the issuer and the audience of the module unless the test changes them', async () => {
    const other = await boot({ encodeAudience: 'notes', encodeIssuer: ISSUER, headerType: '' });

    const { token, headers } = await asIdentity(other.nest, 'alice');
    const changed = await issueTestToken(other.nest, { iss: undefined, aud: ['others'] });

    expect(headers).toEqual({ authorization: token });
    expect(claimsOf(token)).toMatchObject({ aud: 'notes', iss: ISSUER });
    expect((await other.send('GET', '/me', { headers })).status).toBe(200);
    expect(claimsOf(changed)).toMatchObject({ aud: ['others'] });
    expect(claimsOf(changed)).not.toHaveProperty('iss');
  });

  it('needs the claims that the application requires', async () => {
    const other = await boot({ requiredClaims: ['tenant'] });
    const without = await asIdentity(other.nest, 'alice');
    const { headers } = await asIdentity(other.nest, 'alice', { tenant: 'acme' });

    await expectRefusal(await sent(other, '/me', without.headers), 'TOKEN_INVALID');
    expect((await other.send('GET', '/me', { headers })).status).toBe(200);
  });
});

describe('asIdentity', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await boot({ locations: ['cookies'], errorCodeKey: 'code' });
  });

  it.each<[TokenErrorCode, TestClaims, string[]]>([
    ['TOKEN_INVALID', { nbf: 'x' }, ['cookie', 'x-csrf-token']],
    ['CSRF_FAILED', { csrf: undefined }, ['cookie']],
    ['CSRF_FAILED', { csrf: 5 }, ['cookie']],
    ['TOKEN_EXPIRED', { exp: 1 }, ['cookie', 'x-csrf-token']],
  ])('with a cookie is refused with %s for the claims %j', async (code, claims, names) => {
    const { headers } = await asIdentity(app.nest, 'alice', claims);

    expect(Object.keys(headers)).toEqual(names);
    await expectRefusal(await sent(app, '/change', headers), code);
  });

  it('puts a refresh token into the refresh cookie', async () => {
    const { token, headers, cookies } = await asIdentity(app.nest, 'alice', { type: 'refresh' });

    expect(cookies).toEqual({ refresh_token_cookie: token });
    expect(headers).toEqual({
      cookie: `refresh_token_cookie=${token}`,
      'x-csrf-token': claimsOf(token).csrf,
    });
  });

  it('supports only headers and cookies as first location', async () => {
    const { nest } = await boot({ locations: ['json'] });

    expect(await rejectionOf(asIdentity(nest, 'alice'))).toBeInstanceOf(TypeError);
  });
});

describe('Several modules', () => {
  /** A feature module with its own tokens. */
  function feature(path: string, options: JwtExtendedOptions & JwtExtendedModuleExtras): Type {
    @Controller(path)
    class FeatureController {
      @UseGuards(AccessGuard)
      @Get()
      get() {
        return { path };
      }
    }
    const jwt = JwtExtendedModule.forRoot({ isGlobal: false, errorCodeKey: 'code', ...options });

    @Module({ imports: [jwt], exports: [jwt] })
    class TokensModule {}

    @Module({ imports: [TokensModule], controllers: [FeatureController] })
    class FeatureModule {}
    return FeatureModule;
  }

  const ShopModule = feature('shop', { secret: `shop-${SECRET}` });
  const StaffModule = feature('staff', { secret: `staff-${SECRET}`, locations: ['cookies'] });

  @Module({})
  class StoreRoomModule {}

  @Module({ imports: [ShopModule, StaffModule, StoreRoomModule] })
  class AppModule {}

  const testing = (...imports: NonNullable<Parameters<typeof Module>[0]['imports']>) =>
    Test.createTestingModule({ imports }).compile();

  const STARTS: readonly (readonly [string, () => Promise<INestApplication>])[] = [
    ['made by Nest', () => NestFactory.create(AppModule, { logger: false })],
    ['under test', async () => (await testing(AppModule)).createNestApplication()],
    [
      'under test on Fastify',
      async () => (await testing(AppModule)).createNestApplication(new FastifyAdapter()),
    ],
    [
      'with the testing module',
      async () =>
        (await testing(AppModule, JwtExtendedTestingModule.register())).createNestApplication(),
    ],
  ];

  describe.each(STARTS)('An application of several modules, %s', (_, start) => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await started(await start());
    });

    it('accepts a test token only in the module that was selected', async () => {
      const shopper = await asIdentity(app.nest.select(ShopModule), 'alice');
      const clerk = await asIdentity(app.nest.select(StaffModule), 'bob');

      expect(Object.keys(shopper.headers)).toEqual(['authorization']);
      expect(Object.keys(clerk.cookies)).toEqual(['access_token_cookie']);
      for (const [path, { headers }] of [['/shop', shopper] as const, ['/staff', clerk] as const])
        expect(await app.send('GET', path, { headers })).toMatchObject({ status: 200 });
      await expectRefusal(await sent(app, '/shop', bearing(clerk.token)), 'TOKEN_INVALID');
    });

    it('refuses to choose a module if none was selected', async () => {
      const { nest } = app;
      for (const unclear of [nest, nest.select(AppModule), nest.select(StoreRoomModule)])
        for (const making of [asIdentity(unclear, 'alice'), issueTestToken(unclear)])
          expect(await rejectionOf(making)).toMatchObject({
            name: 'TypeError',
            message: expect.stringContaining('app.select(') as unknown,
          });
    });
  });

  it('select works on a testing module as on an application', async () => {
    const module = await testing(AppModule);
    const { token } = await asIdentity(module.select(ShopModule), 'alice');
    const app = await started(module.createNestApplication());

    expect((await app.send('GET', '/shop', { token })).status).toBe(200);
    expect(await rejectionOf(issueTestToken(module))).toBeInstanceOf(TypeError);
  });

  it('A global module has to be selected too if there is another one', async () => {
    const Everywhere = feature('everywhere', { secret: SECRET, isGlobal: true });
    const app = await started((await testing(Everywhere, ShopModule)).createNestApplication());
    const anywhere = await asIdentity(app.nest.select(Everywhere), 'alice');
    const shopper = await asIdentity(app.nest.select(ShopModule), 'alice');

    expect(await rejectionOf(issueTestToken(app.nest))).toBeInstanceOf(TypeError);
    expect((await app.send('GET', '/everywhere', { token: anywhere.token })).status).toBe(200);
    expect((await app.send('GET', '/shop', { token: shopper.token })).status).toBe(200);
  });

  it('The only module is used regardless of the selection', async () => {
    const module = await testing(ShopModule, StoreRoomModule);
    const app = await started(module.createNestApplication());

    for (const from of [app.nest, app.nest.select(ShopModule), app.nest.select(StoreRoomModule)])
      expect((await app.send('GET', '/shop', await asIdentity(from, 'alice'))).status).toBe(200);
  });
});

describe.each(ADAPTERS)('A refusal without a code over %s', (adapter) => {
  describe.each(['flask', 'rfc6750'] as const)('under the statuses of %s', (profile) => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await boot({ profile, locations: ['cookies', 'headers'] }, adapter);
    });

    it.each(['success', ...Object.keys(OWN_ERRORS)])(
      'is not what the application itself responds with: %s',
      async (path) => {
        await expectNoRefusal(await sent(app, `/own/${path}`));
        await expectNoRefusal(await request(app.url).get(`/own/${path}`));
      },
    );

    it.each([
      ['no token', 'Bearer a.b'],
      ['a header with more parameters', 'Bearer a b'],
      ['a signature of an unknown key', `Bearer ${forgeToken({}, undefined, 'x'.repeat(64))}`],
    ])('is recognized if it follows from %s', async (_, authorization) => {
      const response = await sent(app, '/me', { authorization });

      await expectRefusal(response, 'TOKEN_INVALID');
      await expectNoRefusal(response, ['TOKEN_MISSING', 'TOKEN_WRONG_TYPE', 'CSRF_FAILED']);
    });

    it.each(['/me', '/body', '/anywhere'])('is recognized on %s without a token', async (path) => {
      const response = await sent(app, path);

      await expectRefusal(response, 'TOKEN_MISSING');
      await expectNoRefusal(response, ['TOKEN_INVALID', 'CSRF_FAILED']);
    });

    it.each([
      ['no CSRF value', {}],
      ['another CSRF value', { 'x-csrf-token': 'x' }],
    ])('is recognized if it follows from %s', async (_, change) => {
      const { headers } = await asIdentity(app.nest, 'alice');
      const response = await sent(app, '/change', { cookie: headers.cookie ?? '', ...change });

      await expectRefusal(response, 'CSRF_FAILED');
      await expectNoRefusal(response, ['TOKEN_INVALID', 'TOKEN_MISSING']);
    });
  });
});

describe('expectRefusal', () => {
  const URL_OF_REFUSAL = 'data:application/json,{"msg":"Missing Authorization Header"}';

  it('recognizes the response of a callback by its code with any status', async () => {
    const app = await boot({
      responses: { expiredToken: () => ({ status: 419, body: { reason: 'TOKEN_EXPIRED' } }) },
    });
    const token = await issueTestToken(app.nest, { exp: 1 });

    await expectRefusal(await sent(app, '/me', bearing(token)), 'TOKEN_EXPIRED');
  });

  it.each(ADAPTERS)("recognizes a refusal of the profile 'nest' over %s", async (adapter) => {
    const app = await boot({ profile: 'nest' }, adapter);
    const response = await sent(app, '/me', { authorization: 'Bearer a.b' });

    await expectRefusal(response, 'TOKEN_INVALID');
    await expectNoRefusal(response, ['TOKEN_MISSING', 'TOKEN_WRONG_TYPE', 'TOKEN_REJECTED']);
  });

  it.each(ADAPTERS)('recognizes a refusal without the filter over %s', async (adapter) => {
    const app = await boot({}, adapter, { registerFilter: false });

    await expectRefusal(await sent(app, '/me'), 'TOKEN_MISSING');
  });

  it.each<[string, TestResponse]>([
    ['no header', { status: 401, headers: {}, text: '{"msg":"Signature verification failed"}' }],
    ['a header of another scheme', challenged('Basic realm="x"')],
    ['a list of headers', challenged(['Bearer', 'Bearer'])],
    ['no body', { status: 401, headers: new Headers() }],
    ['text', { status: 401, headers: {}, payload: 'Missing JWT' }],
    ['a text in quotes', { status: 401, headers: {}, payload: '"Missing JWT"' }],
    ['null', { status: 401, headers: {}, payload: 'null' }],
    ['nothing at all', { headers: {} }],
  ])('does not take a response with %s for a refusal', async (_, response) => {
    await expectNoRefusal(response, ['TOKEN_INVALID', 'TOKEN_MISSING', 'TOKEN_EXPIRED']);
  });

  it('recognizes an invalid token by the challenge if the status is not 422', async () => {
    await expectRefusal(challenged('Bearer error="invalid_token"'), 'TOKEN_INVALID');
  });

  it.each<[string, string, () => unknown]>([
    ['fetch', 'was the request awaited?', () => fetch(URL_OF_REFUSAL)],
    ['supertest', 'was the request awaited?', () => request('http://127.0.0.1:1').get('/')],
    [
      'fetch after its body was read',
      'its body was read before',
      async () => {
        const read = await fetch(URL_OF_REFUSAL);
        await read.text();
        return read;
      },
    ],
  ])('says what is wrong with a response of %s: %s', async (what, problem, send) => {
    const response = what.endsWith('read') ? await send() : send();

    expect(await rejectionOf(expectRefusal(response as never, 'TOKEN_MISSING'))).toMatchObject({
      name: 'AssertionError',
      message: expect.stringContaining(problem) as unknown,
    });
  });

  it('leaves the body of a response to be read afterwards', async () => {
    const response = await fetch(URL_OF_REFUSAL);
    await rejectionOf(expectRefusal(response, 'TOKEN_MISSING'));

    expect(await response.json()).toEqual({ msg: 'Missing Authorization Header' });
  });
});

/** The reasons in the sources for this error, with `x` for each inserted value. */
function reasonsGivenAs(error: RegExp): string[] {
  const folder = join(import.meta.dirname, '../../../src');
  const quoted = new RegExp(`(?:${error.source})\\s*(['"\`])(?<reason>.*?)\\1`, 'g');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(quoted)])
    .map(({ groups }) => (groups?.reason ?? '').replace(/\$\{.*?\}/g, 'x'));
}

describe.each<[TokenErrorCode, number, RegExp]>([
  ['TOKEN_INVALID', 422, /new InvalidTokenError\(/],
  ['TOKEN_MISSING', 401, /new MissingTokenError\(|missing:/],
  ['CSRF_FAILED', 401, /new CsrfError\(/],
])('The reasons of %s', (code, status, error) => {
  it.each(reasonsGivenAs(error))('are recognized: %s', async (msg) => {
    await expectRefusal({ status, headers: {}, text: JSON.stringify({ msg }) }, code);
  });
});
