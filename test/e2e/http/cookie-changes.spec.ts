import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  AccessGuard,
  BlocklistService,
  FreshGuard,
  JwtOptional,
  LogoutGuard,
  RefreshGuard,
  SlidingSessionInterceptor,
  type TokenLocation,
  type TokenType,
} from '../../../src/index.js';
import { ADAPTERS, type Answer, type RunningApp } from '../../support/app.js';
import { startEndpoints } from '../../support/endpoints.js';
import { accessClaims, Clock, forgeToken, NOW } from '../../support/forge.js';
import { namesIn } from '../../support/sliding.js';

@Controller('site')
class SiteController {
  @UseGuards(AccessGuard)
  @Get('access')
  look() {
    return 'in';
  }

  @UseGuards(AccessGuard)
  @Post('access')
  access() {
    return 'in';
  }

  @UseGuards(FreshGuard)
  @Post('fresh')
  fresh() {
    return 'in';
  }

  @UseGuards(AccessGuard)
  @JwtOptional()
  @Post('optional')
  optional() {
    return 'in';
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  refresh() {
    return 'in';
  }

  @UseGuards(LogoutGuard)
  @Post('leave')
  leave() {
    return 'in';
  }
}

/** What the test knows about a token that it made. */
interface Made {
  readonly text: string;
  readonly type: TokenType;
  readonly state: 'good' | 'expired' | 'revoked' | 'bad';
  readonly user: string;
  readonly csrf: string;
}

const otherThan = (type: TokenType) => (type === 'access' ? 'refresh' : 'access');

/** A token that is due for renewal, made without the library. */
function make(
  type: TokenType,
  state: Made['state'] = 'good',
  user = 'alice',
  secret?: string,
): Made {
  const csrf = randomUUID();
  const life = { access: 900, refresh: 86_400 }[type];
  const text = forgeToken(
    accessClaims({
      ...{
        type,
        csrf,
        sub: user,
        sid: randomUUID(),
        fresh: type === 'access',
        grant: { cookie: true },
      },
      ...{ iat: NOW, nbf: NOW, auth_time: NOW, exp: NOW + (state === 'expired' ? 300 : life) },
    }),
    undefined,
    secret,
  );
  return { text, type, state, user, csrf };
}

const junk = (text: string): Made => ({ text, type: 'access', state: 'bad', user: '', csrf: 'x' });
const EMPTY = junk('');

/** The cookies of one name. */
const COOKIES: Readonly<Record<string, (type: TokenType) => readonly Made[]>> = {
  'is missing': () => [],
  'is empty': () => [EMPTY],
  'is good': (type) => [make(type)],
  'is there twice': (type) => Array<Made>(2).fill(make(type)),
  'has expired': (type) => [make(type, 'expired')],
  'was revoked': (type) => [make(type, 'revoked')],
  'is junk': () => [junk('a.b.c')],
  'has another key': (type) => [make(type, 'bad', 'alice', 'x'.repeat(64))],
  'is of the other type': (type) => [make(otherThan(type))],
  "is another user's": (type) => [make(type, 'good', 'bob')],
  'has a second value': (type) => [make(type), junk('a.b.c')],
  'has a first value': (type) => [junk('a.b.c'), make(type)],
  "is beside another user's": (type) => [make(type), make(type, 'good', 'bob')],
  'has a second, empty value': (type) => [make(type), EMPTY],
  'has a first, empty value': (type) => [EMPTY, make(type)],
  'has three values': (type) => [make(type), make(type), make(type)],
};

interface Beside {
  readonly location: TokenLocation;
  readonly token: Made;
}

/** What is sent beside the cookies. */
const BESIDE: Readonly<Record<string, (type: TokenType, cookie?: Made) => Beside | undefined>> = {
  nothing: () => undefined,
  'junk in the header': () => ({ location: 'headers', token: junk('a.b.c') }),
  'a token in the header': (type) => ({ location: 'headers', token: make(type) }),
  'the same token in the header': (type, cookie = make(type)) => ({
    location: 'headers',
    token: cookie,
  }),
  'junk in the query': () => ({ location: 'query_string', token: junk('a.b.c') }),
  'a token in the query': (type) => ({ location: 'query_string', token: make(type) }),
  'junk in JSON': () => ({ location: 'json', token: junk('a.b.c') }),
  'a token in JSON': (type) => ({ location: 'json', token: make(type) }),
};

interface Request {
  readonly cookies: Readonly<Record<TokenType, readonly Made[]>>;
  readonly beside: Beside | undefined;
  readonly csrf: string | undefined;
}

/** The CSRF value that is sent. */
const CSRF: Readonly<Record<string, (request: Omit<Request, 'csrf'>) => string | undefined>> = {
  no: () => undefined,
  'a wrong': () => randomUUID(),
  "the access token's": ({ cookies }) => cookies.access.find(({ text }) => text)?.csrf,
  "the refresh token's": ({ cookies }) => cookies.refresh.find(({ text }) => text)?.csrf,
  "another token's": ({ beside }) => (beside?.token ?? make('access')).csrf,
};

interface Route {
  readonly method: string;
  readonly path: string;
  readonly takes: TokenType | 'logout';
  readonly isOptional?: boolean;
}

const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/site/access', takes: 'access' },
  { method: 'POST', path: '/site/access', takes: 'access' },
  { method: 'POST', path: '/site/fresh', takes: 'access' },
  { method: 'POST', path: '/site/optional', takes: 'access', isOptional: true },
  { method: 'POST', path: '/site/refresh', takes: 'refresh' },
  { method: 'POST', path: '/site/leave', takes: 'logout' },
  { method: 'POST', path: '/auth/refresh', takes: 'refresh' },
  { method: 'POST', path: '/auth/logout', takes: 'logout' },
];

/* The model: what has to come of a request, told from the documentation alone. */

interface Found {
  readonly location: TokenLocation;
  /** `undefined` for a cookie with several values. */
  readonly token: Made | undefined;
}

/** A code of a refusal, or the token that was let in, or that was refused although its CSRF value matched. */
interface Verdict {
  readonly code?: string;
  readonly found?: Found | undefined;
  readonly isMatched?: boolean;
}

function search(request: Request, type: TokenType, locations: readonly TokenLocation[]) {
  let passed: { location: TokenLocation; token: Made } | undefined;
  for (const location of locations) {
    if (location !== 'cookies' && request.beside?.location === location) {
      passed = { location, token: request.beside.token };
      if (!isPassedOver(passed, type)) return passed;
    }
    if (location !== 'cookies') continue;
    const values = new Set(request.cookies[type].map(({ text }) => text));
    if ([...values].join('') === '') continue;
    return { location, token: values.size > 1 ? undefined : request.cookies[type][0] };
  }
  return passed;
}

/** Where a refresh token is asked for, an access token in the header or the URL gives way to a token in a later location. */
function isPassedOver(
  { location, token }: { location: TokenLocation; token: Made },
  type: TokenType,
) {
  return (
    type === 'refresh' && token.type === 'access' && token.state !== 'bad' && location !== 'json'
  );
}

function judge(
  found: Found | undefined,
  { method, takes }: Pick<Route, 'method' | 'takes'>,
  csrf: string | undefined,
): Verdict {
  if (!found) return { code: 'TOKEN_MISSING' };
  const { location, token } = found;
  const isProtected = location === 'cookies' && method === 'POST';
  if (isProtected && csrf === undefined) return { code: 'CSRF_FAILED' };
  if (!token || token.state === 'bad') return { code: 'TOKEN_INVALID' };
  if (isProtected && csrf !== token.csrf) return { code: 'CSRF_FAILED' };
  const seen = { found, isMatched: isProtected };
  if (token.state === 'expired' && takes !== 'logout') return { code: 'TOKEN_EXPIRED', ...seen };
  if (takes !== 'logout' && token.type !== takes) return { code: 'TOKEN_WRONG_TYPE', ...seen };
  return token.state === 'revoked' ? { code: 'TOKEN_REVOKED', ...seen } : seen;
}

function judgeLogout(request: Request, route: Route, locations: readonly TokenLocation[]): Verdict {
  const { csrf } = request;
  const first = search(request, 'access', locations);
  if (!first) return judge(search(request, 'refresh', locations), route, csrf);
  const verdict = judge(first, route, csrf);
  if (!verdict.code || first.location !== 'cookies' || csrf === undefined || !first.token)
    return verdict;
  // The refresh cookie counts if the access token is dead.
  if (verdict.code === 'CSRF_FAILED' && ['good', 'expired'].includes(first.token.state))
    return verdict;
  const second = search(request, 'refresh', ['cookies']);
  if (second?.token?.type !== 'refresh') return verdict;
  const other = judge(second, route, csrf);
  return other.code ? verdict : other;
}

const NAMES = {
  access: ['access_token_cookie', 'csrf_access_token'],
  refresh: ['refresh_token_cookie', 'csrf_refresh_token'],
};
const ALL_NAMES = [...NAMES.access, ...NAMES.refresh];

/** The cookies that an answer has to change: all of these, and no others. */
function changesOf({ code, found, isMatched }: Verdict, route: Route, { cookies }: Request) {
  if (found?.location !== 'cookies' || !found.token) return [];
  const { type, user } = found.token;
  if (route.path === '/auth/logout') {
    if (code !== undefined && !isMatched) return [];
    const other = otherThan(type);
    const isForeign = cookies[other].some((each) => each.user !== user && each.state !== 'bad');
    return isForeign ? NAMES[type] : ALL_NAMES;
  }
  if (code !== undefined) return [];
  if (route.path === '/auth/refresh') return ALL_NAMES;
  return type === 'access' && found.token.state === 'good' ? NAMES.access : [];
}

/** Every combination for a route; each application takes another part of them, and all that leave little out. */
function requestsFor({ takes, method }: Route, part: number) {
  const type = takes === 'logout' ? 'access' : takes;
  const rows: [title: string, request: Request][] = [];
  const isPlain = (access: string, refresh: string, beside: string) =>
    part % 2 === 0 &&
    beside === 'nothing' &&
    (takes === 'refresh' ? access : refresh) === 'is good';
  let index = 0;
  for (const [access, accessOf] of Object.entries(COOKIES))
    for (const [refresh, refreshOf] of Object.entries(COOKIES))
      for (const [csrf, csrfOf] of Object.entries(CSRF))
        for (const [beside, besideOf] of Object.entries(BESIDE)) {
          index += 1;
          if (index % 97 !== part && !isPlain(access, refresh, beside)) continue;
          if (method === 'GET' && beside.includes('JSON')) continue;
          const cookies = { access: accessOf('access'), refresh: refreshOf('refresh') };
          const given = { cookies, beside: besideOf(type, cookies[type][0]) };
          const title = `the access cookie ${access}, the refresh cookie ${refresh}, ${csrf} CSRF value, ${beside}`;
          rows.push([title, { ...given, csrf: csrfOf(given) }]);
        }
  return rows;
}

function sendTo(
  app: RunningApp,
  { method, path }: Pick<Route, 'method' | 'path'>,
  request: Request,
) {
  const { cookies, beside, csrf } = request;
  const pairs = (['access', 'refresh'] as const).flatMap((type) =>
    cookies[type].map(({ text }) => `${type}_token_cookie=${text}`),
  );
  const { location, token } = beside ?? {};
  return app.send(method, location === 'query_string' ? `${path}?jwt=${token?.text}` : path, {
    ...(location === 'headers' && { token: token?.text }),
    ...(location === 'json' && { json: { access_token: token?.text, refresh_token: token?.text } }),
    headers: { cookie: pairs.join('; '), ...(csrf !== undefined && { 'x-csrf-token': csrf }) },
  });
}

const ORDERS: readonly (readonly TokenLocation[])[] = [
  ['cookies', 'headers', 'query_string', 'json'],
  ['headers', 'query_string', 'json', 'cookies'],
];
const APPS = ADAPTERS.flatMap((adapter, index) =>
  ORDERS.map((locations, order) => ({ adapter, locations, part: 2 * index + order })),
);

describe.each(APPS)(
  'R85: On $adapter, with locations $locations',
  ({ adapter, locations, part }) => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await startEndpoints(adapter, {
        controllers: [SiteController],
        providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }],
        options: { locations, clock: new Clock(NOW + 600).now, sessions: { lifetime: '30d' } },
      });
    });
    afterAll(() => app.close());

    async function answersTo(
      rows: ReturnType<typeof requestsFor>,
      route: Pick<Route, 'method' | 'path'>,
      check: (request: Request, answer: Answer) => readonly [expected: unknown, actual: unknown],
    ) {
      const blocklist = app.get(BlocklistService);
      const wrong: unknown[] = [];
      const work = rows.values();
      const worker = async () => {
        for (const [title, request] of work) {
          const { cookies, beside } = request;
          for (const { text, state } of [
            ...cookies.access,
            ...cookies.refresh,
            ...(beside ? [beside.token] : []),
          ])
            if (state === 'revoked') await blocklist.revoke(text);
          const [expected, actual] = check(request, await sendTo(app, route, request));
          if (!isDeepStrictEqual(expected, actual)) wrong.push({ title, expected, actual });
        }
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      expect(wrong).toEqual([]);
    }

    it.each(ROUTES)(
      '$method $path changes no cookie without the CSRF value of the token in it, and asks for that value first',
      async (route) => {
        await answersTo(requestsFor(route, part), route, (request, answer) => {
          const verdict =
            route.takes === 'logout'
              ? judgeLogout(request, route, locations)
              : judge(search(request, route.takes, locations), route, request.csrf);
          const code =
            route.isOptional && verdict.code === 'TOKEN_MISSING' ? undefined : verdict.code;
          const { body, status } = answer;
          const challenge =
            'Bearer error="invalid_request", error_description="The CSRF token is missing or wrong"';
          const isUnasked = code === 'CSRF_FAILED' && request.csrf === undefined;
          return [
            {
              code,
              cookies: [...changesOf(verdict, route, request)].sort(),
              ...(isUnasked && {
                status: 401,
                body: { msg: 'Missing CSRF token', code },
                challenge,
              }),
            },
            {
              code: status < 300 ? undefined : (body as { code?: string }).code,
              cookies: [...namesIn(answer.cookies)].sort(),
              ...(isUnasked && { status, body, challenge: answer.headers.get('www-authenticate') }),
            },
          ];
        });
      },
    );

    it('POST /auth that refuses a login changes no cookie, and says the same whatever cookies there are', async () => {
      const route = { method: 'POST', path: '/auth', takes: 'access' } as const;
      const rows = requestsFor(route, part).filter((_row, index) => index % 7 === 0);
      await answersTo(rows, route, (_request, { status, body, cookies }) => [
        {
          status: 401,
          body: { msg: 'Bad username or password', code: 'CREDENTIALS_INVALID' },
          cookies: [],
        },
        { status, body, cookies: [...cookies] },
      ]);
    });
  },
);
