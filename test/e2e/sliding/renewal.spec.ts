import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, UseGuards, UseInterceptors } from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import {
  AccessGuard,
  BlocklistService,
  type Claims,
  type CreateTokenPairOptions,
  JwtExtendedModule,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  SessionService,
  SlidingSessionInterceptor,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { type AppParts, createApp, type Sent } from '../../support/app.js';
import { RoomsController } from '../../support/endpoints.js';
import { throwing } from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { JwksServer } from '../../support/jwks-server.js';
import { namesIn, RENEWED, SlidingApp } from '../../support/sliding.js';
import { claimsOf, rejectionOf } from '../../support/tokens.js';
import { refusal, said, welcome } from '../../support/transport.js';
import { ringKey } from '../keys/ring-keys.js';

const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const STALE = refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
const CSRF = { csrf: 'csrf_access_token' };

const running: { close(): Promise<unknown> }[] = [];

async function start(options: JwtExtendedOptions = {}): Promise<SlidingApp> {
  const sliding = await SlidingApp.start('express', { options });
  running.push(sliding);
  return sliding;
}

/** A browser with a new session; its cookie lives for 15 minutes. */
async function logIn(
  options: JwtExtendedOptions = {},
  pair?: CreateTokenPairOptions,
  subject: unknown = 'alice',
) {
  const sliding = await start(options);
  const browser = await sliding.logIn(subject, pair);
  return {
    sliding,
    clock: sliding.clock,
    app: sliding.app,
    browser,
    visit: (path = '/room') => browser.send('GET', path),
    token: () => browser.cookie('access_token_cookie') ?? '',
    claims: (): Claims => claimsOf(browser.cookie('access_token_cookie') ?? ''),
  };
}

/** The same 10 minutes later, when its cookie is due for renewal. */
async function comeBack(...given: Parameters<typeof logIn>) {
  const session = await logIn(...given);
  session.clock.forward(600);
  return session;
}

/** Claims of a token that was delivered in a cookie, and is due 10 minutes later. */
const DELIVERED = {
  ...{ iat: NOW, nbf: NOW, exp: NOW + 900, sid: 'session', auth_time: NOW },
  grant: { cookie: true },
};

const cookieOf = (token: string) => ({ headers: { cookie: `access_token_cookie=${token}` } });

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

describe('An access cookie', () => {
  it.each<[when: string, JwtExtendedOptions, CreateTokenPairOptions, due: number, exp: number]>([
    ['half of its life is over', {}, {}, 450, 1350],
    ['half of its own life is over', {}, { accessExpiresIn: '2m' }, 60, 180],
    ['cookies.renewWithin says so', { cookies: { renewWithin: '1m' } }, {}, 840, 1740],
  ])('is renewed once %s, and not before', async (_when, options, pair, due, exp) => {
    const { clock, visit, claims } = await logIn(options, pair);
    clock.forward(due - 1);
    expect((await visit()).cookies).toEqual([]);
    clock.forward(1);

    const answer = await visit();

    expect(said(answer)).toEqual(welcome('cookies'));
    expect(answer.cookies).toEqual([
      expect.stringMatching(/^access_token_cookie=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      expect.stringMatching(/^csrf_access_token=.*; Path=\/; Secure; SameSite=Lax$/),
    ]);
    expect(claims().exp).toBe(NOW + exp);
    expect((await visit()).cookies).toEqual([]);
  });

  it('keeps identity, session, login time and csrf value', async () => {
    const { browser, visit, claims } = await comeBack();
    const { sub, sid, auth_time, csrf, jti } = claims();

    await visit();

    expect(claims()).toMatchObject({ sub, sid, auth_time, csrf, type: 'access' });
    expect(claims()).toMatchObject({ iat: NOW + 600, nbf: NOW + 600, exp: NOW + 1500 });
    expect(claims().jti).not.toBe(jti);
    expect(browser.cookie('csrf_access_token')).toBe(csrf);
  });

  it('keeps a session alive while it is used, and no longer', async () => {
    const { clock, browser, visit } = await logIn();
    for (let round = 0; round < 50; round += 1) {
      clock.forward(800);
      const answer = await browser.send('POST', '/room', CSRF);
      expect(said(answer)).toEqual({ ...welcome('cookies'), status: 201 });
    }
    clock.forward(900);

    expect(said(await visit())).toEqual(EXPIRED);
  });

  it('accepts a form that was rendered before the renewal', async () => {
    const { browser, visit } = await comeBack();
    const headers = { 'x-csrf-token': browser.cookie('csrf_access_token') ?? '' };
    await visit();
    expect((await browser.send('POST', '/room', { headers })).status).toBe(201);
  });

  it('stays fresh for as long as the first one, however often it is renewed (R34)', async () => {
    const { clock, visit, claims } = await comeBack();
    await visit();
    clock.forward(299);
    expect((await visit('/vault')).status).toBe(200);
    clock.forward(1);
    expect(said(await visit('/vault'))).toEqual(STALE);
    clock.forward(500);
    await visit();

    expect(claims()).toMatchObject({ fresh: NOW + 900, exp: NOW + 600 + 800 + 900 });
    expect(said(await visit('/vault'))).toEqual(STALE);
  });

  const custom = { plan: 'pro', limits: { seats: 3 } };
  const keyed = { userClaimsKey: 'user_claims' };
  const gold = { additionalClaims: { type: 'gold' } };

  it.each<[does: string, JwtExtendedOptions, CreateTokenPairOptions, expected: object]>([
    ['does not become fresh if it is not', {}, { fresh: false }, { fresh: false }],
    ['stays fresh for a while', {}, { fresh: '5m' }, { fresh: NOW + 300 }],
    ['stays fresh for longer than it lives', {}, { fresh: '2h' }, { fresh: NOW + 7200 }],
    ['keeps its custom claims', {}, { additionalClaims: custom }, custom],
    [
      'keeps its custom claims under userClaimsKey',
      keyed,
      gold,
      { user_claims: { type: 'gold' }, type: 'access' },
    ],
    ['gets no userClaimsKey without custom claims', keyed, {}, { user_claims: undefined }],
  ])('%s when it is renewed', async (_does, options, pair, expected) => {
    const { visit, claims } = await comeBack(options, pair);
    await visit();
    const entries = Object.keys(expected).map((name) => [name, claims()[name]]);
    expect(Object.fromEntries(entries)).toEqual(expected);
    expect(claims().exp).toBe(NOW + 1500);
  });

  it('is not renewed if it never expires', async () => {
    const { clock, visit } = await logIn({}, { accessExpiresIn: false });
    clock.forward(1_000_000);
    expect((await visit()).cookies).toEqual([]);
  });

  it('is not renewed if its token belongs to no session, or was not delivered in a cookie (R92)', async () => {
    const sliding = await start();
    const tokens = sliding.app.get(TokenService);
    const lone = await tokens.createAccessToken('alice');
    const { accessToken } = await tokens.createTokenPair('alice');
    const browsers = [await sliding.browserWith(lone), await sliding.browserOfThief(accessToken)];
    sliding.clock.forward(600);

    for (const browser of browsers)
      expect(await browser.send('GET', '/room')).toMatchObject({ status: 200, cookies: [] });
  });

  it('is renewed if its session says whether it is remembered, and a loader gives the keys', async () => {
    const loaders = { encodeKey: () => SECRET, decodeKey: () => SECRET };
    const options = { secret: undefined, algorithm: 'HS256', loaders } as const;
    const { visit } = await comeBack(options, { remember: true });

    const lines = (await visit()).cookies;

    expect(namesIn(lines)).toEqual(RENEWED);
    for (const line of lines) expect(line).toContain('; Max-Age=900;');
  });

  it('is renewed by each of several requests at once, and all tokens are accepted', async () => {
    const { app, browser, visit } = await comeBack();

    const answers = await Promise.all(Array.from({ length: 10 }, () => visit()));

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const csrf = browser.cookie('csrf_access_token') ?? '';
    for (const { cookies } of answers) {
      const [cookie = ''] = (cookies[0] ?? '').split(';');
      const headers = { cookie, 'x-csrf-token': csrf };
      expect((await app.send('POST', '/room', { headers })).status).toBe(201);
    }
  });

  it('makes the response uncacheable (R69)', async () => {
    const { sliding, visit } = await comeBack();
    sliding.play((response) => {
      const setHeader = 'setHeader' in response ? response.setHeader : response.header;
      setHeader.call(response, 'Cache-Control', 'public, max-age=3600');
      return undefined;
    });

    const answer = await visit('/passthrough');

    expect(said(answer)).toEqual({ status: 200, body: '' });
    expect(namesIn(answer.cookies)).toEqual(RENEWED);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('The renewal of access cookies', () => {
  it('ends with sessions.lifetime (R64)', async () => {
    const { clock, visit, claims } = await logIn({ sessions: { lifetime: '40m' } });
    for (const seconds of [800, 800]) {
      clock.forward(seconds);
      expect(namesIn((await visit()).cookies)).toEqual(RENEWED);
    }
    expect(claims()).toMatchObject({ auth_time: NOW, exp: NOW + 2400 });
    clock.forward(799);

    const last = await visit();
    expect(said(last)).toEqual(welcome('cookies'));
    expect(last.cookies).toEqual([]);
    clock.forward(1);
    expect(said(await visit())).toEqual(EXPIRED);
  });

  it('sets cookies that last as long as the token if cookies.session is false', async () => {
    const { visit } = await comeBack({ cookies: { session: false, accessName: 'at' } });

    expect((await visit()).cookies).toEqual([
      expect.stringMatching(/^at=eyJ.*; Max-Age=900; Path=\/; HttpOnly;/),
      expect.stringMatching(/^csrf_access_token=.*; Max-Age=900; Path=\/; Secure/),
    ]);
  });

  it('sets no csrf cookie if csrf.protect is false', async () => {
    const { visit } = await comeBack({ csrf: { protect: false } });
    expect(namesIn((await visit()).cookies)).toEqual(['access_token_cookie']);
  });

  it('calls the loader for the claims, so that a right that was taken away is gone', async () => {
    const rights = new Map<string, object>([['alice', { admin: true, plan: 'pro' }]]);
    const loaders = {
      userLookup: ({ identity }: Token) => ({ name: identity }),
      userIdentity: (user: { name: string }) => user.name,
      additionalClaims: ({ name }: { name: string }) => rights.get(name),
    };
    const { visit, claims } = await comeBack({ loaders }, {}, { name: 'alice' });
    rights.set('alice', { plan: 'free' });

    await visit();

    const { plan, admin, exp } = claims();
    expect({ plan, admin, exp }).toEqual({ plan: 'free', admin: undefined, exp: NOW + 1500 });
  });

  it('extends the session in the list of sessions', async () => {
    const { app, clock, visit } = await logIn({
      refreshTokenExpires: '20m',
      sessions: { lifetime: '30d', list: true },
    });
    const sessions = () => app.get(SessionService).list('alice');
    const [before] = await sessions();
    for (const seconds of [800, 800]) {
      clock.forward(seconds);
      await visit();
    }

    expect(before).toMatchObject({ expiresAt: new Date((NOW + 1200) * 1000) });
    expect(await sessions()).toEqual([{ ...before, expiresAt: new Date((NOW + 2500) * 1000) }]);
  });

  it.each([
    ['keeps sessions', {}],
    ['keeps none', { sessions: { value: undefined } }],
  ])(
    'leads to a session that stays ended for as long as it would have lasted, in a store that %s (R58)',
    async (_what, properties) => {
      const store = Object.defineProperties(new MemoryBlocklistStore(), properties);
      const ends: (Date | null)[] = [];
      const { replace } = store;
      store.replace = (key, expected, value, expiresAt) => {
        if (value.startsWith('ended:')) ends.push(expiresAt);
        return replace.call(store, key, expected, value, expiresAt);
      };
      const sessions = { lifetime: '200d' };
      const options = { blocklist: { store }, refreshTokenExpires: '1h', sessions };
      const { app, clock, visit, claims } = await logIn(options, { accessExpiresIn: '60d' });
      clock.forward(40 * 86_400);
      await visit();
      const { sid, exp } = claims();

      await app.get(BlocklistService).revokeSession(String(sid));

      expect(exp).toBe(NOW + 100 * 86_400);
      expect(ends).toEqual([new Date((NOW + 100 * 86_400) * 1000)]);
    },
  );
});

/** A request with tokens that are due for renewal. */
type Request = (tokens: {
  readonly access: string;
  readonly refresh: string;
  readonly csrf: string;
}) => [method: string, path: string, sent?: Sent];

describe('No cookie is renewed for a token', () => {
  const elsewhere: JwtExtendedOptions = { locations: ['query_string', 'json', 'cookies'] };
  const inOther = (token: string) => ({ headers: { cookie: `another_cookie=${token}` } });
  const inRefresh = (token: string, csrf: string) => ({
    headers: { cookie: `refresh_token_cookie=${token}`, 'x-csrf-token': csrf },
  });

  it.each<[what: string, JwtExtendedOptions, status: number, Request]>([
    ['in a header', {}, 200, ({ access }) => ['GET', '/room', { token: access }]],
    ['in the query string', elsewhere, 200, ({ access }) => ['GET', `/room?jwt=${access}`]],
    [
      'in JSON',
      elsewhere,
      201,
      ({ access }) => ['POST', '/room', { json: { access_token: access } }],
    ],
    ['in another cookie', {}, 200, ({ access }) => ['GET', '/another-cookie', inOther(access)]],
    [
      'in the cookie of refresh tokens',
      { refreshTokenExpires: '15m' },
      201,
      ({ refresh, csrf }) => ['POST', '/spend', inRefresh(refresh, csrf)],
    ],
    ['that is missing on an optional route', {}, 200, () => ['GET', '/optional']],
    ['on a route without a guard', {}, 200, ({ access }) => ['GET', '/garden', cookieOf(access)]],
  ])('%s', async (_what, options, status, request) => {
    const { app, token } = await comeBack(options);
    const tokens = app.get(TokenService);
    const access = token();
    const refresh = await tokens.createRefreshToken('alice');
    const csrf = await tokens.getCsrfToken(refresh);

    expect(await app.send(...request({ access, refresh, csrf }))).toMatchObject({
      status,
      cookies: [],
    });
  });

  it('that has expired, on a route that lets it in: its session would live again', async () => {
    const { clock, visit } = await comeBack();
    clock.forward(300);
    expect(await visit('/late')).toMatchObject({ status: 200, body: 'in', cookies: [] });
  });

  it('that was refused', async () => {
    const { app, token, visit } = await comeBack();
    await app.get(BlocklistService).revoke(token());
    expect(await visit()).toMatchObject({ status: 401, cookies: [] });
  });

  it('whose request failed', async () => {
    const { sliding, app, visit } = await comeBack();
    app.nest.useLogger(false);
    sliding.play(throwing(new Error('the kettle is empty')));
    expect(await visit('/passthrough')).toMatchObject({ status: 500, cookies: [] });
  });

  it.each<[what: string, end: (blocklist: BlocklistService, token: Token) => unknown]>([
    ['by itself', (blocklist, token) => blocklist.revoke(token)],
    ['with its session', (blocklist, { sessionId = '' }) => blocklist.revokeSession(sessionId)],
    ['with everything of its identity', (blocklist) => blocklist.revokeAllFor('alice')],
    [
      'with everything',
      (blocklist) => blocklist.revokeAllIssuedBefore(new Date((NOW + 600) * 1000)),
    ],
  ])('that is revoked while the handler runs: %s', async (_what, end) => {
    const { sliding, app, visit } = await comeBack();
    const body = { done: true };
    sliding.play(async (_response, { user }) => {
      await end(app.get(BlocklistService), user as Token);
      return body;
    });

    expect(await visit('/passthrough')).toMatchObject({ status: 200, body, cookies: [] });
  });

  it('that is revoked, even if blocklist.checks leaves access tokens out', async () => {
    const { app, token, visit } = await comeBack({ blocklist: { checks: ['refresh'] } });
    await app.get(BlocklistService).revoke(token());
    expect(await visit()).toMatchObject({ ...welcome('cookies'), cookies: [] });
  });

  it('that the isTokenRevoked loader calls revoked', async () => {
    let isRevoked = false;
    const { sliding, visit } = await comeBack({ loaders: { isTokenRevoked: () => isRevoked } });
    sliding.play(() => {
      isRevoked = true;
    });

    expect(await visit('/passthrough')).toMatchObject({ status: 200, cookies: [] });
  });

  it.each(['deny', 'allow'] as const)(
    'while the store is down, and the request succeeds all the same: onStoreError %s',
    async (onStoreError) => {
      const store = new MemoryBlocklistStore();
      const get = store.get.bind(store);
      /** How many more look-ups the store answers. */
      let answers = Infinity;
      store.get = (keys) => {
        answers -= 1;
        if (answers < 0) throw new Error('the store is down');
        return get(keys);
      };
      const { app, visit } = await comeBack({ blocklist: { store, onStoreError } });
      const warnings: string[] = [];
      const warn = (message: string) => warnings.push(message);
      app.nest.useLogger({ log() {}, error() {}, warn });

      answers = 1;
      expect(await visit()).toMatchObject({ ...welcome('cookies'), cookies: [] });
      answers = 1;
      await visit();
      expect(warnings).toEqual([
        'An access cookie could not be renewed: Token could not be checked',
      ]);
      answers = Infinity;
      expect(namesIn((await visit()).cookies)).toEqual(RENEWED);
    },
  );

  it.each(['additionalClaims', 'decodeKey'])(
    'if the %s loader fails, and the request succeeds all the same',
    async (loader) => {
      let failing = '';
      const give = (name: string, value: unknown) => (): never => {
        if (failing === name) throw new Error('the database is down');
        return value as never;
      };
      const { sliding, app, visit } = await comeBack(
        {
          secret: undefined,
          algorithm: 'HS256',
          loaders: {
            encodeKey: () => SECRET,
            decodeKey: give('decodeKey', SECRET),
            additionalClaims: give('additionalClaims', {}),
          },
        },
        { remember: false },
      );
      app.nest.useLogger(false);
      sliding.play(() => {
        failing = loader;
        return 'in';
      });

      expect(await visit('/passthrough')).toMatchObject({ status: 200, body: 'in', cookies: [] });
    },
  );

  it.each<[what: string, claims: object]>([
    ['has no type', { type: undefined }],
    ['has a type of its own', { type: 'auth' }],
    ['has an issuer', { iss: 'https://login.example.com' }],
  ])('of another service, which %s', async (_what, claims) => {
    const { app, clock } = await start({ acceptForeignTokens: true, csrf: { protect: false } });
    const token = forgeToken(accessClaims({ ...DELIVERED, ...claims }));
    clock.forward(600);
    const answer = await app.send('GET', '/room', cookieOf(token));
    expect(answer).toMatchObject({ ...welcome('cookies'), cookies: [] });
  });

  it("under another issuer's key", async () => {
    const [own, foreign] = [ringKey('own', 'ES256'), ringKey('foreign', 'RS256')];
    const issuer = await JwksServer.start(foreign.jwk());
    const iss = 'https://issuer.example';
    const issuers = [{ issuer: iss, audience: false, jwksUri: issuer.uri } as const];
    const keys = { current: own.signing };
    const sessions = { lifetime: '1d' };
    const options = { secret: undefined, keys, issuers, sessions, csrf: { protect: false } };
    const { app, clock } = await start(options);
    const cookiesFor = async (token: string) => {
      const answer = await app.send('GET', '/room', cookieOf(token));
      expect(said(answer)).toEqual(welcome('cookies'));
      return namesIn(answer.cookies);
    };
    const due = { sid: 'session', grant: { cookie: true } };
    clock.forward(600);

    expect(await cookiesFor(own.token(due))).toEqual(['access_token_cookie']);
    expect(await cookiesFor(foreign.token({ ...due, iss }))).toEqual([]);
    await issuer.stop();
  });
});

describe('SlidingSessionInterceptor', () => {
  const clock = new Clock();

  /** The cookies that these paths of an application set for a token that is due for renewal. */
  async function cookiesOn(paths: readonly string[], parts: AppParts, secret = SECRET) {
    clock.seconds = NOW;
    const sessions = { lifetime: '30d' };
    const options = { locations: ['cookies' as const], clock: clock.now, sessions };
    const app = await createApp('express', { options, ...parts });
    running.push(app);
    const claims = accessClaims(DELIVERED);
    clock.forward(600);
    const found = [];
    for (const path of paths) {
      const answer = await app.send('GET', path, cookieOf(forgeToken(claims, undefined, secret)));
      expect(said(answer)).toEqual(welcome('cookies'));
      found.push(namesIn(answer.cookies));
    }
    return found;
  }

  it("renews no cookie for a token that another module's guard let in", async () => {
    const secret = `${SECRET}-of-the-other`;
    const other = JwtExtendedModule.forRoot({
      secret,
      locations: ['cookies'],
      clock: clock.now,
      isGlobal: false,
    });
    @Module({ imports: [other], controllers: [RoomsController] })
    class OtherModule {}
    const providers = [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }];

    expect(await cookiesOn(['/room'], { imports: [OtherModule], providers }, secret)).toEqual([[]]);
  });

  it('works on one handler', async () => {
    @UseGuards(AccessGuard)
    @Controller('lodge')
    class LodgeController {
      @UseInterceptors(SlidingSessionInterceptor)
      @Get('kept')
      kept() {
        return welcome('cookies').body;
      }

      @Get('left')
      left() {
        return welcome('cookies').body;
      }
    }
    const controllers = [LodgeController];

    expect(await cookiesOn(['/lodge/kept', '/lodge/left'], { controllers })).toEqual([RENEWED, []]);
  });

  it('can be extended by a subclass', async () => {
    @Injectable()
    class Extended extends SlidingSessionInterceptor {
      constructor(readonly reflector: Reflector) {
        super();
      }
    }
    const providers = [{ provide: APP_INTERCEPTOR, useClass: Extended }];
    const controllers = [RoomsController];

    expect(await cookiesOn(['/room'], { controllers, providers })).toEqual([RENEWED]);
  });

  it('renews once if it is registered twice', async () => {
    const interceptor = { provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor };
    const providers = [interceptor, interceptor];
    const controllers = [RoomsController];
    expect(await cookiesOn(['/room'], { controllers, providers })).toEqual([RENEWED]);
  });

  it.each<[where: string, AppParts]>([
    [
      'the application',
      { providers: [{ provide: APP_INTERCEPTOR, useClass: SlidingSessionInterceptor }] },
    ],
    ['PagesController', { controllers: [pagesWith(UseInterceptors(SlidingSessionInterceptor))] }],
    [
      'PagesController.page',
      { controllers: [pagesWith(undefined, UseInterceptors(SlidingSessionInterceptor))] },
    ],
  ])('on %s without sessions.lifetime is a mistake at start', async (where, parts) => {
    const failure = await rejectionOf(createApp('express', parts));
    expect(failure).toMatchObject({
      name: 'JwtExtendedConfigError',
      message: expect.stringMatching(
        `^SlidingSessionInterceptor on ${where} needs the option sessions: { lifetime }`,
      ) as unknown,
    });
  });
});

/** A controller with decorators of its own on the class or on the handler. */
function pagesWith(onClass?: ClassDecorator, onHandler?: MethodDecorator) {
  @Controller('pages')
  class PagesController {
    @Get()
    page() {
      return 'in';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(PagesController.prototype, 'page');
  onClass?.(PagesController);
  onHandler?.(PagesController.prototype, 'page', descriptor!);
  return PagesController;
}
