import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  HttpException,
  type INestApplication,
  Module,
  Post,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AssertionError } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import {
  AccessGuard,
  BlocklistService,
  Claims,
  CurrentIdentity,
  FreshGuard,
  JwtExtendedModule,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  JwtRequired,
  RefreshGuard,
  type TokenErrorCode,
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
import { ADAPTERS, createApp, RunningApp } from '../../support/app.js';
import { FaultyStore } from '../../support/faults.js';
import { forgeToken, SECRET } from '../../support/forge.js';
import { ed25519Pair, rsaPair } from '../../support/keys.js';
import { claimsOf, headerOf, keysOf, rejectionOf } from '../../support/tokens.js';

describe('JwtExtendedTestingModule and TestClock', () => {
  @Controller()
  class NotesController {
    @UseGuards(AccessGuard)
    @Get('me')
    me(@CurrentIdentity() identity: string, @Claims('roles') roles: unknown) {
      return { identity, roles };
    }

    @UseGuards(FreshGuard)
    @Post('notes')
    write(@CurrentIdentity() identity: string) {
      return { identity };
    }

    @UseGuards(RefreshGuard)
    @Post('refresh')
    refresh() {
      return {};
    }
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
      app = await createApp(adapter, {
        controllers: [NotesController],
        options: { clock: clock.now, locations: ['headers', 'cookies'] },
      });
    });
    afterAll(() => app.close());

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

      expect(await app.send('POST', '/notes', { headers })).toMatchObject({
        status: 201,
        body: { identity: 'alice' },
      });
    });

    it.each<[TokenErrorCode, string, Record<string, unknown> | undefined]>([
      ['TOKEN_MISSING', '/me', undefined],
      ['TOKEN_EXPIRED', '/me', { exp: 1 }],
      ['TOKEN_INVALID', '/me', { nbf: 253_402_300_000 }],
      ['TOKEN_INVALID', '/me', { jti: undefined }],
      ['TOKEN_WRONG_TYPE', '/me', { type: 'refresh' }],
      ['TOKEN_WRONG_TYPE', '/refresh', { type: 'access' }],
      ['TOKEN_NOT_FRESH', '/notes', { fresh: false }],
    ])('recognizes %s of %s for %j and no other refusal', async (code, path, claims) => {
      const method = path === '/me' ? 'GET' : 'POST';
      const headers = claims
        ? { authorization: `Bearer ${await issueTestToken(app.nest, claims)}` }
        : undefined;
      const response = await fetch(app.url + path, { method, headers });

      await expectRefusal(response, code);
      for (const other of ['TOKEN_REVOKED', 'CHECK_UNAVAILABLE', 'CLAIMS_INSUFFICIENT'] as const)
        expect(await rejectionOf(expectRefusal(response, other))).toBeInstanceOf(AssertionError);
      const known: TokenErrorCode[] = ['TOKEN_MISSING', 'TOKEN_EXPIRED', 'TOKEN_INVALID'];
      for (const other of known.filter((each) => each !== code))
        expect(await rejectionOf(expectRefusal(response, other))).toBeInstanceOf(AssertionError);
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
      for (const code of ['TOKEN_INVALID', 'TOKEN_MISSING', 'TOKEN_EXPIRED'] as const)
        expect(await rejectionOf(expectRefusal(response, code))).toBeInstanceOf(AssertionError);
    });

    it('recognizes an invalid token by the challenge if the status is not 422', async () => {
      await expectRefusal(challenged('Bearer error="invalid_token"'), 'TOKEN_INVALID');
    });

    it('does not take a success for a refusal', async () => {
      const { headers } = await asIdentity(app.nest, 'alice');
      const response = await fetch(`${app.url}/me`, { headers });

      expect(await rejectionOf(expectRefusal(response, 'TOKEN_INVALID'))).toBeInstanceOf(
        AssertionError,
      );
    });

    it('moves the clock', async () => {
      const { headers } = await asIdentity(app.nest, 'alice');
      clock.advance('14m');
      expect((await app.send('GET', '/me', { headers })).status).toBe(200);

      clock.advance(60);

      await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_EXPIRED');
      clock.set(new Date());
      expect((await app.send('GET', '/me', { headers })).status).toBe(200);
    });
  });

  describe.each(ADAPTERS)('With an audience and an issuer over %s', (adapter) => {
    it('a test token has both claims and is sent without a scheme', async () => {
      const app = await createApp(adapter, {
        controllers: [NotesController],
        options: { headerType: '', encodeAudience: 'notes', encodeIssuer: 'https://id.example' },
      });

      const { token, headers } = await asIdentity(app.nest, 'alice');
      const other = await issueTestToken(app.nest, { iss: undefined, aud: ['others'] });

      expect(headers).toEqual({ authorization: token });
      expect(claimsOf(token)).toMatchObject({ aud: 'notes', iss: 'https://id.example' });
      expect((await app.send('GET', '/me', { headers })).status).toBe(200);
      expect(claimsOf(other)).toMatchObject({ aud: ['others'] });
      expect(claimsOf(other)).not.toHaveProperty('iss');
      await app.close();
    });
  });

  describe('A test clock', () => {
    it('moves by durations and to dates and refuses other values', () => {
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
  });

  describe.each(ADAPTERS)('The testing module over %s', (adapter) => {
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

    @Module({ imports: [JwtExtendedModule.forRoot(options)], controllers: [NotesController] })
    class AppModule {}

    beforeEach(async () => {
      const testing = await Test.createTestingModule({
        imports: [AppModule, JwtExtendedTestingModule.register({ clock: clock.now })],
      }).compile();
      const nest =
        adapter === 'fastify'
          ? testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter())
          : testing.createNestApplication();
      app = await RunningApp.start(nest);
    });
    afterEach(() => app.close());

    it('replaces keys, store and clock and keeps all other options', async () => {
      const { token, headers, cookies } = await asIdentity(app.nest, 'alice', { fresh: true });

      expect(cookies).toEqual({ access_token_cookie: token });
      expect((await app.send('POST', '/notes', { headers })).status).toBe(201);
      expect(store.get).not.toHaveBeenCalled();
      await app.get(BlocklistService).revoke(token);
      await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_REVOKED');
      clock.advance('15m');
      await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_EXPIRED');
    });

    it('makes tokens that the real application refuses', async () => {
      const testToken = await issueTestToken(app.nest);
      const real = await createApp(adapter, { options: { secret: undefined, ...options } });

      expect(await rejectionOf(real.get(TokenService).decodeToken(testToken))).toMatchObject({
        code: 'TOKEN_INVALID',
      });
      await real.close();
    });
  });

  it('The testing module keeps the clock of the application unless it gets one', async () => {
    const testing = await Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET }), JwtExtendedTestingModule.register()],
    }).compile();

    const { iat } = claimsOf(await issueTestToken(testing));

    expect(Math.abs(Number(iat) - Date.now() / 1000)).toBeLessThan(60);
    await testing.close();
  });

  it('asIdentity supports headers and cookies as first location only', async () => {
    const module = JwtExtendedModule.forRoot({ secret: SECRET, locations: ['json'] });
    const testing = await Test.createTestingModule({ imports: [module] }).compile();

    expect(await rejectionOf(asIdentity(testing, 'alice'))).toBeInstanceOf(TypeError);
    await testing.close();
  });
});

describe('Test tokens', () => {
  @Controller()
  class MeController {
    @UseGuards(AccessGuard)
    @Get('me')
    me(@CurrentIdentity() identity: string) {
      return { identity };
    }

    @UseGuards(AccessGuard)
    @Post('notes')
    write() {
      return {};
    }
  }

  /** Names of members that every object inherits. */
  const INHERITED = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];

  /** An own member as `JSON.parse` makes it, also for the name `__proto__`. */
  function claimNamed(name: string, value: unknown): Record<string, unknown> {
    return JSON.parse(JSON.stringify({ [name]: value })) as Record<string, unknown>;
  }

  describe.each(ADAPTERS)('A test token over %s', (adapter) => {
    let app: RunningApp;

    beforeAll(async () => {
      const options = { decodeIssuer: 'https://id.example', decodeAudience: 'notes' };
      app = await createApp(adapter, { controllers: [MeController], options });
    });
    afterAll(() => app.close());

    const me = (token: string) => app.send('GET', '/me', { token });

    it.each([
      ['exp', 'x', 'Expiration Time claim (exp) must be an integer.'],
      ['exp', null, 'Expiration Time claim (exp) must be an integer.'],
      ['nbf', '1', 'Not Before claim (nbf) must be an integer.'],
      ['iat', [], 'Issued At claim (iat) must be an integer.'],
      ['iss', 5, 'Payload Issuer (iss) must be a string'],
      ['aud', { notes: true }, 'Invalid claim format in token'],
      ['sub', {}, 'Subject must be a string'],
      ['jti', 7, 'JWT ID must be a string'],
      ['sid', false, 'Invalid claim format in token'],
      ['type', ['access'], 'Missing or invalid claim: type'],
    ])('can have the invalid claim %s = %j and is then refused', async (name, value, msg) => {
      const token = await issueTestToken(app.nest, { [name]: value });

      expect(claimsOf(token)).toMatchObject({ [name]: value });
      expect(await me(token)).toMatchObject({ status: 422, body: { msg } });
    });

    it.each(INHERITED)('can have a claim named %s', async (name) => {
      const token = await issueTestToken(app.nest, claimNamed(name, 'x'));

      expect(Object.entries(claimsOf(token))).toContainEqual([name, 'x']);
      expect((await me(token)).status).toBe(200);
    });

    it.each(['exp', 'iat', 'nbf', 'sub', 'jti', 'type', 'iss', 'aud', 'fresh'])(
      'has no claim %s if the test removes it',
      async (name) => {
        const token = await issueTestToken(app.nest, { [name]: undefined });

        expect(claimsOf(token)).not.toHaveProperty(name);
      },
    );
  });

  describe.each<[string, JwtExtendedOptions]>([
    ['HS512', keysOf('HS512').options],
    ['PS256', keysOf('PS256').options],
    ['ES384', keysOf('ES384').options],
    ['EdDSA', { secret: undefined, ...ed25519Pair(), algorithm: 'EdDSA' }],
  ])('A test token under %s', (algorithm, options) => {
    it('has the same header as any other token', async () => {
      const app = await createApp('express', { controllers: [MeController], options });
      const token = await issueTestToken(app.nest, { sub: 'alice', exp: null, toString: 'x' });

      expect(headerOf(token)).toEqual({ alg: algorithm, typ: 'JWT' });
      await expectRefusal(
        await fetch(`${app.url}/me`, { headers: { authorization: `Bearer ${token}` } }),
        'TOKEN_INVALID',
      );
      await app.close();
    });
  });

  describe.each<[string, JwtExtendedOptions, object]>([
    [
      'are made elsewhere',
      { decodeIssuer: 'https://idp', decodeAudience: ['api', 'web'] },
      { iss: 'https://idp', aud: 'api' },
    ],
    [
      'are for others',
      {
        encodeIssuer: 'https://here',
        decodeIssuer: ['https://idp', 'https://other'],
        encodeAudience: ['elsewhere'],
        decodeAudience: 'api',
      },
      { iss: 'https://idp', aud: 'api' },
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
  ])('If tokens %s', (_, options, expected) => {
    it('a test token has the values that the application accepts', async () => {
      const app = await createApp('express', { controllers: [MeController], options });
      const { token, headers } = await asIdentity(app.nest, 'alice');

      expect(claimsOf(token)).toMatchObject(expected);
      expect((await app.send('GET', '/me', { headers })).status).toBe(200);
      await app.close();
    });
  });

  describe('asIdentity with a cookie', () => {
    const options: JwtExtendedOptions = { locations: ['cookies'], errorCodeKey: 'code' };
    let app: RunningApp;

    beforeAll(async () => {
      app = await createApp('express', { controllers: [MeController], options });
    });
    afterAll(() => app.close());

    it.each<[TokenErrorCode, TestClaims, string[]]>([
      ['TOKEN_INVALID', { nbf: 'x' }, ['cookie', 'x-csrf-token']],
      ['CSRF_FAILED', { csrf: undefined }, ['cookie']],
      ['CSRF_FAILED', { csrf: 5 }, ['cookie']],
      ['TOKEN_EXPIRED', { exp: 1 }, ['cookie', 'x-csrf-token']],
    ])('is refused with %s for the claims %j', async (code, claims, names) => {
      const { headers } = await asIdentity(app.nest, 'alice', claims);

      expect(Object.keys(headers)).toEqual(names);
      await expectRefusal(await fetch(`${app.url}/notes`, { method: 'POST', headers }), code);
    });

    it('puts a refresh token into the refresh cookie', async () => {
      const { token, headers, cookies } = await asIdentity(app.nest, 'alice', { type: 'refresh' });

      expect(cookies).toEqual({ refresh_token_cookie: token });
      expect(headers).toEqual({
        cookie: `refresh_token_cookie=${token}`,
        'x-csrf-token': claimsOf(token).csrf,
      });
    });
  });

  it('A test passes the claims that the application requires', async () => {
    const options = { requiredClaims: ['tenant'] };
    const app = await createApp('express', { controllers: [MeController], options });
    const without = await asIdentity(app.nest, 'alice');
    const { headers } = await asIdentity(app.nest, 'alice', { tenant: 'acme' });

    await expectRefusal(
      await fetch(`${app.url}/me`, { headers: without.headers }),
      'TOKEN_INVALID',
    );
    expect((await app.send('GET', '/me', { headers })).status).toBe(200);
    await app.close();
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
      app = await RunningApp.start(await start());
    });
    afterAll(() => app.close());

    it('accepts a test token only in the module that was selected', async () => {
      const shopper = await asIdentity(app.nest.select(ShopModule), 'alice');
      const clerk = await asIdentity(app.nest.select(StaffModule), 'bob');

      expect(Object.keys(shopper.headers)).toEqual(['authorization']);
      expect(Object.keys(clerk.cookies)).toEqual(['access_token_cookie']);
      for (const [path, { headers }] of [['/shop', shopper] as const, ['/staff', clerk] as const])
        expect(await app.send('GET', path, { headers })).toMatchObject({ status: 200 });
      const headers = { authorization: `Bearer ${clerk.token}` };
      await expectRefusal(await fetch(`${app.url}/shop`, { headers }), 'TOKEN_INVALID');
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
    const app = await RunningApp.start(module.createNestApplication());

    expect((await app.send('GET', '/shop', { token })).status).toBe(200);
    expect(await rejectionOf(issueTestToken(module))).toBeInstanceOf(TypeError);
    await app.close();
  });

  it('A global module has to be selected too if there is another one', async () => {
    const Everywhere = feature('everywhere', { secret: SECRET, isGlobal: true });
    const app = await RunningApp.start(
      (await testing(Everywhere, ShopModule)).createNestApplication(),
    );
    const anywhere = await asIdentity(app.nest.select(Everywhere), 'alice');
    const shopper = await asIdentity(app.nest.select(ShopModule), 'alice');

    expect(await rejectionOf(issueTestToken(app.nest))).toBeInstanceOf(TypeError);
    expect((await app.send('GET', '/everywhere', { token: anywhere.token })).status).toBe(200);
    expect((await app.send('GET', '/shop', { token: shopper.token })).status).toBe(200);
    await app.close();
  });

  it('The only module is used regardless of the selection', async () => {
    const app = await RunningApp.start(
      (await testing(ShopModule, StoreRoomModule)).createNestApplication(),
    );

    for (const from of [app.nest, app.nest.select(ShopModule), app.nest.select(StoreRoomModule)])
      expect((await app.send('GET', '/shop', await asIdentity(from, 'alice'))).status).toBe(200);
    await app.close();
  });
});

describe('expectRefusal', () => {
  /** Answers that come from the application and not from a guard. */
  @Controller('own')
  class OwnController {
    @Get('success')
    success() {
      return { code: 'TOKEN_EXPIRED', message: 'Token has expired' };
    }

    @Get('bad-dto')
    badDto() {
      throw new HttpException('bad dto', 422);
    }

    @Get('bad-field')
    badField() {
      throw new HttpException({ message: ['sub must be a string'], error: 'Unprocessable' }, 422);
    }

    @Get('no-key')
    noKey() {
      throw new HttpException('Missing API key', 401);
    }

    @Get('no-signature')
    noSignature() {
      throw new HttpException('Signature verification failed', 401);
    }
  }

  @Controller()
  class NotesController {
    @UseGuards(AccessGuard)
    @Get('me')
    me() {
      return {};
    }

    @UseGuards(AccessGuard)
    @Post('notes')
    write() {
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

  describe.each(ADAPTERS)('A refusal without a code over %s', (adapter) => {
    describe.each(['flask', 'rfc6750'] as const)('under the statuses of %s', (statusProfile) => {
      let app: RunningApp;

      beforeAll(async () => {
        const options: JwtExtendedOptions = { statusProfile, locations: ['cookies', 'headers'] };
        const controllers = [NotesController, OwnController];
        app = await createApp(adapter, { controllers, options });
      });
      afterAll(() => app.close());

      it.each(['success', 'bad-dto', 'bad-field', 'no-key', 'no-signature'])(
        'is not what the application itself answers: %s',
        async (path) => {
          await expectNoRefusal(await fetch(`${app.url}/own/${path}`));
          await expectNoRefusal(await request(app.url).get(`/own/${path}`));
        },
      );

      it.each([
        ['no token', 'Bearer a.b'],
        ['a header with more parameters', 'Bearer a b'],
        ['a signature of an unknown key', `Bearer ${forgeToken({}, undefined, 'x'.repeat(64))}`],
      ])('is recognized if it follows from %s', async (_, authorization) => {
        const response = await fetch(`${app.url}/me`, { headers: { authorization } });

        await expectRefusal(response, 'TOKEN_INVALID');
        await expectNoRefusal(response, ['TOKEN_MISSING', 'TOKEN_WRONG_TYPE', 'CSRF_FAILED']);
      });

      it.each(['/me', '/body', '/anywhere'])(
        'is recognized on %s without any token',
        async (path) => {
          const response = await fetch(app.url + path);

          await expectRefusal(response, 'TOKEN_MISSING');
          await expectNoRefusal(response, ['TOKEN_INVALID', 'CSRF_FAILED']);
        },
      );

      it.each<[string, (given: Record<string, string>) => Record<string, string>]>([
        ['no CSRF value', ({ cookie = '' }) => ({ cookie })],
        ['another CSRF value', ({ cookie = '' }) => ({ cookie, 'x-csrf-token': 'x' })],
      ])('is recognized if it follows from %s', async (_, change) => {
        const { headers } = await asIdentity(app.nest, 'alice');
        const init = { method: 'POST', headers: change(headers) };
        const response = await fetch(`${app.url}/notes`, init);

        await expectRefusal(response, 'CSRF_FAILED');
        await expectNoRefusal(response, ['TOKEN_INVALID', 'TOKEN_MISSING']);
      });
    });
  });

  describe.each(ADAPTERS)('A refusal with a response callback over %s', (adapter) => {
    it('is recognized by its code with any status', async () => {
      const options: JwtExtendedOptions = {
        responses: { expiredToken: () => ({ status: 419, body: { reason: 'TOKEN_EXPIRED' } }) },
      };
      const app = await createApp(adapter, { controllers: [NotesController], options });
      const token = await issueTestToken(app.nest, { exp: 1 });
      const headers = { authorization: `Bearer ${token}` };

      await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_EXPIRED');
      await app.close();
    });

    it('is recognized without the filter', async () => {
      const extras = { registerFilter: false };
      const app = await createApp(adapter, { controllers: [NotesController], extras });

      await expectRefusal(await fetch(`${app.url}/me`), 'TOKEN_MISSING');
      await app.close();
    });
  });

  describe('A response', () => {
    const URL_OF_REFUSAL = 'data:application/json,{"msg":"Missing Authorization Header"}';

    it('cannot be checked after its body was read, and the message says so', async () => {
      const read = await fetch(URL_OF_REFUSAL);
      await read.text();

      expect(await rejectionOf(expectRefusal(read, 'TOKEN_MISSING'))).toMatchObject({
        name: 'AssertionError',
        message: expect.stringContaining('its body was read before') as unknown,
      });
    });

    it('can still be read afterwards', async () => {
      const response = await fetch(URL_OF_REFUSAL);
      await rejectionOf(expectRefusal(response, 'TOKEN_MISSING'));

      expect(await response.json()).toEqual({ msg: 'Missing Authorization Header' });
    });

    it.each<[string, () => unknown]>([
      ['fetch', () => fetch(URL_OF_REFUSAL)],
      ['supertest', () => request('http://127.0.0.1:1').get('/')],
    ])('has to be awaited: %s', async (_, send) => {
      expect(await rejectionOf(expectRefusal(send() as never, 'TOKEN_MISSING'))).toMatchObject({
        name: 'AssertionError',
        message: expect.stringContaining('was the request awaited?') as unknown,
      });
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
});
