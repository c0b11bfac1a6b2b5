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
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
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
  TokenService,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';

const SECRETS = {
  shop: 'shop-ZqL0v7Xc2Rk9TyB4mWnE6sHdJ8uGfA1pQxKzVoIrYt5CbNlM3eDgUhSjPw',
  staff: 'staff-p3Yt8WqJ1nZx5LkRv7CbHm2GsDf9EuAo4TiXyKr6NlVcQwBjMzUhSgPd',
};

/** A feature with a module of its own, which nobody else sees. */
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

async function start(adapter: AdapterName, ...imports: Type[]): Promise<RunningApp> {
  const testing = await Test.createTestingModule({ imports }).compile();
  return RunningApp.start(
    adapter === 'fastify'
      ? testing.createNestApplication(new FastifyAdapter())
      : testing.createNestApplication(),
  );
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
  statusProfile: 'rfc6750',
  errorCodeKey: 'code',
  headerType: 'Staff',
  loaders: { userLookup: ({ identity }) => `clerk ${identity}` },
};

/** Both modules beside each other, in either order: which of them is asked first must not matter. */
const ORDERS: readonly [string, () => Type[]][] = [
  ['shop before staff', () => [feature('shop', shop), feature('staff', staff)]],
  ['staff before shop', () => [feature('staff', staff), feature('shop', shop)]],
];

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe.each(ORDERS)('two modules of one application, %s,', (_order, features) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start(adapter, ...features());
    });
    afterAll(() => app.close());

    const tokenOf = async (path: string) =>
      ((await app.send('GET', `${path}/token`)).body as { token: string }).token;
    const call = async (path: string, scheme: string, token: string, method = 'GET') => {
      const headers = { authorization: `${scheme} ${token}` };
      const { status, body, headers: answered } = await app.send(method, path, { headers });
      return { status, body, challenge: answered.get('www-authenticate') };
    };

    it('take their own tokens, and ask their own loaders (R23)', async () => {
      expect(await call('/shop', 'Bearer', await tokenOf('/shop'))).toMatchObject({
        status: 200,
        body: { user: 'customer alice' },
      });
      expect(await call('/staff', 'Staff', await tokenOf('/staff'))).toMatchObject({
        status: 200,
        body: { user: 'clerk alice' },
      });
    });

    it("refuse each other's tokens, each in its own words (R23)", async () => {
      expect(await call('/shop', 'Bearer', await tokenOf('/staff'))).toEqual({
        status: 422,
        body: { fault: 'Signature verification failed' },
        challenge: null,
      });
      expect(await call('/staff', 'Staff', await tokenOf('/shop'))).toEqual({
        status: 401,
        body: { msg: 'Signature verification failed', code: 'TOKEN_INVALID' },
        challenge: 'Staff error="invalid_token", error_description="The token is not valid"',
      });
    });

    it('answer for who has no token, each in its own words (R23)', async () => {
      const answerOf = async (path: string) => {
        const { status, body, headers } = await app.send('GET', path);
        return { status, body, challenge: headers.get('www-authenticate') };
      };
      expect(await answerOf('/shop')).toEqual({
        status: 401,
        body: { fault: 'Missing Authorization Header' },
        challenge: 'Bearer realm="shop"',
      });
      expect(await answerOf('/staff')).toEqual({
        status: 401,
        body: { msg: 'Missing Authorization Header', code: 'TOKEN_MISSING' },
        challenge: 'Staff',
      });
    });

    it('ask their own response callbacks (R23)', async () => {
      const expired = accessClaims({ exp: 1 });
      const ofShop = forgeToken(expired, undefined, SECRETS.shop);
      const ofStaff = forgeToken(expired, undefined, SECRETS.staff);
      const answer = await app.send('GET', '/shop', { token: ofShop });
      expect(answer).toMatchObject({ status: 419, body: { shop: 'expired' } });
      expect(answer.headers.get('x-shop')).toBe('yes');
      expect(await call('/staff', 'Staff', ofStaff)).toMatchObject({
        status: 401,
        body: { msg: 'Token has expired', code: 'TOKEN_EXPIRED' },
      });
    });

    it('keep their own revocations, of one and the same jti, too (R23)', async () => {
      const claims = accessClaims({ jti: 'the-same' });
      const ofShop = forgeToken(claims, undefined, SECRETS.shop);
      const ofStaff = forgeToken(claims, undefined, SECRETS.staff);
      expect(await call('/shop/logout', 'Bearer', ofShop, 'POST')).toMatchObject({
        status: 201,
        body: { revoked: 'the-same' },
      });
      expect(await call('/shop', 'Bearer', ofShop)).toMatchObject({
        status: 401,
        body: { fault: 'Token has been revoked' },
      });
      expect(await call('/staff', 'Staff', ofStaff)).toMatchObject({ status: 200 });
    });
  });

  it('a global guard of one module and a guard of another both ask (R23)', async () => {
    const guarding = { globalGuard: true };
    const app = await start(adapter, feature('shop', {}, guarding), feature('staff', {}));
    const ofShop = forgeToken(accessClaims(), undefined, SECRETS.shop);
    const ofStaff = forgeToken(accessClaims(), undefined, SECRETS.staff);
    expect(await app.send('GET', '/staff', { token: ofShop })).toMatchObject({ status: 422 });
    expect(await app.send('GET', '/staff', { token: ofStaff })).toMatchObject({ status: 422 });
    await app.close();
  });

  it('twenty applications of one process know only their own tokens (R23)', async () => {
    const secrets = Array.from({ length: 20 }, (_, index) => `${index}-${SECRETS.shop}`);
    const apps = await Promise.all(
      secrets.map((secret) =>
        createApp(adapter, {
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
});

describe('twenty modules of one application', () => {
  it('have twenty of everything (R23)', async () => {
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
