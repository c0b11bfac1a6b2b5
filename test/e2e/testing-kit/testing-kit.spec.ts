import { AssertionError } from 'node:assert';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, UseGuards } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import {
  AccessGuard,
  BlocklistService,
  Claims,
  CurrentIdentity,
  FreshGuard,
  JwtExtendedModule,
  type JwtExtendedOptions,
  RefreshGuard,
  type TokenErrorCode,
  TokenService,
} from '../../../src/index.js';
import {
  asIdentity,
  expectRefusal,
  issueTestToken,
  JwtExtendedTestingModule,
  TestClock,
  type TestResponse,
} from '../../../src/testing/index.js';
import { ADAPTERS, createApp, RunningApp } from '../../support/app.js';
import { FaultyStore } from '../../support/faults.js';
import { SECRET } from '../../support/forge.js';
import { rsaPair } from '../../support/keys.js';
import { claimsOf, rejectionOf } from '../../support/tokens.js';

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

/** What some other check answers with. */
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

  it('makes a token with any claims, which the application believes', async () => {
    const token = await issueTestToken(app.nest, { sub: 'alice', roles: ['admin'] });

    expect(await app.send('GET', '/me', { token })).toMatchObject({
      status: 200,
      body: { identity: 'alice', roles: ['admin'] },
    });
    expect(Object.keys(claimsOf(token)).sort()).toEqual(
      ['csrf', 'exp', 'fresh', 'iat', 'jti', 'nbf', 'roles', 'sub', 'type'].sort(),
    );
  });

  it('makes somebody of a request', async () => {
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
  ])('knows %s of %s for %j, and takes it for nothing else', async (code, path, claims) => {
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

  it('understands what supertest and inject answer with', async () => {
    const answer = await request(app.url).get('/me');
    await expectRefusal(answer, 'TOKEN_MISSING');
    expect(await rejectionOf(expectRefusal(answer, 'TOKEN_EXPIRED'))).toMatchObject({
      message: expect.stringContaining('expected the refusal TOKEN_EXPIRED, got 401') as unknown,
    });
    // `inject` itself cannot be loaded by Jest on Node 20; this is the form of what it gives.
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
  ])('takes nothing for a refusal that is told with %s', async (_, response) => {
    for (const code of ['TOKEN_INVALID', 'TOKEN_MISSING', 'TOKEN_EXPIRED'] as const)
      expect(await rejectionOf(expectRefusal(response, code))).toBeInstanceOf(AssertionError);
  });

  it('knows an invalid token by the challenge where the status is not 422', async () => {
    await expectRefusal(challenged('Bearer error="invalid_token"'), 'TOKEN_INVALID');
  });

  it('takes no success for a refusal', async () => {
    const { headers } = await asIdentity(app.nest, 'alice');
    const response = await fetch(`${app.url}/me`, { headers });

    expect(await rejectionOf(expectRefusal(response, 'TOKEN_INVALID'))).toBeInstanceOf(
      AssertionError,
    );
  });

  it('moves time', async () => {
    const { headers } = await asIdentity(app.nest, 'alice');
    clock.advance('14m');
    expect((await app.send('GET', '/me', { headers })).status).toBe(200);

    clock.advance(60);

    await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_EXPIRED');
    clock.set(new Date());
    expect((await app.send('GET', '/me', { headers })).status).toBe(200);
  });
});

describe.each(ADAPTERS)('Where tokens name an audience and an issuer, over %s', (adapter) => {
  it('a token of the kit names them, and stands in the header by itself', async () => {
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
  it('is moved by durations and to dates, and by nothing else', () => {
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
    loaders: { decodeKey: () => rsaPair().publicKey, userLookup: ({ identity }) => ({ identity }) },
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

  it('replaces keys, store and clock, and leaves everything else as it is', async () => {
    const { token, headers, cookies } = await asIdentity(app.nest, 'alice', { fresh: true });

    expect(cookies).toEqual({ access_token_cookie: token });
    expect((await app.send('POST', '/notes', { headers })).status).toBe(201);
    expect(store.get).not.toHaveBeenCalled();
    await app.get(BlocklistService).revoke(token);
    await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_REVOKED');
    clock.advance('15m');
    await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_EXPIRED');
  });

  it('makes no token that the real application would believe', async () => {
    const testToken = await issueTestToken(app.nest);
    const real = await createApp(adapter, { options: { secret: undefined, ...options } });

    expect(await rejectionOf(real.get(TokenService).decodeToken(testToken))).toMatchObject({
      code: 'TOKEN_INVALID',
    });
    await real.close();
  });
});

it('The testing module leaves the clock alone unless it is given one', async () => {
  const testing = await Test.createTestingModule({
    imports: [JwtExtendedModule.forRoot({ secret: SECRET }), JwtExtendedTestingModule.register()],
  }).compile();

  const { iat } = claimsOf(await issueTestToken(testing));

  expect(Math.abs(Number(iat) - Date.now() / 1000)).toBeLessThan(60);
  await testing.close();
});

it('The testing kit needs no first location but a header or a cookie', async () => {
  const module = JwtExtendedModule.forRoot({ secret: SECRET, locations: ['json'] });
  const testing = await Test.createTestingModule({ imports: [module] }).compile();

  expect(await rejectionOf(asIdentity(testing, 'alice'))).toBeInstanceOf(TypeError);
  await testing.close();
});
