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
  type Type,
  UseGuards,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  Fresh,
  FreshGuard,
  type HttpRequest,
  type JwtContext,
  JwtExtendedModule,
  JwtOptional,
  JwtRequired,
  Public,
  type Token,
} from '../../../src/index.js';
import { ADAPTERS, createApp, RunningApp, type Sent } from '../../support/app.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import { ErrorLog, routeAt, type RouteParts } from '../../support/routes.js';

async function call(app: RunningApp, path: string, sent?: Sent, method = 'GET') {
  const { status, body } = await app.send(method, path, sent);
  return { status, body };
}

describe.each(ADAPTERS)('After authentication on %s, the request', (adapter) => {
  /** Runs before every other guard, sets an unchecked user, and keeps the request. */
  @Injectable()
  class CarelessGuard implements CanActivate {
    request: (HttpRequest & object) | undefined;
    before: readonly PropertyKey[] = [];

    canActivate(context: ExecutionContext): boolean {
      this.request = context.switchToHttp().getRequest<HttpRequest>();
      this.request.user = 'impostor';
      this.before = Reflect.ownKeys(this.request);
      return true;
    }

    /** The symbols that the request has got since. */
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

    @All('any')
    any(@CurrentToken() context?: JwtContext) {
      return { identity: context?.identity ?? null };
    }
  }

  const NO_USER = { status: 200, body: { user: null, isThere: true } };

  describe('with a userLookup loader', () => {
    const careless = new CarelessGuard();
    const loaders = {
      userLookup: jest.fn(({ claims }: Token): unknown => claims.user ?? ada),
      tokenVerification: jest.fn(({ claims }: Token) => claims.verified !== false),
      isTokenRevoked: jest.fn(({ claims }: Token) => claims.revoked === true),
    };
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [UsersController],
        options: { errorCodeKey: 'code', loaders },
        configure: (nest) => nest.useGlobalGuards(careless, nest.get(AccessGuard)),
      });
    });
    afterAll(() => app.close());
    beforeEach(() => void jest.clearAllMocks());

    it('is authenticated once for any number of guards and levels', async () => {
      expect(await call(app, '/many', { token })).toEqual({ status: 200, body: { user: ada } });
      for (const loader of Object.values(loaders)) expect(loader).toHaveBeenCalledTimes(1);
    });

    it('is authenticated again if it is another one', async () => {
      await app.send('GET', '/plain', { token });
      await app.send('GET', '/plain', { token });
      expect(loaders.userLookup).toHaveBeenCalledTimes(2);
    });

    it.each([0, '', 'Ada', { name: 'Ada' }])('has the user %j (R48)', async (user) => {
      const ofUser = forgeToken(accessClaims({ user }));
      expect(await call(app, '/plain', { token: ofUser })).toEqual({ status: 200, body: { user } });
    });

    it.each<[string, object | string | undefined, number, string]>([
      ['no token', undefined, 401, 'TOKEN_MISSING'],
      ['text that is no token', 'a.b.c', 422, 'TOKEN_INVALID'],
      ['an expired token', { exp: 1 }, 401, 'TOKEN_EXPIRED'],
      ['a refresh token', { type: 'refresh' }, 422, 'TOKEN_WRONG_TYPE'],
      ['a revoked token', { revoked: true }, 401, 'TOKEN_REVOKED'],
      ['a rejected token', { verified: false }, 400, 'TOKEN_REJECTED'],
      ['a token without a type', { type: undefined }, 422, 'TOKEN_INVALID'],
    ])('has nothing of the token if %s is refused (R48)', async (_title, claims, status, code) => {
      const bad = typeof claims === 'object' ? forgeToken(accessClaims({ ...claims })) : claims;
      const answer = await app.send('GET', '/plain', { token: bad });
      expect(answer).toMatchObject({ status, body: { code } });
      expect(careless.added).toEqual([]);
      expect(careless.request?.user).toBe('impostor');
    });

    it.each([[null], [undefined]])(
      'has nothing of a token whose user is %p (R48)',
      async (user) => {
        loaders.userLookup.mockReturnValueOnce(user);
        expect(await app.send('GET', '/plain', { token })).toMatchObject({
          status: 401,
          body: { msg: 'Error loading the user alice', code: 'USER_NOT_FOUND' },
        });
        expect(careless.added).toEqual([]);
      },
    );

    it('has one new member under a symbol that all copies of the library share', async () => {
      await app.send('GET', '/plain', { token });
      expect(careless.added).toEqual([SLOT]);
    });

    it('loses the user that another guard set if it has no token (R48)', async () => {
      expect(await call(app, '/optional')).toEqual(NO_USER);
    });

    it.each([
      ['without a token', undefined],
      ['with a token', token],
    ])('has no user and no token for OPTIONS %s (R53)', async (_title, sent) => {
      expect(await call(app, '/plain', { token: sent }, 'OPTIONS')).toEqual({
        status: 200,
        body: { user: null, context: null },
      });
    });

    it.each(['HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
      'needs a token for %s on a handler of all methods, whatever method a header names (R82)',
      async (method) => {
        const headers = { 'x-http-method-override': 'OPTIONS' };
        expect((await app.send(method, '/any')).status).toBe(401);
        expect((await app.send(method, '/any', { headers })).status).toBe(401);
      },
    );
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

    it('has the verified token as its user, whose JSON lacks the encoded token', async () => {
      const { status, body } = await app.send('GET', '/plain', { token });
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { user: { identity: 'alice', type: 'access', jti: 'id-1', location: 'headers' } },
      });
      expect(JSON.stringify(body)).not.toContain(token);
      expect((careless.request?.user as JwtContext).encoded).toBe(token);
    });

    it('loses the user that another guard set if it has no token (R48)', async () => {
      expect(await call(app, '/optional')).toEqual(NO_USER);
    });
  });
});

describe('The order of the checks', () => {
  /** What may be wrong with a token, in the order of the checks. */
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
  const LOADERS = ['isTokenRevoked', 'tokenVerification', 'userLookup'];

  /** Every token has the fault of its row and all later faults; of two in one claim, the first. */
  const CASES = FAULTS.map(([title, , status, msg], index) => {
    const changes = FAULTS.slice(index).map(([, change]) => change);
    const claims: object = Object.assign({ fresh: true, user: 'Ada' }, ...changes.reverse());
    const header = { alg: index === 0 ? 'none' : 'HS256', typ: 'JWT' };
    const secret = index < 2 ? 'other' : SECRET;
    const token = forgeToken(accessClaims({ ...claims }), header, secret);
    return { title, status, msg, token, loaders: LOADERS.slice(0, Math.max(0, index - 6)) };
  });
  const fresh = routeAt('/', { handler: [UseGuards(FreshGuard)] });

  const called: string[] = [];
  const recording =
    (loader: string, result: (token: Token) => unknown) =>
    (token: Token): never => {
      called.push(loader);
      return result(token) as never;
    };
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp('express', {
      controllers: [fresh],
      options: {
        loaders: {
          isTokenRevoked: recording('isTokenRevoked', ({ claims }) => claims.revoked === true),
          tokenVerification: recording('tokenVerification', (token) => {
            return token.claims.verified !== false;
          }),
          userLookup: recording('userLookup', ({ claims }) => claims.user),
        },
      },
    });
  });
  afterAll(() => app.close());

  it.each(CASES)(
    'reports $title before later faults, and calls no later loader (R12)',
    async ({ token, status, msg, loaders }) => {
      called.length = 0;
      expect(await call(app, '/', { token })).toEqual({ status, body: { msg } });
      expect(called).toEqual(loaders);
    },
  );

  it('reports the signature of an expired token with a bad signature (R12)', async () => {
    const token = forgeToken(accessClaims({ exp: 1 }), undefined, 'other');
    const body = { msg: 'Signature verification failed' };
    expect(await call(app, '/', { token })).toEqual({ status: 422, body });
  });

  it('passes a token before its signature is verified to decodeKey only, frozen (R12)', async () => {
    const seen: unknown[] = [];
    const own = await createApp('express', {
      controllers: [fresh],
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
    await own.send('GET', '/', { token: forgeToken(claims, undefined, 'other') });
    expect(seen).toEqual([{ header: { alg: 'HS256', typ: 'JWT' }, claims }]);
    const [given] = seen as [{ header: object; claims: { roles: { deep: object } } }];
    for (const part of [given, given.header, given.claims, given.claims.roles.deep])
      expect(Object.isFrozen(part)).toBe(true);
    await own.close();
  });
});

describe('Parameter decorators', () => {
  const claims = accessClaims({ roles: ['admin'], iss: 'flask', level: '7', nothing: null });
  const header = { alg: 'HS256', typ: 'JWT' };
  const token = forgeToken(claims, header);

  /** JSON has no `undefined`. */
  function wrapped(value: unknown): object {
    return value === undefined ? { isUndefined: true } : { value };
  }

  abstract class GivenController {
    @Get('identity')
    identity(@CurrentIdentity() given: unknown) {
      return wrapped(given);
    }

    @Get('claims')
    claims(@Claims() given: unknown) {
      return wrapped(given);
    }

    @Get('claim')
    claim(@Claims('sub') given: unknown) {
      return wrapped(given);
    }

    @Get('user')
    user(@CurrentUser() given: unknown) {
      return wrapped(given);
    }

    @Get('token')
    token(@CurrentToken() given: unknown) {
      return wrapped(given);
    }

    @All('all')
    all(
      @CurrentIdentity() identity: unknown,
      @Claims() all: unknown,
      @Claims('sub') claim: unknown,
      @CurrentUser() user: unknown,
      @CurrentToken() context: unknown,
    ) {
      return [identity, all, claim, user, context].map(wrapped);
    }
  }

  @UseGuards(AccessGuard)
  @Controller('protected')
  class ProtectedController extends GivenController {
    @Get('members')
    members(
      @Claims('roles') roles: unknown,
      @Claims('nothing') nothing: unknown,
      @Claims('absent') absent: unknown,
      @Claims('__proto__') proto: unknown,
      @Claims('toString') method: unknown,
      @Claims('constructor') made: unknown,
      @Claims('level', ParseIntPipe) level: number,
    ) {
      return [roles, nothing, absent, proto, method, made, level].map(wrapped);
    }

    @Get('context')
    context(@CurrentToken() context: JwtContext) {
      const { encoded, header, claims, identity, type, jti, fresh, location, user } = context;
      const { issuedAt, expiresAt } = context;
      const read = { encoded, header, claims, identity, type, jti, fresh, location };
      return { ...read, issuedAt, expiresAt, user: user ?? null };
    }
  }

  @UseGuards(AccessGuard)
  @JwtOptional()
  @Controller('optional')
  class OptionalController extends GivenController {}

  @Controller('unprotected')
  class UnprotectedController extends GivenController {}

  @UseGuards(AccessGuard)
  @Controller('released')
  class ReleasedController {
    @Public()
    @Get('identity')
    identity(@CurrentIdentity() identity: unknown) {
      return wrapped(identity);
    }
  }

  const CONTROLLERS = [
    ProtectedController,
    OptionalController,
    UnprotectedController,
    ReleasedController,
  ];
  const FAULT = { status: 500, body: { statusCode: 500, message: 'Internal server error' } };
  const EMPTY = { isUndefined: true };
  const NOTHING = { status: 200, body: [EMPTY, { value: {} }, EMPTY, EMPTY, EMPTY] };

  describe.each([true, false])('with a userLookup loader: %s', (looksUp) => {
    const log = new ErrorLog();
    let app: RunningApp;
    beforeAll(async () => {
      const userLookup = ({ identity }: Token) => ({ name: identity });
      app = await createApp('express', {
        controllers: CONTROLLERS,
        options: looksUp ? { loaders: { userLookup } } : {},
        configure: (nest) => nest.useLogger(log),
      });
    });
    afterAll(() => app.close());
    beforeEach(() => void (log.errors.length = 0));

    it.each<[string, unknown]>([
      ['/protected/identity', { value: 'alice' }],
      ['/protected/claims', { value: claims }],
      ['/protected/claim', { value: 'alice' }],
      ['/optional/identity', { value: 'alice' }],
      [
        '/protected/members',
        [{ value: ['admin'] }, { value: null }, EMPTY, EMPTY, EMPTY, EMPTY, { value: 7 }],
      ],
    ])('provide the claims of the token: %s', async (path, body) => {
      expect(await call(app, path, { token })).toEqual({ status: 200, body });
    });

    it('provide the whole token and its location', async () => {
      const { iat, exp } = claims as { iat: number; exp: number };
      expect(await call(app, '/protected/context', { token })).toEqual({
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

    it('provide nothing on an optional route without a token', async () => {
      expect(await call(app, '/optional/all')).toEqual(NOTHING);
      expect(await call(app, '/optional/user')).toEqual({ status: 200, body: EMPTY });
    });

    it.each([
      ['/unprotected/identity', '@CurrentIdentity() on UnprotectedController.identity'],
      ['/unprotected/claims', '@Claims() on UnprotectedController.claims'],
      ['/unprotected/claim', '@Claims() on UnprotectedController.claim'],
      ['/unprotected/user', '@CurrentUser() on UnprotectedController.user'],
      ['/unprotected/token', '@CurrentToken() on UnprotectedController.token'],
      ['/released/identity', '@CurrentIdentity() on ReleasedController.identity'],
    ])('fail on a route without a guard: %s', async (path, place) => {
      expect(await call(app, path, { token })).toEqual(FAULT);
      expect(log.errors).toEqual([
        `${place} found no token, because no token guard ran: ` +
          'add @UseGuards(AccessGuard), RefreshGuard or FreshGuard to the route',
      ]);
    });

    it('fail for OPTIONS, too, on a route without a guard', async () => {
      expect(await call(app, '/unprotected/all', { token }, 'OPTIONS')).toEqual(FAULT);
      expect(log.errors).toHaveLength(1);
    });

    const outcome = looksUp ? 'provide the user of the loader' : 'fail for @CurrentUser()';
    it.each(['/protected/user', '/optional/user'])(`${outcome}: %s`, async (path) => {
      const expected = looksUp ? { status: 200, body: { value: { name: 'alice' } } } : FAULT;
      expect(await call(app, path, { token })).toEqual(expected);
      expect(log.errors).toEqual(
        looksUp ? [] : ['@CurrentUser() needs a user: add loaders.userLookup to the options'],
      );
    });
  });

  it('@CurrentIdentity() provides the claim that identityClaim names', async () => {
    const app = await createApp('express', {
      controllers: [ProtectedController],
      options: { identityClaim: 'level' },
    });
    const answer = await call(app, '/protected/identity', { token });
    expect(answer).toEqual({ status: 200, body: { value: '7' } });
    await app.close();
  });

  it('@CurrentUser(member) provides own members and getters of the user, and nothing else', async () => {
    class Base {
      get initials() {
        return 'A';
      }
      rename() {}
    }
    class User extends Base {
      name = 'Ada';
      call = () => 'in';
      get upper() {
        return this.name.toUpperCase();
      }
      set secret(value: string) {
        this.name = value;
      }
    }
    const users: Record<string, unknown> = {
      user: new User(),
      bare: Object.assign(Object.create(null) as object, { name: 'Bare' }),
      text: 'Ada',
    };
    const members = ['name', 'upper', 'initials', 'call', 'absent', 'rename', 'secret'];
    const inherited = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'length'];
    const names = [...members, ...inherited];
    const controllers = names.map((name) => {
      class MemberController {
        @Get()
        read(@CurrentUser(name) given: unknown) {
          return wrapped(typeof given === 'function' ? 'a function' : given);
        }
      }
      Controller(name)(MemberController);
      UseGuards(AccessGuard)(MemberController);
      return MemberController;
    });
    const app = await createApp('express', {
      controllers,
      options: { loaders: { userLookup: ({ identity }) => users[identity] } },
    });
    const read = async (sub: string) => {
      const sent = { token: forgeToken(accessClaims({ sub })) };
      const bodies = names.map(async (name) => {
        const { body } = await app.send('GET', `/${name}`, sent);
        return [name, (body as { value?: unknown }).value] as const;
      });
      return (await Promise.all(bodies)).filter(([, value]) => value !== undefined);
    };
    expect(await read('user')).toEqual([
      ['name', 'Ada'],
      ['upper', 'ADA'],
      ['initials', 'A'],
      ['call', 'a function'],
    ]);
    expect(await read('bare')).toEqual([['name', 'Bare']]);
    expect(await read('text')).toEqual([]);
    await app.close();
  });

  it('@CurrentUser(member) takes pipes, and provides nothing without a token', async () => {
    @UseGuards(AccessGuard)
    @JwtOptional()
    @Controller()
    class LevelController {
      @Get()
      read(
        @CurrentUser<{ level: string }>('level', new ParseIntPipe({ optional: true }))
        level: unknown,
      ) {
        return wrapped(level);
      }
    }
    const app = await createApp('express', {
      controllers: [LevelController],
      options: { loaders: { userLookup: () => ({ level: '7' }) } },
    });
    expect((await app.send('GET', '/', { token })).body).toEqual({ value: 7 });
    expect((await app.send('GET', '/')).body).toEqual(EMPTY);
    await app.close();
  });

  describe('name asIdentity if a test has replaced the guard', () => {
    @Injectable()
    class OwnGuard extends AccessGuard {}
    @Injectable()
    class KeyGuard implements CanActivate {
      canActivate() {
        return true;
      }
    }
    const Either = anyOf(OwnGuard, KeyGuard);
    const stub = { canActivate: () => true };
    type Row = [title: string, guard: Type, name: string, parts: RouteParts, isGlobal?: boolean];

    it.each<Row>([
      ['on the handler', AccessGuard, 'AccessGuard', { handler: [UseGuards(AccessGuard)] }],
      ['on the class', FreshGuard, 'FreshGuard', { controller: [UseGuards(FreshGuard)] }],
      ["of one's own", OwnGuard, 'OwnGuard', { handler: [JwtRequired({ guard: OwnGuard })] }],
      ['made by anyOf', Either, Either.name, { handler: [UseGuards(Either)] }],
      ['on the application', AccessGuard, 'AccessGuard', {}, true],
    ])('%s', async (_title, guard, name, parts, globalGuard = false) => {
      const controller = routeAt('', parts);
      CurrentIdentity()(controller.prototype as object, 'answer', 0);
      const log = new ErrorLog();
      const module = JwtExtendedModule.forRoot({ secret: SECRET, globalGuard });
      const testing = await Test.createTestingModule({
        imports: [module],
        controllers: [controller],
      })
        .overrideGuard(guard)
        .useValue(stub)
        .compile();
      const nest = testing.createNestApplication();
      nest.useLogger(log);
      const app = await RunningApp.start(nest);
      expect(await call(app, '/')).toEqual(FAULT);
      expect(log.errors).toEqual([
        `@CurrentIdentity() on RouteController.answer found no token, because ${name}, which protects the route, read none. ` +
          'If a test replaced it, by overrideGuard for example, leave it in place and send the headers of asIdentity, from ' +
          "'nestjs-jwt-extended/testing'",
      ]);
      await app.close();
    });
  });
});
