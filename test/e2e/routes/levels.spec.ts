import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type Provider,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  Fresh,
  FreshGuard,
  JwtOptional,
  JwtRequired,
  type JwtRequiredOptions,
  Public,
  RefreshGuard,
  TokenService,
} from '../../../src/index.js';
import { asking } from '../../support/any-of.js';
import { type AppParts, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { askedBy, type Presented, tokensOf } from '../../support/routes.js';
import {
  describeRoutes,
  routesFor,
  withRoutes,
  type Words,
} from '../../support/routes-notation.js';

type Row = readonly [route: string, required: string];

describe('Guards on three levels', () => {
  const GUARDS = { '-': undefined, AccessGuard, FreshGuard, RefreshGuard };
  const NAMES = Object.keys(GUARDS) as (keyof typeof GUARDS)[];

  /** The rule in other words: the nearest guard decides the type, and freshness adds up. No refresh token is fresh. */
  function rule(...outwards: readonly string[]): string | undefined {
    const nearest = outwards.find((name) => name !== '-');
    if (nearest === undefined) return 'lets everybody in';
    const isFresh = outwards.includes('FreshGuard');
    if (nearest === 'RefreshGuard') return isFresh ? undefined : 'refresh token';
    return isFresh ? 'fresh token' : 'access token';
  }

  for (const name of NAMES)
    describeRoutes(
      `with ${name} on the application (R54)`,
      NAMES.flatMap((controller) =>
        NAMES.flatMap((handler): Row[] => {
          const required = rule(handler, controller, name);
          return required === undefined ? [] : [[`${controller} / ${handler}`, required]];
        }),
      ),
      {
        configure: (nest) => {
          const guard = GUARDS[name];
          if (guard) nest.useGlobalGuards(nest.get<CanActivate>(guard));
        },
      },
    );
});

describe('Inheritance', () => {
  const Base = withRoutes({
    bare: [Get('bare')],
    refresh: [UseGuards(RefreshGuard), Fresh(false), Get('refresh')],
    fresh: [UseGuards(AccessGuard), Fresh(), Get('fresh')],
    overridden: [UseGuards(AccessGuard), Get('overridden')],
  });
  const Open = withRoutes({}, [Controller('open')], Base);
  const Guarded = withRoutes({}, [UseGuards(AccessGuard), Controller('guarded')], Base);
  const More = withRoutes({}, [UseGuards(FreshGuard), Controller('more')], Guarded);
  const Released = withRoutes(
    { overridden: [JwtOptional(), Get('overridden')] },
    [Public(), Controller('released')],
    Guarded,
  );
  const Relaxed = withRoutes(
    { overridden: [UseGuards(RefreshGuard), Get('overridden')] },
    [Fresh(false), Controller('relaxed')],
    More,
  );

  const Lenient = withRoutes({ bare: [Get('bare')] }, [
    JwtRequired({ optional: true, verifyType: false, skipRevocationCheck: true }),
  ]);
  const Strict = withRoutes({}, [JwtRequired({ optional: false }), Controller('strict')], Lenient);
  const Checked = withRoutes({}, [UseGuards(AccessGuard), Controller('checked')], Lenient);

  let app: RunningApp;
  let tokens: Presented;
  beforeAll(async () => {
    app = await createApp('express', {
      controllers: [Open, Guarded, More, Released, Relaxed, Strict, Checked],
    });
    tokens = await tokensOf(app);
  });
  afterAll(() => app.close());

  it.each([
    ['/open/bare', 'lets everybody in'],
    ['/open/refresh', 'refresh token'],
    ['/open/fresh', 'fresh token'],
    ['/open/overridden', 'access token'],
    ['/guarded/bare', 'access token'],
    ['/guarded/refresh', 'refresh token'],
    ['/guarded/fresh', 'fresh token'],
    ['/guarded/overridden', 'access token'],
    ['/more/bare', 'fresh token'],
    ['/more/refresh', 'refresh token'],
    ['/more/overridden', 'fresh token'],
    ['/released/overridden', 'optional access token'],
    ['/relaxed/bare', 'access token'],
    ['/strict/bare', 'access token'],
    ['/checked/bare', 'access token'],
  ])('the class that serves a handler decides: %s requires: %s (R54)', async (path, required) => {
    expect(await askedBy(app, path, tokens)).toBe(required);
  });

  it('leaves no exception of a base class to a subclass that requires a token itself (R81)', async () => {
    const { accessToken } = await app.get(TokenService).createTokenPair('alice');
    await app.get(BlocklistService).revoke(accessToken);
    for (const path of ['/strict/bare', '/checked/bare'])
      expect((await app.send('GET', path, { token: accessToken })).status).toBe(401);
  });
});

/** Accepts the tokens that one of two guards accepts. */
@Injectable()
class EitherGuard implements CanActivate {
  constructor(
    private readonly access: AccessGuard,
    private readonly refresh: RefreshGuard,
  ) {}

  async canActivate(context: ExecutionContext) {
    try {
      return await this.access.canActivate(context);
    } catch {
      return this.refresh.canActivate(context);
    }
  }
}

@Injectable()
class OwnGuard extends AccessGuard {}
@Injectable()
class OwnFreshGuard extends FreshGuard {}
@Injectable()
class OwnRefreshGuard extends RefreshGuard {}
@Injectable({ scope: Scope.REQUEST })
class ScopedRefreshGuard extends RefreshGuard {}
@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard extends AccessGuard {}

@Injectable()
class IndifferentGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** `calling X` is a guard that calls the guard X, which the route does not declare. */
const WORDS: Words = {
  'calling AccessGuard': UseGuards(asking(AccessGuard)),
  'calling FreshGuard': UseGuards(asking(FreshGuard)),
  'calling RefreshGuard': UseGuards(asking(RefreshGuard)),
  'calling either': UseGuards(EitherGuard),
  'a subclass of AccessGuard': UseGuards(OwnGuard),
  'a subclass of FreshGuard': UseGuards(OwnFreshGuard),
  'a subclass of RefreshGuard': UseGuards(OwnRefreshGuard),
  'a request-scoped subclass of RefreshGuard': UseGuards(ScopedRefreshGuard),
  'a guard of another kind': UseGuards(IndifferentGuard),
  'Fresh after 1 s': Fresh({ maxAge: 1 }),
};

describeRoutes(
  'Without a global guard (R54)',
  [
    ['AccessGuard + JwtOptional', 'optional access token'],
    ['FreshGuard + JwtOptional', 'optional fresh token'],
    ['RefreshGuard + JwtOptional', 'optional refresh token'],
    ['AccessGuard + Fresh + JwtOptional', 'optional fresh token'],
    ['AccessGuard + JwtOptional / -', 'optional access token'],
    ['AccessGuard / JwtOptional', 'optional access token'],
    ['FreshGuard / JwtOptional', 'optional fresh token'],
    ['AccessGuard + Fresh / JwtOptional', 'optional fresh token'],
    ['AccessGuard + JwtOptional / Fresh(false)', 'optional access token'],
    ['AccessGuard + JwtOptional / AccessGuard', 'access token'],
    ['AccessGuard + JwtOptional / RefreshGuard', 'refresh token'],
    ['AccessGuard + JwtOptional / Fresh', 'fresh token'],
    ['AccessGuard + JwtOptional / JwtRequired', 'access token'],
    ['AccessGuard + JwtOptional / FreshGuard + JwtOptional', 'optional fresh token'],
    ['AccessGuard + JwtOptional / Public', 'lets everybody in'],

    ['Fresh / AccessGuard', 'fresh token'],
    ['AccessGuard / Fresh', 'fresh token'],
    ['AccessGuard + Fresh / Fresh(false)', 'access token'],
    ['FreshGuard / Fresh(false)', 'access token'],
    ['AccessGuard + Fresh(false) / Fresh', 'fresh token'],
    ['Fresh(false) / FreshGuard', 'fresh token'],
    ['FreshGuard / AccessGuard + Fresh(false)', 'access token'],
    ['AccessGuard + Fresh / JwtRequired', 'fresh token'],
    ['JwtRequired + Fresh', 'fresh token'],

    ['calling AccessGuard', 'access token'],
    ['calling FreshGuard', 'fresh token'],
    ['calling RefreshGuard', 'refresh token'],
    ['calling RefreshGuard / -', 'refresh token'],
    ['calling either', 'either token'],
    ['AccessGuard + calling FreshGuard', 'fresh token'],
    ['AccessGuard + calling AccessGuard', 'access token'],
    ['AccessGuard / calling FreshGuard', 'fresh token'],
    ['AccessGuard + JwtOptional / calling FreshGuard', 'fresh token'],

    ['a subclass of AccessGuard', 'access token'],
    ['a subclass of FreshGuard', 'fresh token'],
    ['a subclass of RefreshGuard', 'refresh token'],
    ['a request-scoped subclass of RefreshGuard', 'refresh token'],
    ['AccessGuard + FreshGuard', 'fresh token'],
    ['FreshGuard + AccessGuard', 'fresh token'],
    ['AccessGuard + a subclass of AccessGuard', 'access token'],
    ['AccessGuard + a guard of another kind', 'access token'],
    ['a guard of another kind', 'lets everybody in'],
    ['-', 'lets everybody in'],
  ],
  { words: WORDS, extras: { globalGuard: false } },
);

describeRoutes(
  'With globalGuard (R54)',
  [
    ['-', 'access token'],
    ['Public', 'lets everybody in'],
    ['Public / -', 'lets everybody in'],
    ['Public / Public', 'lets everybody in'],
    ['FreshGuard / Public', 'lets everybody in'],
    ['Fresh / Public', 'lets everybody in'],
    ['Public / Fresh(false)', 'lets everybody in'],
    ['Public / AccessGuard', 'access token'],
    ['Public / FreshGuard', 'fresh token'],
    ['Public / RefreshGuard', 'refresh token'],
    ['Public / fresh JwtRequired', 'fresh token'],
    ['Public / Fresh', 'fresh token'],
    ['Public / JwtOptional', 'optional access token'],
    ['Public / Public(false)', 'access token'],
    ['Public(false)', 'access token'],
    ['Public + RefreshGuard', 'refresh token'],
    ['JwtOptional', 'optional access token'],
    ['JwtOptional / -', 'optional access token'],
    ['JwtOptional / AccessGuard', 'access token'],
    ['JwtOptional / Fresh', 'fresh token'],
    ['Public + calling AccessGuard', 'access token'],
    ['Public + calling FreshGuard', 'fresh token'],
    ['Public + calling either', 'either token'],
    ['Public / calling AccessGuard', 'access token'],
  ],
  {
    extras: { globalGuard: true },
    words: { ...WORDS, 'fresh JwtRequired': JwtRequired({ fresh: true }) },
  },
);

describeRoutes(
  'With FreshGuard as the global guard',
  [
    ['Fresh(false)', 'access token'],
    ['-', 'fresh token'],
  ],
  { configure: (nest) => nest.useGlobalGuards(nest.get(FreshGuard)) },
);

describe('@JwtRequired', () => {
  const OPTIONS: Record<string, [options: JwtRequiredOptions, required: string]> = {
    '{}': [{}, 'access token'],
    refresh: [{ refresh: true }, 'refresh token'],
    'refresh: false': [{ refresh: false }, 'access token'],
    'refresh, fresh: false': [{ refresh: true, fresh: false }, 'refresh token'],
    fresh: [{ fresh: true }, 'fresh token'],
    'fresh: false': [{ fresh: false }, 'access token'],
    'fresh: 5m': [{ fresh: { maxAge: '5m' } }, 'fresh token'],
    optional: [{ optional: true }, 'optional access token'],
    'optional, fresh': [{ optional: true, fresh: true }, 'optional fresh token'],
    'optional, refresh': [{ optional: true, refresh: true }, 'optional refresh token'],
    'optional: false': [{ optional: false }, 'access token'],
    'verifyType: false': [{ verifyType: false }, 'either token'],
    'verifyType: false, refresh': [{ verifyType: false, refresh: true }, 'either token'],
    'verifyType: true': [{ verifyType: true }, 'access token'],
    'guard: AccessGuard': [{ guard: OwnGuard, refresh: false }, 'access token'],
    'guard: FreshGuard': [{ guard: OwnFreshGuard, fresh: true }, 'fresh token'],
    'guard: RefreshGuard': [{ guard: OwnRefreshGuard, fresh: false }, 'refresh token'],
    'guard: RefreshGuard, refresh': [{ guard: OwnRefreshGuard, refresh: true }, 'refresh token'],
    'guard, optional': [{ guard: OwnRefreshGuard, optional: true }, 'optional refresh token'],
    'guard, fresh': [{ guard: RequestScopedGuard, fresh: true }, 'fresh token'],
  };
  const entries = Object.entries(OPTIONS);
  const words = Object.fromEntries(
    entries.map(([name, [options]]) => [name, JwtRequired(options)]),
  );

  describeRoutes(
    'with options',
    [
      ...entries.map(([name, [, required]]): Row => [name, required]),
      ['guard: FreshGuard / -', 'fresh token'],
      ['guard: RefreshGuard / JwtRequired', 'access token'],
      ['guard: FreshGuard / guard: AccessGuard', 'fresh token'],
      ['JwtRequired', 'access token'],
      ['JwtRequired / -', 'access token'],
      ['verifyType: false / -', 'either token'],
      ['verifyType: false / AccessGuard', 'access token'],

      ['RefreshGuard / JwtRequired', 'access token'],
      ['optional / Fresh', 'fresh token'],
      ['JwtRequired + JwtOptional', 'optional access token'],
      ['AccessGuard + JwtOptional / optional: false', 'access token'],
      ['AccessGuard + Fresh / fresh: false', 'access token'],
      ['AccessGuard / fresh', 'fresh token'],
    ],
    { words },
  );
});

describe('An optional route', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp('express', {
      controllers: routesFor(['AccessGuard + JwtOptional']),
      options: {
        locations: ['headers', 'cookies'],
        csrf: { methods: ['GET', 'POST'] },
        errorCodeKey: 'code',
        loaders: {
          tokenVerification: ({ claims }) => claims.verified !== false,
          userLookup: ({ identity }) => (identity === 'unknown' ? null : { identity }),
        },
      },
    });
  });
  afterAll(() => app.close());

  const bearer = (claims: object, secret?: string) => ({
    authorization: `Bearer ${forgeToken(accessClaims({ ...claims }), undefined, secret)}`,
  });
  const cookie = `access_token_cookie=${forgeToken(accessClaims())}`;
  const mismatch = 'CSRF double submit tokens do not match';

  it.each<[string, Record<string, string>, number, object]>([
    ['text that is no token', { authorization: 'Bearer a.b.c' }, 422, { code: 'TOKEN_INVALID' }],
    ['a token with another secret', bearer({}, 'x'), 422, { code: 'TOKEN_INVALID' }],
    ['an expired token', bearer({ exp: 1 }), 401, { code: 'TOKEN_EXPIRED' }],
    ['a refresh token', bearer({ type: 'refresh' }), 422, { code: 'TOKEN_WRONG_TYPE' }],
    ['a rejected token', bearer({ verified: false }), 400, { code: 'TOKEN_REJECTED' }],
    ['a token of an unknown user', bearer({ sub: 'unknown' }), 401, { code: 'USER_NOT_FOUND' }],
    ['a scheme without a token', { authorization: 'Bearer' }, 422, { code: 'TOKEN_INVALID' }],
    ['a cookie alone', { cookie }, 401, { msg: 'Missing CSRF token', code: 'CSRF_FAILED' }],
    [
      'a cookie with another CSRF value',
      { cookie, 'x-csrf-token': 'other' },
      401,
      { msg: mismatch, code: 'CSRF_FAILED' },
    ],
  ])('refuses %s (R53)', async (_title, headers, status, body) => {
    expect(await app.send('GET', '/route-0', { headers })).toMatchObject({ status, body });
  });

  it('refuses a revoked token (R53)', async () => {
    const token = await app.get(TokenService).createAccessToken('alice');
    await app.get(BlocklistService).revoke(token);
    expect(await app.send('GET', '/route-0', { token })).toMatchObject({
      status: 401,
      body: { msg: 'Token has been revoked', code: 'TOKEN_REVOKED' },
    });
  });

  it('ignores credentials of another scheme', async () => {
    const headers = { authorization: 'Basic YTpi' };
    expect(await app.send('GET', '/route-0', { headers })).toMatchObject({
      status: 200,
      body: 'in',
    });
  });
});

describe('@Public', () => {
  it('leaves the token of a request unread', async () => {
    const userLookup = jest.fn(() => {
      throw new Error('called');
    });
    const app = await createApp('express', {
      controllers: routesFor(['Public']),
      extras: { globalGuard: true },
      options: { loaders: { userLookup } },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/route-0', { token })).toMatchObject({ status: 200, body: 'in' });
    expect(userLookup).not.toHaveBeenCalled();
    await app.close();
  });

  it.each(['no', 0, null])('refuses %j when it is evaluated', (value) => {
    expect(() => Public(value as never)).toThrow(
      expect.objectContaining({ name: 'JwtExtendedConfigError' }),
    );
  });
});

describe('A global guard for access tokens has the same effect (R54)', () => {
  const appGuard = (provider: object): AppParts => ({
    providers: [RequestScopedGuard, { provide: APP_GUARD, ...provider } as Provider],
  });
  const factory = { useFactory: (guard: AccessGuard) => guard, inject: [AccessGuard] };
  const WAYS: Record<string, AppParts> = {
    globalGuard: { extras: { globalGuard: true } },
    'an APP_GUARD with useClass': appGuard({ useClass: AccessGuard }),
    'an APP_GUARD with useExisting': appGuard({ useExisting: AccessGuard }),
    'an APP_GUARD with useFactory': appGuard(factory),
    'an APP_GUARD of a subclass': appGuard({ useClass: OwnGuard }),
    'a request-scoped APP_GUARD with useClass': appGuard({ useClass: RequestScopedGuard }),
    'a request-scoped APP_GUARD with useExisting': appGuard({ useExisting: RequestScopedGuard }),
    useGlobalGuards: { configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)) },
    'useGlobalGuards with a guard of another kind': {
      configure: (nest) => nest.useGlobalGuards(new IndifferentGuard(), nest.get(AccessGuard)),
    },
    'globalGuard and useGlobalGuards': {
      extras: { globalGuard: true },
      configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)),
    },
  };

  for (const [way, parts] of Object.entries(WAYS))
    describeRoutes(
      `if it is registered by ${way}`,
      [
        ['-', 'access token'],
        ['RefreshGuard', 'refresh token'],
        ['RefreshGuard / -', 'refresh token'],
        ['FreshGuard', 'fresh token'],
        ['Fresh', 'fresh token'],
        ['JwtOptional', 'optional access token'],
        ['Public', 'lets everybody in'],
        ['Public / -', 'lets everybody in'],
        ['JwtRequired for refresh tokens', 'refresh token'],
      ],
      { ...parts, words: { 'JwtRequired for refresh tokens': JwtRequired({ refresh: true }) } },
    );
});
