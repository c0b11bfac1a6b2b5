import { Controller, Get, Post, Req, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  CurrentUser,
  type JwtExtendedLoaders,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

type LoaderName = keyof JwtExtendedLoaders;
type Loader = jest.Mock<(...args: unknown[]) => unknown>;

const ALICE = { id: 'alice', roles: ['admin'] };

/** A loader that does its work, at once or later. */
const ANSWERS: Record<LoaderName, unknown> = {
  userIdentity: 'alice',
  additionalClaims: { roles: ALICE.roles },
  additionalHeaders: { tenant: 'north' },
  encodeKey: { key: SECRET, kid: 'one' },
  decodeKey: SECRET,
  isTokenRevoked: false,
  tokenVerification: true,
  userLookup: ALICE,
};
const NAMES = Object.keys(ANSWERS) as LoaderName[];

@Controller()
class AccountController {
  /** The request as the handlers saw it last. */
  static request: unknown;

  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  async login(@Req() request: unknown) {
    AccountController.request = request;
    const options = { request, fresh: true };
    return {
      access: await this.tokens.createAccessToken(ALICE, options),
      refresh: await this.tokens.createRefreshToken(ALICE, { request }),
    };
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@Req() request: { user: unknown }, @CurrentUser() user: unknown) {
    AccountController.request = request;
    return { user, same: request.user === user };
  }
}

describe.each(ADAPTERS)('over %s', (adapter) => {
  describe.each([
    ['at once', (answer: unknown) => answer],
    ['with a promise', (answer: unknown) => Promise.resolve(answer)],
  ])('loaders that answer %s', (_, give) => {
    const loaders = Object.fromEntries(NAMES.map((name) => [name, jest.fn()])) as Record<
      LoaderName,
      Loader
    >;
    let app: RunningApp;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [AccountController],
        options: { algorithm: 'HS256', loaders: loaders as JwtExtendedLoaders },
      });
    });
    beforeEach(() => {
      for (const name of NAMES)
        loaders[name].mockReset().mockImplementation(() => give(ANSWERS[name]));
    });
    afterAll(() => app.close());

    async function login() {
      return (await app.send('POST', '/login')).body as { access: string; refresh: string };
    }

    it.each(['userIdentity', 'additionalClaims', 'additionalHeaders', 'encodeKey'] as const)(
      '%s is given the subject, and the request and type last',
      async (name) => {
        await login();
        const { request } = AccountController;
        expect(loaders[name].mock.calls).toEqual([
          [ALICE, { request, type: 'access' }],
          [ALICE, { request, type: 'refresh' }],
        ]);
        for (const [subject, context] of loaders[name].mock.calls) {
          expect(subject).toBe(ALICE);
          expect((context as { request: unknown }).request).toBe(request);
        }
      },
    );

    it('what they give for a new token stands in it', async () => {
      const { access } = await login();
      const { header, claims, identity } = await app.get(TokenService).decodeToken(access);
      expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'one', tenant: 'north' });
      expect(claims).toMatchObject({ roles: ['admin'], fresh: true });
      expect(identity).toBe('alice');
    });

    it('decodeKey is given header and claims, frozen, before anything is verified (R12)', async () => {
      const { access } = await login();
      await app.send('GET', '/me', { token: access });
      const [unverified, context] = loaders.decodeKey.mock.lastCall ?? [];
      const { claims } = await app.get(TokenService).decodeToken(access);
      expect(unverified).toEqual({
        header: { alg: 'HS256', typ: 'JWT', kid: 'one', tenant: 'north' },
        claims,
      });
      expect(isDeepFrozen(unverified)).toBe(true);
      expect((context as { request: unknown }).request).toBe(AccountController.request);
    });

    it.each(['isTokenRevoked', 'tokenVerification', 'userLookup'] as const)(
      '%s is given the verified token, and the request and type last',
      async (name) => {
        const encoded = forgeToken(accessClaims({ jti: 'one', sid: 'session', fresh: true }));
        await app.send('GET', '/me', { token: encoded });
        expect(loaders[name]).toHaveBeenCalledTimes(1);
        const [token, context] = loaders[name].mock.lastCall as [Token, { request: unknown }];
        expect(token).toMatchObject({
          encoded,
          identity: 'alice',
          type: 'access',
          jti: 'one',
          sessionId: 'session',
          fresh: true,
        });
        expect(context).toEqual({ request: AccountController.request, type: 'access' });
        expect(context.request).toBe(AccountController.request);
      },
    );

    it('are given no request where there is none', async () => {
      const token = await app.get(TokenService).createAccessToken(ALICE);
      await app.get(TokenService).verifyToken(token);
      expect(loaders.userIdentity).toHaveBeenCalledWith(ALICE, { type: 'access' });
      expect(loaders.isTokenRevoked.mock.lastCall?.[1]).toEqual({ type: 'access' });
      expect(loaders.decodeKey.mock.lastCall?.[1]).toEqual(
        expect.not.objectContaining({ request: expect.anything() }),
      );
    });

    it('say no with false and true', async () => {
      const token = forgeToken(accessClaims());
      loaders.tokenVerification.mockImplementation(() => give(false));
      expect(await app.send('GET', '/me', { token })).toMatchObject({
        status: 400,
        body: { msg: 'User claims verification failed' },
      });
      loaders.isTokenRevoked.mockImplementation(() => give(true));
      expect(await app.send('GET', '/me', { token })).toMatchObject({
        status: 401,
        body: { msg: 'Token has been revoked' },
      });
    });

    it.each([[0], [''], [false]])('userLookup may call %j a user (R52)', async (user) => {
      loaders.userLookup.mockImplementation(() => give(user));
      expect(await app.send('GET', '/me', { token: forgeToken(accessClaims()) })).toMatchObject({
        status: 200,
        body: { user, same: true },
      });
    });
  });

  it('loaders may be the methods of an object of their own', async () => {
    class Users {
      readonly #names = new Map([['alice', 'Alice']]);

      userLookup({ identity }: Token) {
        return this.#names.get(identity);
      }
    }
    const app = await createApp(adapter, {
      controllers: [AccountController],
      options: { loaders: { userLookup: Users.prototype.userLookup.bind(new Users()) } },
    });
    expect(await app.send('GET', '/me', { token: forgeToken(accessClaims()) })).toMatchObject({
      status: 200,
      body: { user: 'Alice' },
    });
    await app.close();
  });
});

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}
