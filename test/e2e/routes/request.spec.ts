import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Options,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  CurrentToken,
  CurrentUser,
  Fresh,
  FreshGuard,
  type HttpRequest,
  type JwtContext,
  JwtOptional,
  JwtRequired,
  type Token,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

/** Runs before every other guard, leaves a user that nobody checked, and keeps the request in sight. */
@Injectable()
class CarelessGuard implements CanActivate {
  request: (HttpRequest & object) | undefined;
  before: readonly PropertyKey[] = [];

  canActivate(context: ExecutionContext): boolean {
    this.request = context.switchToHttp().getRequest<HttpRequest>();
    this.request.user = 'somebody';
    this.before = Reflect.ownKeys(this.request);
    return true;
  }

  /** What of the request's own members has come since. */
  get added(): readonly PropertyKey[] {
    const after = this.request ? Reflect.ownKeys(this.request) : [];
    return after.filter((key) => !this.before.includes(key) && typeof key === 'symbol');
  }
}

const SLOT = Symbol.for('nestjs-jwt-extended:request');
const token = forgeToken(accessClaims({ fresh: true, jti: 'id-1' }));
const ada = { name: 'Ada' };

@Injectable()
class OwnGuard extends AccessGuard {}

@UseGuards(AccessGuard)
@Controller()
class UsersController {
  @Get('plain')
  plain(@Req() { user }: HttpRequest) {
    return { user };
  }

  @UseGuards(AccessGuard, FreshGuard, OwnGuard)
  @JwtRequired()
  @Fresh({ maxAge: '1h' })
  @Get('many')
  many(@Req() { user }: HttpRequest) {
    return { user };
  }

  @JwtOptional()
  @Get('optional')
  optional(@Req() request: HttpRequest) {
    return { user: request.user ?? null, isThere: 'user' in request };
  }

  @Options('plain')
  options(@Req() { user }: HttpRequest, @CurrentToken() context?: JwtContext) {
    return { user: user ?? null, context: context ?? null };
  }

  @Get('late')
  late(@Res({ passthrough: true }) _response: unknown, @CurrentUser() user: unknown) {
    return { user };
  }

  @All('any')
  any(@CurrentToken() context?: JwtContext) {
    return { identity: context?.identity ?? null };
  }
}

describe.each(ADAPTERS)('the request on %s', (adapter) => {
  describe('with a userLookup loader', () => {
    const careless = new CarelessGuard();
    const userLookup = jest.fn(({ claims }: Token): unknown => claims.user ?? ada);
    const tokenVerification = jest.fn(({ claims }: Token) => claims.verified !== false);
    const isTokenRevoked = jest.fn(({ claims }: Token) => claims.revoked === true);
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [UsersController],
        options: {
          errorCodeKey: 'code',
          loaders: { userLookup, tokenVerification, isTokenRevoked },
        },
        configure: (nest) => nest.useGlobalGuards(careless, nest.get(AccessGuard)),
      });
    });
    afterAll(() => app.close());

    it('makes the journey once, however many guards and levels ask', async () => {
      userLookup.mockClear();
      tokenVerification.mockClear();
      isTokenRevoked.mockClear();
      const { status, body } = await app.send('GET', '/many', { token });
      expect({ status, body }).toEqual({ status: 200, body: { user: ada } });
      expect(userLookup).toHaveBeenCalledTimes(1);
      expect(tokenVerification).toHaveBeenCalledTimes(1);
      expect(isTokenRevoked).toHaveBeenCalledTimes(1);
    });

    it('makes it again for the next request', async () => {
      userLookup.mockClear();
      await app.send('GET', '/plain', { token });
      await app.send('GET', '/plain', { token });
      expect(userLookup).toHaveBeenCalledTimes(2);
    });

    it.each([0, '', false, 'Ada', { name: 'Ada' }])('carries the user %j (R48)', async (user) => {
      const { status, body } = await app.send('GET', '/plain', {
        token: forgeToken(accessClaims({ user })),
      });
      expect({ status, body }).toEqual({ status: 200, body: { user } });
    });

    it.each([
      ['without a token', undefined, 401, 'TOKEN_MISSING'],
      ['with no token at all', 'a.b.c', 422, 'TOKEN_INVALID'],
      ['with an expired token', forgeToken(accessClaims({ exp: 1 })), 401, 'TOKEN_EXPIRED'],
      [
        'with a refresh token',
        forgeToken(accessClaims({ type: 'refresh' })),
        422,
        'TOKEN_WRONG_TYPE',
      ],
      ['with a revoked token', forgeToken(accessClaims({ revoked: true })), 401, 'TOKEN_REVOKED'],
      [
        'with a rejected token',
        forgeToken(accessClaims({ verified: false })),
        400,
        'TOKEN_REJECTED',
      ],
    ])(
      'carries nothing of the token when it is refused %s (R48)',
      async (_title, bad, status, code) => {
        expect(await app.send('GET', '/plain', { token: bad })).toMatchObject({
          status,
          body: { code },
        });
        expect(careless.added).toEqual([]);
        expect(careless.request?.user).toBe('somebody');
      },
    );

    it.each([[null], [undefined]])(
      'carries nothing of a token whose user is %p (R48)',
      async (user) => {
        userLookup.mockReturnValueOnce(user);
        expect(await app.send('GET', '/plain', { token })).toMatchObject({
          status: 401,
          body: { msg: 'Error loading the user alice', code: 'USER_NOT_FOUND' },
        });
        expect(careless.added).toEqual([]);
      },
    );

    it('carries one member that is not for everybody, under a symbol that every copy knows', async () => {
      await app.send('GET', '/plain', { token });
      expect(careless.added).toEqual([SLOT]);
    });

    it('loses the user that another guard left, where nobody came (R48)', async () => {
      const { status, body } = await app.send('GET', '/optional');
      expect({ status, body }).toEqual({ status: 200, body: { user: null, isThere: true } });
    });

    it('loses that user for OPTIONS, which need no token (R53)', async () => {
      const { status, body } = await app.send('OPTIONS', '/plain');
      expect({ status, body }).toEqual({ status: 200, body: { user: null, context: null } });
    });

    it('carries nothing for OPTIONS, whatever token came with it (R53)', async () => {
      const { status, body } = await app.send('OPTIONS', '/plain', { token });
      expect({ status, body }).toEqual({ status: 200, body: { user: null, context: null } });
    });

    it('is exempt as OPTIONS only', async () => {
      const statuses: Record<string, number> = {};
      for (const method of ['OPTIONS', 'HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        statuses[method] = (await app.send(method, '/any')).status;
      }
      const { OPTIONS, ...others } = statuses;
      expect(OPTIONS).toBe(200);
      expect(new Set(Object.values(others))).toEqual(new Set([401]));
    });

    it('cannot be made OPTIONS by a header', async () => {
      const headers = { 'x-http-method-override': 'OPTIONS' };
      expect(await app.send('GET', '/any', { headers })).toMatchObject({ status: 401 });
    });
  });

  describe('without a userLookup loader', () => {
    const careless = new CarelessGuard();
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [UsersController],
        configure: (nest) => nest.useGlobalGuards(careless),
      });
    });
    afterAll(() => app.close());

    it('carries the verified token as its user, without the text of it', async () => {
      const { status, body } = await app.send('GET', '/plain', { token });
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { user: { identity: 'alice', type: 'access', jti: 'id-1', location: 'headers' } },
      });
      expect(JSON.stringify(body)).not.toContain(token);
      expect((careless.request?.user as JwtContext).encoded).toBe(token);
    });

    it('loses the user that another guard left, where nobody came (R48)', async () => {
      const { status, body } = await app.send('GET', '/optional');
      expect({ status, body }).toEqual({ status: 200, body: { user: null, isThere: true } });
    });
  });
});
