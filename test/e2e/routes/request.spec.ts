import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Options,
  ParseIntPipe,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  Fresh,
  FreshGuard,
  type HttpRequest,
  type JwtContext,
  JwtOptional,
  JwtRequired,
  Public,
  RefreshGuard,
  type Token,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import { ErrorLog, routeAt } from '../../support/routes.js';

describe('What authentication leaves on the request', () => {
  /** Runs before every other guard, leaves an unchecked user, and keeps the request. */
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

      it('authenticates once, however many guards and levels ask', async () => {
        userLookup.mockClear();
        tokenVerification.mockClear();
        isTokenRevoked.mockClear();
        const { status, body } = await app.send('GET', '/many', { token });
        expect({ status, body }).toEqual({ status: 200, body: { user: ada } });
        expect(userLookup).toHaveBeenCalledTimes(1);
        expect(tokenVerification).toHaveBeenCalledTimes(1);
        expect(isTokenRevoked).toHaveBeenCalledTimes(1);
      });

      it('authenticates again for the next request', async () => {
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

      it('carries one member under a symbol that all copies of the library share', async () => {
        await app.send('GET', '/plain', { token });
        expect(careless.added).toEqual([SLOT]);
      });

      it('loses the user that another guard left if it has no token (R48)', async () => {
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

      it('loses the user that another guard left if it has no token (R48)', async () => {
        const { status, body } = await app.send('GET', '/optional');
        expect({ status, body }).toEqual({ status: 200, body: { user: null, isThere: true } });
      });
    });
  });
});

describe('The order of the checks', () => {
  /** What may be wrong with a token, in the order in which it is asked. */
  const FAULTS = [
    ['an algorithm that is not allowed', {}, 422, 'The specified alg value is not allowed'],
    ['a forged signature', {}, 422, 'Signature verification failed'],
    ['a future nbf', { nbf: 4e9 }, 422, 'The token is not yet valid (nbf)'],
    ['no type', { type: undefined }, 422, 'Missing or invalid claim: type'],
    ['an exp in the past', { exp: 1 }, 401, 'Token has expired'],
    ['the wrong type', { type: 'refresh' }, 422, 'Only non-refresh tokens are allowed'],
    ['no freshness', { fresh: false }, 401, 'Fresh token required'],
    ['a revocation', { revoked: true }, 401, 'Token has been revoked'],
    ['no verification', { verified: false }, 400, 'User claims verification failed'],
    ['no user', { user: null }, 401, 'Error loading the user alice'],
  ] as const;

  /** Every token has the fault of its row and all that come after it; of two in one claim, the first. */
  const CASES = FAULTS.map(([title, , status, msg], index) => {
    const changes = FAULTS.slice(index).map(([, change]) => change);
    const claims: object = Object.assign({ fresh: true, user: 'Ada' }, ...changes.reverse());
    const header = { alg: index === 0 ? 'none' : 'HS256', typ: 'JWT' };
    const secret = index < 2 ? 'other' : SECRET;
    return { title, status, msg, token: forgeToken(accessClaims({ ...claims }), header, secret) };
  });

  const LOADERS = ['isTokenRevoked', 'tokenVerification', 'userLookup'];

  describe.each(ADAPTERS)('authentication on %s', (adapter) => {
    const asked: string[] = [];
    const answering =
      (loader: string, answer: (token: Token) => unknown) =>
      (token: Token): never => {
        asked.push(loader);
        return answer(token) as never;
      };
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [routeAt('/', { handler: [UseGuards(FreshGuard)] })],
        options: {
          loaders: {
            isTokenRevoked: answering('isTokenRevoked', ({ claims }) => claims.revoked === true),
            tokenVerification: answering(
              'tokenVerification',
              ({ claims }) => claims.verified !== false,
            ),
            userLookup: answering('userLookup', ({ claims }) => claims.user),
          },
        },
      });
    });
    afterAll(() => app.close());
    beforeEach(() => {
      asked.length = 0;
    });

    it.each(CASES)(
      'answers for $title, whatever else is wrong (R12)',
      async ({ token, status, msg }) => {
        const answer = await app.send('GET', '/', { token });
        expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { msg } });
      },
    );

    it.each(CASES.slice(0, 7))(
      'asks no loader about a token with $title (R12)',
      async ({ token }) => {
        await app.send('GET', '/', { token });
        expect(asked).toEqual([]);
      },
    );

    it.each(CASES.slice(7).map((row, index) => ({ ...row, heard: LOADERS.slice(0, index + 1) })))(
      'asks the loaders in turn about a token with $title, and none after the one that refuses (R12)',
      async ({ token, heard }) => {
        await app.send('GET', '/', { token });
        expect(asked).toEqual(heard);
      },
    );

    it('takes an expired token with a bad signature for a forged one (R12)', async () => {
      const token = forgeToken(accessClaims({ exp: 1 }), undefined, 'other');
      expect(await app.send('GET', '/', { token })).toMatchObject({
        status: 422,
        body: { msg: 'Signature verification failed' },
      });
    });
  });

  describe('the decodeKey loader', () => {
    it('is the one loader that sees a token before its signature is verified, frozen (R12)', async () => {
      const seen: unknown[] = [];
      const app = await createApp('express', {
        controllers: [routeAt('/', { handler: [UseGuards(FreshGuard)] })],
        options: {
          secret: undefined,
          algorithm: 'HS256',
          loaders: {
            encodeKey: () => SECRET,
            decodeKey: (unverified) => {
              seen.push(unverified);
              return SECRET;
            },
            userLookup: () => seen.push('userLookup'),
          },
        },
      });
      const claims = accessClaims({ fresh: true, roles: { deep: [] } });
      await app.send('GET', '/', { token: forgeToken(claims, undefined, 'other') });
      expect(seen).toEqual([{ header: { alg: 'HS256', typ: 'JWT' }, claims }]);
      const [unverified] = seen as [{ header: object; claims: { roles: { deep: object } } }];
      for (const part of [
        unverified,
        unverified.header,
        unverified.claims,
        unverified.claims.roles.deep,
      ])
        expect(Object.isFrozen(part)).toBe(true);
      await app.close();
    });
  });
});

describe('Parameter decorators', () => {
  const claims = accessClaims({ roles: ['admin'], iss: 'flask', level: '7', nothing: null });
  const header = { alg: 'HS256', typ: 'JWT' };
  const token = forgeToken(claims, header);

  /** JSON has no `undefined`. */
  function told(value: unknown): object {
    return value === undefined ? { isUndefined: true } : { value };
  }

  @UseGuards(AccessGuard)
  @Controller('protected')
  class ProtectedController {
    @Get('identity')
    identity(@CurrentIdentity() identity: string) {
      return told(identity);
    }

    @Get('claims')
    claims(@Claims() all: Claims) {
      return told(all);
    }

    @Get('roles')
    roles(@Claims('roles') roles: string[]) {
      return told(roles);
    }

    @Get('nothing')
    nothing(@Claims('nothing') nothing: unknown) {
      return told(nothing);
    }

    @Get('absent')
    absent(@Claims('absent') absent: unknown) {
      return told(absent);
    }

    @Get('proto')
    proto(@Claims('__proto__') proto: unknown) {
      return told(proto);
    }

    @Get('to-string')
    method(@Claims('toString') method: unknown) {
      return told(method);
    }

    @Get('constructor')
    made(@Claims('constructor') made: unknown) {
      return told(made);
    }

    @Get('piped')
    piped(@Claims('level', ParseIntPipe) level: number) {
      return told(level);
    }

    @Get('token')
    token(@CurrentToken() context: JwtContext) {
      return {
        encoded: context.encoded,
        header: context.header,
        claims: context.claims,
        identity: context.identity,
        type: context.type,
        jti: context.jti,
        fresh: context.fresh,
        issuedAt: context.issuedAt,
        expiresAt: context.expiresAt,
        location: context.location,
        user: context.user ?? null,
      };
    }

    @Get('user')
    user(@CurrentUser() user: unknown) {
      return told(user);
    }

    @UseGuards(RefreshGuard)
    @Get('refresh')
    refresh(@CurrentIdentity() identity: string, @CurrentToken() { type }: JwtContext) {
      return { identity, type };
    }

    @Options('all')
    options(
      @CurrentIdentity() identity: unknown,
      @Claims() all: unknown,
      @Claims('sub') claim: unknown,
      @CurrentUser() user: unknown,
      @CurrentToken() context: unknown,
    ) {
      return [identity, all, claim, user, context].map(told);
    }
  }

  @UseGuards(AccessGuard)
  @JwtOptional()
  @Controller('optional')
  class OptionalController {
    @Get('all')
    all(
      @CurrentIdentity() identity: unknown,
      @Claims() all: unknown,
      @Claims('sub') claim: unknown,
      @CurrentUser() user: unknown,
      @CurrentToken() context: unknown,
    ) {
      return [identity, all, claim, user, context].map(told);
    }

    @Get('identity')
    identity(@CurrentIdentity() identity: unknown) {
      return told(identity);
    }

    @Get('user')
    user(@CurrentUser() user: unknown) {
      return told(user);
    }
  }

  @Controller('unprotected')
  class UnprotectedController {
    @Get('identity')
    identity(@CurrentIdentity() identity: unknown) {
      return told(identity);
    }

    @Get('claims')
    claims(@Claims() all: unknown) {
      return told(all);
    }

    @Get('claim')
    claim(@Claims('sub') claim: unknown) {
      return told(claim);
    }

    @Get('user')
    user(@CurrentUser() user: unknown) {
      return told(user);
    }

    @Get('token')
    token(@CurrentToken() context: unknown) {
      return told(context);
    }

    @Options('identity')
    options(@CurrentIdentity() identity: unknown) {
      return told(identity);
    }
  }

  @UseGuards(AccessGuard)
  @Controller('released')
  class ReleasedController {
    @Public()
    @Get('identity')
    identity(@CurrentIdentity() identity: unknown) {
      return told(identity);
    }
  }

  const CONTROLLERS = [
    ProtectedController,
    OptionalController,
    UnprotectedController,
    ReleasedController,
  ];
  const FAULT = { status: 500, body: { statusCode: 500, message: 'Internal server error' } };
  const NOTHING = [
    { isUndefined: true },
    { value: {} },
    { isUndefined: true },
    { isUndefined: true },
    { isUndefined: true },
  ];

  describe.each(ADAPTERS)('parameter decorators on %s', (adapter) => {
    describe.each([true, false])('with a userLookup loader: %s', (looksUp) => {
      const log = new ErrorLog();
      let app: RunningApp;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: CONTROLLERS,
          options: looksUp
            ? { loaders: { userLookup: ({ identity }) => ({ name: identity }) } }
            : {},
          configure: (nest) => nest.useLogger(log),
        });
      });
      afterAll(() => app.close());

      const call = async (path: string, sent = { token }, method = 'GET') => {
        const { status, body } = await app.send(method, path, sent);
        return { status, body };
      };

      it.each<[string, unknown]>([
        ['identity', { value: 'alice' }],
        ['claims', { value: claims }],
        ['roles', { value: ['admin'] }],
        ['nothing', { value: null }],
        ['absent', { isUndefined: true }],
        ['proto', { isUndefined: true }],
        ['to-string', { isUndefined: true }],
        ['constructor', { isUndefined: true }],
        ['piped', { value: 7 }],
      ])('give what the token says: %s', async (path, body) => {
        expect(await call(`/protected/${path}`)).toEqual({ status: 200, body });
      });

      it('give the whole token, and where it was found', async () => {
        const { iat, exp } = claims as { iat: number; exp: number };
        expect(await call('/protected/token')).toEqual({
          status: 200,
          body: {
            encoded: token,
            header,
            claims,
            identity: 'alice',
            type: 'access',
            jti: claims.jti,
            fresh: false,
            issuedAt: new Date(iat * 1000).toISOString(),
            expiresAt: new Date(exp * 1000).toISOString(),
            location: 'headers',
            user: looksUp ? { name: 'alice' } : null,
          },
        });
      });

      it('give what a refresh token says behind RefreshGuard', async () => {
        const refresh = forgeToken(accessClaims({ type: 'refresh', sub: 'bob' }));
        expect(await call('/protected/refresh', { token: refresh })).toEqual({
          status: 200,
          body: { identity: 'bob', type: 'refresh' },
        });
      });

      it('give nothing on an optional route without a token', async () => {
        const { status, body } = await app.send('GET', '/optional/all');
        expect({ status, body }).toEqual({ status: 200, body: NOTHING });
      });

      it('give nothing for OPTIONS', async () => {
        expect(await call('/protected/all', { token }, 'OPTIONS')).toEqual({
          status: 200,
          body: NOTHING,
        });
      });

      it('give what a token says on an optional route, too', async () => {
        expect(await call('/optional/identity')).toEqual({ status: 200, body: { value: 'alice' } });
      });

      it.each([
        ['/unprotected/identity', '@CurrentIdentity() on UnprotectedController.identity'],
        ['/unprotected/claims', '@Claims() on UnprotectedController.claims'],
        ['/unprotected/claim', '@Claims() on UnprotectedController.claim'],
        ['/unprotected/user', '@CurrentUser() on UnprotectedController.user'],
        ['/unprotected/token', '@CurrentToken() on UnprotectedController.token'],
        ['/released/identity', '@CurrentIdentity() on ReleasedController.identity'],
      ])('fail on a route without a guard: %s', async (path, where) => {
        log.errors.length = 0;
        expect(await call(path)).toEqual(FAULT);
        expect(log.errors).toEqual([
          `${where} found no token, because no token guard ran: ` +
            'add @UseGuards(AccessGuard), RefreshGuard or FreshGuard to the route',
        ]);
      });

      it('fail for OPTIONS, too, on a route without a guard', async () => {
        log.errors.length = 0;
        expect(await call('/unprotected/identity', { token }, 'OPTIONS')).toEqual(FAULT);
        expect(log.errors).toHaveLength(1);
      });

      it.each(['/protected/user', '/optional/user'])(
        looksUp
          ? 'give the user that was looked up: %s'
          : 'fail for a user without a userLookup loader: %s',
        async (path) => {
          log.errors.length = 0;
          expect(await call(path)).toEqual(
            looksUp ? { status: 200, body: { value: { name: 'alice' } } } : FAULT,
          );
          expect(log.errors).toEqual(
            looksUp ? [] : ['@CurrentUser() needs a user: add loaders.userLookup to the options'],
          );
        },
      );

      it('give no user on an optional route without a token, with or without that loader', async () => {
        const { status, body } = await app.send('GET', '/optional/user');
        expect({ status, body }).toEqual({ status: 200, body: { isUndefined: true } });
      });
    });

    describe('with another claim for the identity', () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: CONTROLLERS,
          options: { identityClaim: 'level' },
        });
      });
      afterAll(() => app.close());

      it('@CurrentIdentity() gives that claim', async () => {
        const { status, body } = await app.send('GET', '/protected/identity', { token });
        expect({ status, body }).toEqual({ status: 200, body: { value: '7' } });
      });
    });
  });
});
