import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  BlocklistService,
  type BlocklistStore,
  MemoryBlocklistStore,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, type RunningApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { ALICE, pairIn } from '../../support/endpoints.js';
import { hanging } from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, NOW } from '../../support/forge.js';
import { ErrorLog } from '../../support/routes.js';
import { claimsOf } from '../../support/tokens.js';
import {
  carrying,
  csrfFailed,
  invalid,
  missing,
  refusal,
  said,
  welcome,
} from '../../support/transport.js';
import { ALL_COOKIES, inBrowser, login, shown, start, uncached } from './endpoint-apps.js';

const REFRESHED = { status: 200, body: { msg: 'Successfully refreshed' } };
const DONE = { status: 200, body: { msg: 'Successfully logged out' } };
const REVOKED = refusal(401, 'TOKEN_REVOKED', 'Token has been revoked');
const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const REUSED = refusal(401, 'TOKEN_REUSED', 'Token has been revoked');
const STALE = refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
const UNAVAILABLE = refusal(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');
const NO_CSRF = csrfFailed('Missing CSRF token');
const MISMATCH = csrfFailed('CSRF double submit tokens do not match');

const foreignToken = () => forgeToken(accessClaims(), undefined, 'x'.repeat(64));

const refreshed = (app: RunningApp, token?: string) => app.send('POST', '/auth/refresh', { token });
const logOut = (app: RunningApp, token?: string) => app.send('POST', '/auth/logout', { token });

/** What a route answers to an access token. */
const visit = async (app: RunningApp, token?: string, path = '/room') =>
  said(await app.send('GET', path, { token }));

describe.each(ADAPTERS)('POST /auth/refresh on %s', (adapter) => {
  const clock = new Clock();
  let app: RunningApp;

  beforeAll(async () => {
    app = await start(adapter, { options: { clock: clock.now, locations: ['headers', 'json'] } });
  });

  it('rotates a refresh token into a pair of the same session that is not fresh', async () => {
    const { refresh } = await login(app);
    clock.forward(60);

    const answer = await refreshed(app, refresh);

    const second = pairIn(answer.body);
    const { sid, auth_time } = claimsOf(refresh);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(auth_time).toBe(NOW);
    expect(claimsOf(second.access)).toMatchObject({ sub: 'alice', sid, auth_time, fresh: false });
    expect(await visit(app, second.access)).toEqual(welcome('headers'));
    expect(await visit(app, second.access, '/vault')).toEqual(STALE);
  });

  it('accepts the token from every configured location', async () => {
    const { method, sent } = carrying('json', (await login(app)).refresh, 'refresh');
    const answer = await app.send(method, '/auth/refresh', sent);
    expect(answer.status).toBe(200);
    expect(pairIn(answer.body).refresh).toMatch(/^eyJ/);
  });

  it('ends the session if a rotated token is used again (R60)', async () => {
    const { refresh } = await login(app);
    const second = pairIn((await refreshed(app, refresh)).body);
    clock.forward(10);
    expect(shown(await refreshed(app, refresh))).toEqual(uncached(REUSED));
    expect(await visit(app, second.access)).toEqual(REVOKED);
  });

  it.each<[what: string, present: () => unknown, refused: ReturnType<typeof refusal>]>([
    [
      'nothing',
      () => undefined,
      missing(
        'Missing JWT in headers or json (Missing Authorization Header; Invalid content-type. Must be application/json.)',
      ),
    ],
    ['text that is not a token', () => 'a.b.c', invalid('Invalid header padding')],
    [
      'an access token (R55)',
      async () => (await login(app)).access,
      refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed'),
    ],
    [
      'an expired token',
      () => app.get(TokenService).createRefreshToken('alice', { expiresIn: -1 }),
      refusal(401, 'TOKEN_EXPIRED', 'Token has expired'),
    ],
  ])('refuses %s as a RefreshGuard does', async (_what, present, refused) => {
    const answer = await refreshed(app, (await present()) as string | undefined);
    expect(shown(answer)).toEqual(uncached(refused));
    expect(answer.headers.has('www-authenticate')).toBe(refused.status === 401);
  });

  it('looks the user up, so that a deleted user cannot refresh (R52)', async () => {
    const users = new Set(['alice']);
    const userLookup = ({ identity }: { identity: string }) =>
      users.has(identity) ? { identity } : null;
    const own = await start(adapter, { options: { loaders: { userLookup } } });
    const { refresh } = await login(own);
    users.clear();

    expect(said(await refreshed(own, refresh))).toEqual(
      refusal(401, 'USER_NOT_FOUND', 'Error loading the user alice'),
    );
  });
});

describe.each(ADAPTERS)('POST /auth/refresh with tokens in cookies, on %s', (adapter) => {
  const CSRF = { csrf: 'csrf_refresh_token' };
  let first: RunningApp;
  let second: RunningApp;

  beforeAll(async () => {
    first = await start(adapter, { options: { locations: ['cookies'] } });
    second = await start(adapter, { options: { locations: ['headers', 'cookies'] } });
  });

  it('sets new cookies and leaves the tokens out of the body', async () => {
    const browser = await inBrowser(first);
    const before = browser.cookie('refresh_token_cookie');

    expect(said(await browser.send('POST', '/auth/refresh', CSRF))).toEqual(REFRESHED);
    expect(browser.cookie('refresh_token_cookie')).not.toBe(before);
    expect(said(await browser.send('GET', '/room'))).toEqual(welcome('cookies'));
    expect(said(await browser.send('POST', '/auth/refresh', CSRF))).toEqual(REFRESHED);
  });

  it('sets new cookies for a token from a cookie even if cookies are not the first location', async () => {
    const browser = new Browser(second);
    const { refresh } = await login(second);
    browser.keep('refresh_token_cookie', refresh);
    browser.keep('csrf_refresh_token', String(claimsOf(refresh).csrf));

    const answer = await browser.send('POST', '/auth/refresh', CSRF);

    expect(shown(answer)).toEqual({ ...uncached(REFRESHED), cookies: ALL_COOKIES });
  });

  it('returns the pair in the body for a token from a header if cookies are not the first location', async () => {
    const answer = await refreshed(second, (await login(second)).refresh);
    expect(pairIn(answer.body).access).toMatch(/^eyJ/);
    expect(answer.cookies).toEqual([]);
  });

  it.each([
    ['no CSRF value', undefined, NO_CSRF],
    ['the CSRF value of the access token', 'csrf_access_token', MISMATCH],
  ])('refuses the cookie with %s and rotates nothing (R44)', async (_what, csrf, refused) => {
    const browser = await inBrowser(first);
    const answer = await browser.send('POST', '/auth/refresh', { csrf });
    expect(shown(answer)).toEqual(uncached(refused));
    expect(said(await browser.send('POST', '/auth/refresh', CSRF))).toEqual(REFRESHED);
  });
});

/** A store that fails, hangs or forgets on demand. */
class MoodyStore implements BlocklistStore {
  mood: 'well' | 'down' | 'hanging' = 'well';
  /** How many more entries the store adds before it is full. */
  keeps = Infinity;
  readonly #memory = new MemoryBlocklistStore();
  readonly replace = this.#memory.replace.bind(this.#memory);
  readonly get = this.#memory.get.bind(this.#memory);
  readonly delete = this.#memory.delete.bind(this.#memory);

  async add(...entry: Parameters<BlocklistStore['add']>) {
    this.keeps -= 1;
    if (this.keeps < 0) throw new Error('the store is full');
    if (this.mood === 'down') throw new Error('the store is down');
    return this.mood === 'hanging' ? hanging() : this.#memory.add(...entry);
  }
}

describe.each(ADAPTERS)('POST /auth/logout on %s', (adapter) => {
  const clock = new Clock();
  let app: RunningApp;

  beforeAll(async () => {
    app = await start(adapter, { options: { clock: clock.now } });
  });

  it.each(['access', 'refresh'] as const)(
    'ends the session of the %s token that it is called with, and so both tokens',
    async (type) => {
      const pair = await login(app);
      const other = await login(app);

      expect(shown(await logOut(app, pair[type]))).toEqual(uncached(DONE));
      expect(await visit(app, pair.access)).toEqual(REVOKED);
      expect(said(await refreshed(app, pair.refresh))).toEqual(REVOKED);
      expect(await visit(app, other.access)).toEqual(welcome('headers'));
    },
  );

  it('revokes only the token itself if it has no session', async () => {
    const tokens = app.get(TokenService);
    const access = await tokens.createAccessToken('alice');
    const another = await tokens.createAccessToken('alice');

    expect(said(await logOut(app, access))).toEqual(DONE);
    expect(await visit(app, access)).toEqual(REVOKED);
    expect(await visit(app, another)).toEqual(welcome('headers'));
  });

  it('accepts an expired token, which still identifies its session', async () => {
    const pair = await login(app);
    clock.forward(900);
    expect(said(await logOut(app, pair.access))).toEqual(DONE);
    expect(said(await refreshed(app, pair.refresh))).toEqual(REVOKED);
  });

  it.each([
    ['no token', async () => undefined, missing('Missing Authorization Header')],
    ['text that is not a token', async () => 'a.b.c', invalid('Invalid header padding')],
    [
      'a token of another key',
      async () => foreignToken(),
      invalid('Signature verification failed'),
    ],
    [
      'a revoked token',
      async () => {
        const { access } = await login(app);
        await app.get(BlocklistService).revoke(access);
        return access;
      },
      REVOKED,
    ],
    [
      'a token whose session was ended, expired or not',
      async () => {
        const { access } = await login(app);
        await logOut(app, access);
        clock.forward(900);
        return access;
      },
      REVOKED,
    ],
  ])('refuses %s as a guard does', async (_what, present, refused) => {
    expect(shown(await logOut(app, await present()))).toEqual(uncached(refused));
  });

  it('ends the session of an access token that expired no longer ago than a refresh token lives', async () => {
    const { access } = await login(app);
    const { access: late } = await login(app);
    clock.forward(900 + 30 * 86_400 - 1);
    expect(said(await logOut(app, access))).toEqual(DONE);
    clock.forward(1);
    expect(said(await logOut(app, late))).toEqual(EXPIRED);
  });

  it('ends the session of a rotated refresh token too and reports its reuse', async () => {
    const { refresh } = await login(app);
    const second = pairIn((await refreshed(app, refresh)).body);
    clock.forward(10);
    expect(said(await logOut(app, refresh))).toEqual(REUSED);
    expect(await visit(app, second.access)).toEqual(REVOKED);
  });

  it('ends the tokens that a refresh token without a session was rotated into', async () => {
    const token = await app.get(TokenService).createRefreshToken('alice');
    const { access, refresh } = pairIn((await refreshed(app, token)).body);
    expect(said(await logOut(app, token))).toEqual(DONE);
    expect(await visit(app, access)).toEqual(REVOKED);
    expect(said(await refreshed(app, refresh))).toEqual(REVOKED);
  });

  it('ends a token that has neither a session nor a jti, and no other', async () => {
    const own = await start(adapter, { options: { acceptForeignTokens: true } });
    const [token, other] = ['alice', 'bob'].map((sub) =>
      forgeToken(accessClaims({ jti: undefined, sub })),
    ) as [string, string];
    expect(said(await logOut(own, token))).toEqual(DONE);
    expect(await visit(own, token)).toEqual(REVOKED);
    expect((await visit(own, other)).status).toBe(200);
  });

  it('can be repeated if the store did not acknowledge its write', async () => {
    const store = new MoodyStore();
    const own = await start(adapter, { options: { blocklist: { store } } });
    own.nest.useLogger(new ErrorLog());
    const token = await own.get(TokenService).createRefreshToken('alice');
    const { access } = pairIn((await refreshed(own, token)).body);
    store.keeps = 0;

    expect((await logOut(own, token)).status).toBe(503);
    store.keeps = Infinity;
    expect(said(await logOut(own, token))).toEqual(DONE);
    expect(await visit(own, access)).toEqual(REVOKED);
    expect(said(await logOut(own, token))).toEqual(REVOKED);
  });

  it.each(['down', 'hanging'] as const)(
    'fails with 503 while the store is %s and keeps the cookies for another try (R57)',
    async (mood) => {
      const store = new MoodyStore();
      const blocklist = { store, timeout: '50ms' };
      const own = await start(adapter, { options: { locations: ['cookies'], blocklist } });
      own.nest.useLogger(new ErrorLog());
      const browser = await inBrowser(own);
      const attempt = () => browser.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });
      store.mood = mood;

      expect(shown(await attempt())).toEqual(uncached(UNAVAILABLE));
      store.mood = 'well';
      expect(said(await browser.send('GET', '/room'))).toEqual(welcome('cookies'));
      expect(said(await attempt())).toEqual(DONE);
      expect(said(await browser.send('POST', '/auth/logout'))).toEqual(
        missing('Missing cookie "access_token_cookie"'),
      );
    },
  );
});

describe.each(ADAPTERS)('POST /auth/logout with tokens in cookies, on %s', (adapter) => {
  const clock = new Clock();
  let app: RunningApp;

  beforeAll(async () => {
    app = await start(adapter, {
      options: { locations: ['headers', 'cookies'], clock: clock.now },
    });
  });

  /** A browser with the cookies of a user, although the first location of this application is the header. */
  async function cookiesOf(username = 'alice') {
    const { access, refresh } = await login(app, { ...ALICE, username });
    const browser = new Browser(app);
    for (const [type, token] of Object.entries({ access, refresh })) {
      browser.keep(`${type}_token_cookie`, token);
      browser.keep(`csrf_${type}_token`, String(claimsOf(token).csrf));
    }
    const leave = (csrf?: string) => browser.send('POST', '/auth/logout', { csrf });
    return { browser, access, refresh, leave };
  }

  it('ends the session and clears all cookies', async () => {
    const { browser, access, refresh, leave } = await cookiesOf();

    const answer = await leave('csrf_access_token');

    expect(shown(answer)).toEqual({ ...uncached(DONE), cookies: ALL_COOKIES });
    expect(browser.cookies).toEqual([]);
    expect(await visit(app, access)).toEqual(REVOKED);
    expect(said(await refreshed(app, refresh))).toEqual(REVOKED);
  });

  it.each([
    ['access', 'refresh'],
    ['refresh', 'access'],
  ] as const)(
    "leaves another user's cookies alone if its CSRF value speaks for the %s token (R85)",
    async (own, other) => {
      const { browser, leave } = await cookiesOf();
      const { refresh, access } = await login(app, { ...ALICE, username: 'bob' });
      const theirs = { access, refresh }[other];
      browser.keep(`${other}_token_cookie`, theirs);
      if (other === 'access') await app.get(BlocklistService).revoke(access);

      expect(said(await leave(`csrf_${own}_token`))).toEqual(DONE);

      expect(browser.cookies).toEqual([`${other}_token_cookie`, `csrf_${other}_token`].sort());
    },
  );

  it.each([
    ['only the refresh cookie', 'csrf_refresh_token', ['access_token_cookie']],
    ['an access cookie that has expired', 'csrf_access_token', []],
  ])('accepts %s', async (_what, csrf, forgotten) => {
    const { browser, refresh, leave } = await cookiesOf();
    browser.forget(...forgotten);
    clock.forward(900);

    expect(said(await leave(csrf))).toEqual(DONE);
    expect(browser.cookies).toEqual([]);
    expect(said(await refreshed(app, refresh))).toEqual(REVOKED);
  });

  it.each([
    ['both cookies', undefined, [], NO_CSRF],
    ['both cookies', 'csrf_refresh_token', [], MISMATCH],
    ['only the refresh cookie', undefined, ['access_token_cookie'], NO_CSRF],
    ['only the refresh cookie', 'csrf_access_token', ['access_token_cookie'], MISMATCH],
  ])('refuses %s with the CSRF value %s (R43)', async (_what, csrf, forgotten, refused) => {
    const { browser, access, leave } = await cookiesOf();
    browser.forget(...forgotten);
    expect(shown(await leave(csrf))).toEqual(uncached(refused));
    expect(await visit(app, access)).toEqual(welcome('headers'));
  });

  it('needs the CSRF value for an expired cookie too', async () => {
    const { refresh, leave } = await cookiesOf();
    clock.forward(900);
    expect(said(await leave())).toEqual(NO_CSRF);
    expect((await refreshed(app, refresh)).status).toBe(200);
  });

  it.each<[what: string, spoil: (browser: Browser, access: string) => unknown]>([
    ['holds no token', (browser) => browser.keep('access_token_cookie', 'a.b.c')],
    [
      'is of a key that is no longer known',
      (browser) => browser.keep('access_token_cookie', foreignToken()),
    ],
    ['was revoked by itself', (_browser, access) => app.get(BlocklistService).revoke(access)],
  ])(
    'ends the session of the refresh cookie if the access cookie %s, with the CSRF value of the refresh token',
    async (_what, spoil) => {
      const { browser, access, refresh, leave } = await cookiesOf();
      await spoil(browser, access);

      expect(said(await leave('csrf_refresh_token'))).toEqual(DONE);

      expect(browser.cookies).toEqual([]);
      expect(said(await refreshed(app, refresh))).toEqual(REVOKED);
    },
  );

  it.each<[what: string, csrf: 'access' | 'refresh', hasRefresh: boolean, refused: object | null]>([
    ['with its own CSRF value', 'access', true, EXPIRED],
    ['with the CSRF value of the refresh token', 'refresh', true, null],
    ['alone', 'access', false, EXPIRED],
  ])(
    'takes the refresh cookie beside an access cookie that expired long ago, %s',
    async (_what, csrf, hasRefresh, refused) => {
      const { browser, access, leave } = await cookiesOf();
      clock.forward(20 * 86_400);
      await browser.send('POST', '/auth/refresh', { csrf: 'csrf_refresh_token' });
      clock.forward(20 * 86_400);
      browser.keep('access_token_cookie', access);
      browser.keep('csrf_access_token', String(claimsOf(access).csrf));
      if (!hasRefresh) browser.forget('refresh_token_cookie');
      const refresh = browser.cookie('refresh_token_cookie');

      expect(said(await leave(`csrf_${csrf}_token`))).toEqual(refused ?? DONE);

      if (!refused) expect(browser.cookies).toEqual([]);
      if (refresh) expect((await refreshed(app, refresh)).status).toBe(refused ? 200 : 401);
    },
  );

  it.each<
    [
      what: string,
      bearer: 'expired' | 'revoked' | 'refresh' | 'nonsense',
      csrf: string | undefined,
      refused: object | null,
    ]
  >([
    ['expired long ago', 'expired', 'csrf_refresh_token', null],
    ['expired long ago, without a CSRF value', 'expired', undefined, EXPIRED],
    ['expired long ago, with another CSRF value', 'expired', 'csrf_access_token', EXPIRED],
    ['was revoked', 'revoked', 'csrf_refresh_token', REVOKED],
    ['is an expired refresh token', 'refresh', 'csrf_refresh_token', EXPIRED],
    ['is no token', 'nonsense', 'csrf_refresh_token', invalid('Not enough segments')],
  ])(
    'looks at the refresh cookie beside a bearer token only if that is an expired access token: it %s',
    async (_what, bearer, csrf, refused) => {
      const old = await login(app);
      clock.forward(70 * 86_400);
      const { browser, refresh } = await cookiesOf();
      const revoked = await login(app);
      await logOut(app, revoked.access);
      const tokens = { expired: old.access, revoked: revoked.access, refresh: old.refresh };
      const token = { ...tokens, nonsense: 'nonsense' }[bearer];

      const answer = await browser.send('POST', '/auth/logout', { token, csrf });

      expect(said(answer)).toEqual(refused ?? DONE);
      expect((await refreshed(app, refresh)).status).toBe(refused ? 200 : 401);
    },
  );

  it('does not look at a cookie beside an expired bearer token if it reads none', async () => {
    const own = await start(adapter, {
      options: { locations: ['headers', 'cookies'], clock: clock.now },
      extras: { endpoints: { login: true, refresh: true, logout: { locations: ['headers'] } } },
    });
    const { access } = await login(own);
    clock.forward(70 * 86_400);
    const { refresh } = await login(own);
    const browser = new Browser(own);
    browser.keep('refresh_token_cookie', refresh);
    browser.keep('csrf_refresh_token', String(claimsOf(refresh).csrf));
    const sent = { token: access, csrf: 'csrf_refresh_token' };
    expect(said(await browser.send('POST', '/auth/logout', sent))).toEqual(EXPIRED);
    expect((await refreshed(own, refresh)).status).toBe(200);
  });

  it('clears the cookies of a session that was ended elsewhere although it refuses the request', async () => {
    const { browser, access, leave } = await cookiesOf();
    await logOut(app, access);

    const answer = await leave('csrf_access_token');

    expect(said(answer)).toEqual(REVOKED);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(browser.cookies).toEqual([]);
  });

  it.each<[what: string, spoil: (browser: Browser) => unknown, refused: object]>([
    [
      'that holds no token, and the only one',
      (browser) => {
        browser.forget('refresh_token_cookie');
        browser.keep('access_token_cookie', 'a.b.c');
      },
      invalid('Invalid header padding'),
    ],
    [
      'that holds no token, in place of the refresh token',
      (browser) => {
        browser.forget('access_token_cookie');
        browser.keep('refresh_token_cookie', 'a.b.c');
      },
      invalid('Invalid header padding'),
    ],
  ])(
    'leaves a cookie %s, because no CSRF value matches it (R85)',
    async (_what, spoil, refused) => {
      const { browser, leave } = await cookiesOf();
      await spoil(browser);
      const before = browser.cookies;

      expect(said(await leave('csrf_access_token'))).toEqual(refused);
      expect(browser.cookies).toEqual(before);
    },
  );

  it("refuses another user's cookie with the CSRF value of one's own (R41)", async () => {
    const [alice, bob] = [await cookiesOf('alice'), await cookiesOf('bob')];
    alice.browser.keep('access_token_cookie', bob.access);
    expect(said(await alice.leave('csrf_access_token'))).toEqual(MISMATCH);
    expect(await visit(app, bob.access)).toEqual(welcome('headers', 'bob'));
  });

  it("never ends the session of another user's cookie in the same request", async () => {
    const [alice, bob] = [await cookiesOf('alice'), await cookiesOf('bob')];
    alice.browser.keep('refresh_token_cookie', bob.refresh);

    expect(said(await alice.leave('csrf_access_token'))).toEqual(DONE);
    const { access } = await login(app);
    expect(said(await bob.browser.send('POST', '/auth/logout', { token: access }))).toEqual(DONE);
    expect(await visit(app, alice.access)).toEqual(REVOKED);
    expect(await visit(app, access)).toEqual(REVOKED);
    expect((await refreshed(app, bob.refresh)).status).toBe(200);
  });

  it('names the access token in the message if there is no token', async () => {
    const answer = await logOut(app);

    expect(said(answer)).toEqual(
      missing(
        'Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "access_token_cookie")',
      ),
    );
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });
});
