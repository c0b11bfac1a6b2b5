import {
  Controller,
  type DynamicModule,
  Get,
  Inject,
  Module,
  Post,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  CurrentToken,
  CurrentUser,
  type JwtContext,
  JwtExtendedModule,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  TokenCookies,
  TokenError,
  TokenService,
} from '../../../src/index.js';
import { createApp, RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';
import { rejectionOf, startTokens } from '../../support/tokens.js';

const SECRETS = {
  shop: 'shop-ZqL0v7Xc2Rk9TyB4mWnE6sHdJ8uGfA1pQxKzVoIrYt5CbNlM3eDgUhSjPw',
  staff: 'staff-p3Yt8WqJ1nZx5LkRv7CbHm2GsDf9EuAo4TiXyKr6NlVcQwBjMzUhSgPd',
};

/** A feature with a `JwtExtendedModule` of its own. */
function feature(
  path: 'shop' | 'staff',
  options: JwtExtendedOptions,
  extras: JwtExtendedModuleExtras = {},
): Type {
  @Controller(path)
  class FeatureController {
    @Inject(TokenService) private readonly tokens!: TokenService;
    @Inject(BlocklistService) private readonly blocklist!: BlocklistService;

    @Get('token')
    async token() {
      return { token: await this.tokens.createAccessToken('alice') };
    }

    @UseGuards(AccessGuard)
    @Get()
    get(@CurrentUser() user: unknown) {
      return { user };
    }

    @UseGuards(AccessGuard)
    @Post('logout')
    async logout(@CurrentToken() token: JwtContext) {
      await this.blocklist.revoke(token);
      return { revoked: token.jti };
    }
  }

  const jwt: DynamicModule = JwtExtendedModule.forRoot({
    secret: SECRETS[path],
    ...options,
    isGlobal: false,
    ...extras,
  });

  @Module({ imports: [jwt], controllers: [FeatureController] })
  class FeatureModule {}
  return FeatureModule;
}

async function start(...imports: Type[]): Promise<RunningApp> {
  const testing = await Test.createTestingModule({ imports }).compile();
  return RunningApp.start(testing.createNestApplication());
}

const shop: JwtExtendedOptions = {
  errorMessageKey: 'fault',
  loaders: { userLookup: ({ identity }) => (identity === 'gone' ? null : `customer ${identity}`) },
  responses: {
    expiredToken: () => ({ status: 419, body: { shop: 'expired' }, headers: { 'x-shop': 'yes' } }),
  },
  realm: 'shop',
};
const staff: JwtExtendedOptions = {
  profile: 'rfc6750',
  errorCodeKey: 'code',
  headerType: 'Staff',
  loaders: { userLookup: ({ identity }) => `clerk ${identity}` },
};

/** Both modules in either order, which must not matter. */
const ORDERS: readonly [string, () => Type[]][] = [
  ['shop before staff', () => [feature('shop', shop), feature('staff', staff)]],
  ['staff before shop', () => [feature('staff', staff), feature('shop', shop)]],
];

describe.each(ORDERS)('Two modules of one application, %s,', (_order, features) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await start(...features());
  });
  afterAll(() => app.close());

  const call = async (path: string, authorization?: string, method = 'GET') => {
    const sent = authorization === undefined ? undefined : { headers: { authorization } };
    const { status, body, headers } = await app.send(method, path, sent);
    return { status, body, challenge: headers.get('www-authenticate') };
  };
  const made = async (path: string) =>
    ((await app.send('GET', `${path}/token`)).body as { token: string }).token;
  const forged = (path: 'shop' | 'staff', claims: object) =>
    forgeToken(accessClaims({ ...claims }), undefined, SECRETS[path]);

  it('accept their own tokens and call their own loaders (R23)', async () => {
    expect(await call('/shop', `Bearer ${await made('/shop')}`)).toMatchObject({
      status: 200,
      body: { user: 'customer alice' },
    });
    expect(await call('/staff', `Staff ${await made('/staff')}`)).toMatchObject({
      status: 200,
      body: { user: 'clerk alice' },
    });
  });

  it("refuse each other's tokens, each with its own response (R23)", async () => {
    expect(await call('/shop', `Bearer ${await made('/staff')}`)).toEqual({
      status: 422,
      body: { fault: 'Signature verification failed' },
      challenge: null,
    });
    expect(await call('/staff', `Staff ${await made('/shop')}`)).toEqual({
      status: 401,
      body: { msg: 'Signature verification failed', code: 'TOKEN_INVALID' },
      challenge: 'Staff error="invalid_token", error_description="The token is not valid"',
    });
  });

  it('refuse a request without a token, each with its own response (R23)', async () => {
    expect(await call('/shop')).toEqual({
      status: 401,
      body: { fault: 'Missing Authorization Header' },
      challenge: 'Bearer realm="shop"',
    });
    expect(await call('/staff')).toEqual({
      status: 401,
      body: { msg: 'Missing Authorization Header', code: 'TOKEN_MISSING' },
      challenge: 'Staff',
    });
  });

  it('call their own response callbacks (R23)', async () => {
    const answer = await app.send('GET', '/shop', { token: forged('shop', { exp: 1 }) });
    expect(answer).toMatchObject({ status: 419, body: { shop: 'expired' } });
    expect(answer.headers.get('x-shop')).toBe('yes');
    expect(await call('/staff', `Staff ${forged('staff', { exp: 1 })}`)).toMatchObject({
      status: 401,
      body: { msg: 'Token has expired', code: 'TOKEN_EXPIRED' },
    });
  });

  it('keep their own revocations, even of the same jti (R23)', async () => {
    const ofShop = `Bearer ${forged('shop', { jti: 'the-same' })}`;
    const ofStaff = `Staff ${forged('staff', { jti: 'the-same' })}`;
    expect(await call('/shop/logout', ofShop, 'POST')).toMatchObject({
      status: 201,
      body: { revoked: 'the-same' },
    });
    expect(await call('/shop', ofShop)).toMatchObject({
      status: 401,
      body: { fault: 'Token has been revoked' },
    });
    expect(await call('/staff', ofStaff)).toMatchObject({ status: 200 });
  });
});

describe('Several modules', () => {
  it('both check a token if one has a global guard and the other a guard on the route (R23)', async () => {
    const guarding = { globalGuard: true };
    const app = await start(feature('shop', {}, guarding), feature('staff', {}));
    const ofShop = forgeToken(accessClaims(), undefined, SECRETS.shop);
    const ofStaff = forgeToken(accessClaims(), undefined, SECRETS.staff);
    expect(await app.send('GET', '/staff', { token: ofShop })).toMatchObject({ status: 422 });
    expect(await app.send('GET', '/staff', { token: ofStaff })).toMatchObject({ status: 422 });
    await app.close();
  });

  it('accept only their own tokens as twenty applications of one process (R23)', async () => {
    const secrets = Array.from({ length: 20 }, (_, index) => `${index}-${SECRETS.shop}`);
    const apps = await Promise.all(
      secrets.map((secret) =>
        createApp('express', {
          controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
          options: { secret },
        }),
      ),
    );
    const claims = accessClaims();
    const tokens = secrets.map((secret) => forgeToken(claims, undefined, secret));
    for (const [index, app] of apps.entries()) {
      const statusOf = async (token?: string) => (await app.send('GET', '/', { token })).status;
      expect(await statusOf(tokens[index])).toBe(200);
      expect(await statusOf(tokens[(index + 1) % 20])).toBe(422);
    }
    await Promise.all(apps.map((app) => app.close()));
  });

  it('have a service of each kind each (R23)', async () => {
    const imports = Array.from({ length: 20 }, (_, index) =>
      JwtExtendedModule.forRoot({ secret: `${index}-${SECRETS.shop}`, isGlobal: false }),
    );
    const testing = await Test.createTestingModule({ imports }).compile();
    const all = { strict: false, each: true } as const;
    for (const service of [TokenService, BlocklistService, MemoryBlocklistStore, AccessGuard]) {
      expect(new Set(testing.get<object>(service, all)).size).toBe(20);
    }
    const [first, ...others] = testing.get(TokenService, all);
    const token = await first?.createAccessToken('alice');
    expect(await first?.verifyToken(token ?? '')).toBe(true);
    for (const tokens of others) expect(await tokens.verifyToken(token ?? '')).toBe(false);
    await testing.close();
  });
});

describe('Every public method that refuses a token', () => {
  const FACES: readonly [face: string, call: (app: TestingModule) => Promise<unknown>][] = [
    ['decodeToken', (app) => app.get(TokenService).decodeToken('a.b')],
    ['authenticate', (app) => app.get(TokenService).authenticate('a.b')],
    ['getJti', (app) => app.get(TokenService).getJti('a.b')],
    ['getCsrfToken', (app) => app.get(TokenService).getCsrfToken('a.b')],
    ['getUnverifiedHeaders', (app) => app.get(TokenService).getUnverifiedHeaders('a.b')],
    ['rotateRefreshToken', (app) => app.get(TokenService).rotateRefreshToken('a.b')],
    ['revoke', (app) => app.get(BlocklistService).revoke('a.b')],
    ['isRevoked', (app) => app.get(BlocklistService).isRevoked('a.b')],
    ['setAccessCookies', async (app) => app.get(TokenCookies).setAccessCookies(RESPONSE, 'a.b')],
    ['setRefreshCookies', async (app) => app.get(TokenCookies).setRefreshCookies(RESPONSE, 'a.b')],
  ];
  const RESPONSE = { setHeader() {}, getHeader: () => undefined };

  it.each(FACES)('throws an error with the status of its own module: %s', async (_face, call) => {
    for (const [profile, status] of [
      ['flask', 422],
      ['rfc6750', 401],
      ['nest', 401],
    ] as const) {
      const { module } = await startTokens({ secret: SECRETS.shop, profile });
      const error = await rejectionOf(call(module));
      await module.close();
      expect(error).toBeInstanceOf(TokenError);
      const { code, message } = error as TokenError;
      const response = { statusCode: status, error: code, message };
      expect(error).toMatchObject({ status, response });
      expect((error as TokenError).getStatus()).toBe(status);
      expect((error as TokenError).getResponse()).toEqual(response);
    }
  });
});
