import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BlocklistService,
  type BlocklistStore,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  TokenService,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, type Answer, type RunningApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { ALICE, pairIn, startEndpoints } from '../../support/endpoints.js';
import { accessClaims, Clock, forgeToken, NOW } from '../../support/forge.js';
import { ErrorLog } from '../../support/routes.js';
import { SlidingApp } from '../../support/sliding.js';
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

describe('The refresh endpoint', () => {
  const running: RunningApp[] = [];

  afterAll(() => Promise.all(running.splice(0).map((app) => app.close())));

  async function start(adapter: AdapterName, options: JwtExtendedOptions): Promise<RunningApp> {
    const app = await startEndpoints(adapter, { options });
    running.push(app);
    return app;
  }

  async function login(app: RunningApp) {
    return pairIn((await app.send('POST', '/auth', { json: ALICE })).body);
  }

  describe.each(ADAPTERS)('POST /auth/refresh on %s', (adapter) => {
    const clock = new Clock();
    let app: RunningApp;

    beforeAll(async () => {
      app = await start(adapter, { clock: clock.now, locations: ['headers', 'json'] });
    });

    it('rotates a refresh token into a pair of the same session that is not fresh', async () => {
      const { refresh } = await login(app);
      clock.forward(60);

      const answer = await app.send('POST', '/auth/refresh', { token: refresh });

      const second = pairIn(answer.body);
      const { sid, auth_time } = claimsOf(refresh);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(auth_time).toBe(NOW);
      expect(claimsOf(second.access)).toMatchObject({ sub: 'alice', sid, auth_time, fresh: false });
      expect(said(await app.send('GET', '/room', { token: second.access }))).toEqual(
        welcome('headers'),
      );
      expect(said(await app.send('GET', '/vault', { token: second.access }))).toEqual(
        refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required'),
      );
    });

    it('accepts the token from every configured location', async () => {
      const { refresh } = await login(app);
      const { method, sent } = carrying('json', refresh, 'refresh');

      const answer = await app.send(method, '/auth/refresh', sent);

      expect(answer.status).toBe(200);
      expect(pairIn(answer.body).refresh).toMatch(/^eyJ/);
    });

    it('ends the session if a rotated token is used again (R60)', async () => {
      const { refresh } = await login(app);
      const second = pairIn((await app.send('POST', '/auth/refresh', { token: refresh })).body);
      clock.forward(10);

      const again = await app.send('POST', '/auth/refresh', { token: refresh });

      expect(said(again)).toEqual(refusal(401, 'TOKEN_REUSED', 'Token has been revoked'));
      expect(again.headers.get('cache-control')).toBe('no-store');
      expect(said(await app.send('GET', '/room', { token: second.access }))).toEqual(
        refusal(401, 'TOKEN_REVOKED', 'Token has been revoked'),
      );
    });

    it.each([
      [
        'nothing',
        () => undefined,
        missing(
          'Missing JWT in headers or json (Missing Authorization Header; Invalid content-type. Must be application/json.)',
        ),
      ],
      ['no token', () => 'a.b.c', refusal(422, 'TOKEN_INVALID', 'Invalid header padding')],
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
      const answer = await app.send('POST', '/auth/refresh', { token: await present() });

      expect(said(answer)).toEqual(refused);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.has('www-authenticate')).toBe(refused.status === 401);
    });

    it('looks the user up, so that a deleted user cannot refresh (R52)', async () => {
      const users = new Set(['alice']);
      const own = await start(adapter, {
        loaders: { userLookup: ({ identity }) => (users.has(identity) ? { identity } : null) },
      });
      const { refresh } = await login(own);
      users.clear();

      expect(said(await own.send('POST', '/auth/refresh', { token: refresh }))).toEqual(
        refusal(401, 'USER_NOT_FOUND', 'Error loading the user alice'),
      );
    });
  });

  describe.each(ADAPTERS)('POST /auth/refresh with tokens in cookies, on %s', (adapter) => {
    it('sets new cookies and leaves the tokens out of the body', async () => {
      const browser = new Browser(await start(adapter, { locations: ['cookies'] }));
      await browser.send('POST', '/auth', { json: ALICE });
      const before = browser.cookie('refresh_token_cookie');

      const answer = await browser.send('POST', '/auth/refresh', { csrf: 'csrf_refresh_token' });

      expect(said(answer)).toEqual({ status: 200, body: { msg: 'Successfully refreshed' } });
      expect(browser.cookie('refresh_token_cookie')).not.toBe(before);
      expect(said(await browser.send('GET', '/room'))).toEqual(welcome('cookies'));
      expect(
        (await browser.send('POST', '/auth/refresh', { csrf: 'csrf_refresh_token' })).status,
      ).toBe(200);
    });

    it('sets new cookies for a token from a cookie even if cookies are not the first location', async () => {
      const app = await start(adapter, { locations: ['headers', 'cookies'] });
      const browser = new Browser(app);
      const { refresh } = await login(app);
      browser.keep('refresh_token_cookie', refresh);
      browser.keep('csrf_refresh_token', String(claimsOf(refresh).csrf));

      const answer = await browser.send('POST', '/auth/refresh', { csrf: 'csrf_refresh_token' });

      expect(said(answer)).toEqual({ status: 200, body: { msg: 'Successfully refreshed' } });
      expect(answer.cookies).toHaveLength(4);
    });

    it('returns the pair in the body for a token from a header if cookies are not the first location', async () => {
      const app = await start(adapter, { locations: ['headers', 'cookies'] });
      const { refresh } = await login(app);

      const answer = await app.send('POST', '/auth/refresh', { token: refresh });

      expect(pairIn(answer.body).access).toMatch(/^eyJ/);
      expect(answer.cookies).toEqual([]);
    });

    it.each([
      ['no CSRF value', undefined, 'Missing CSRF token'],
      [
        'the CSRF value of the access token',
        'csrf_access_token',
        'CSRF double submit tokens do not match',
      ],
    ])('refuses the cookie with %s and rotates nothing (R44)', async (_what, csrf, msg) => {
      const browser = new Browser(await start(adapter, { locations: ['cookies'] }));
      await browser.send('POST', '/auth', { json: ALICE });

      const answer = await browser.send('POST', '/auth/refresh', { csrf });

      expect(said(answer)).toEqual(csrfFailed(msg));
      expect(answer.cookies).toEqual([]);
      expect(
        (await browser.send('POST', '/auth/refresh', { csrf: 'csrf_refresh_token' })).status,
      ).toBe(200);
    });
  });
});

describe('The logout endpoint', () => {
  const DONE = { status: 200, body: { msg: 'Successfully logged out' } };
  const REVOKED = refusal(401, 'TOKEN_REVOKED', 'Token has been revoked');
  const BOB = { ...ALICE, username: 'bob' };
  const running: RunningApp[] = [];

  afterAll(() => Promise.all(running.splice(0).map((app) => app.close())));

  async function start(adapter: AdapterName, options: JwtExtendedOptions): Promise<RunningApp> {
    const app = await startEndpoints(adapter, { options });
    running.push(app);
    return app;
  }

  async function login(app: RunningApp, json = ALICE) {
    return pairIn((await app.send('POST', '/auth', { json })).body);
  }

  async function inBrowser(app: RunningApp, json = ALICE): Promise<Browser> {
    const browser = new Browser(app);
    await browser.send('POST', '/auth', { json });
    return browser;
  }

  function logOut(app: RunningApp, token?: string): Promise<Answer> {
    return app.send('POST', '/auth/logout', { token });
  }

  describe.each(ADAPTERS)('POST /auth/logout on %s', (adapter) => {
    const clock = new Clock();
    let app: RunningApp;

    beforeAll(async () => {
      app = await start(adapter, { clock: clock.now });
    });

    it.each(['access', 'refresh'] as const)(
      'ends the session of the %s token that it is called with, and so both tokens',
      async (type) => {
        const pair = await login(app);
        const other = await login(app);

        const answer = await logOut(app, pair[type]);

        expect(said(answer)).toEqual(DONE);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect(answer.cookies).toEqual([]);
        expect(said(await app.send('GET', '/room', { token: pair.access }))).toEqual(REVOKED);
        expect(said(await app.send('POST', '/auth/refresh', { token: pair.refresh }))).toEqual(
          REVOKED,
        );
        expect(said(await app.send('GET', '/room', { token: other.access }))).toEqual(
          welcome('headers'),
        );
      },
    );

    it('revokes only the token itself if it has no session', async () => {
      const tokens = app.get(TokenService);
      const access = await tokens.createAccessToken('alice');
      const another = await tokens.createAccessToken('alice');

      expect(said(await logOut(app, access))).toEqual(DONE);
      expect(said(await app.send('GET', '/room', { token: access }))).toEqual(REVOKED);
      expect(said(await app.send('GET', '/room', { token: another }))).toEqual(welcome('headers'));
    });

    it('accepts an expired token, which still identifies its session', async () => {
      const pair = await login(app);
      clock.forward(900);

      const answer = await logOut(app, pair.access);

      expect(said(answer)).toEqual(DONE);
      expect(said(await app.send('POST', '/auth/refresh', { token: pair.refresh }))).toEqual(
        REVOKED,
      );
    });

    it.each([
      ['no token', async () => undefined, missing('Missing Authorization Header')],
      ['text that is not a token', async () => 'a.b.c', invalid('Invalid header padding')],
      [
        'a token of another key',
        async () => forgeToken(accessClaims(), undefined, 'x'.repeat(64)),
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
      const answer = await logOut(app, await present());

      expect(said(answer)).toEqual(refused);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.cookies).toEqual([]);
    });

    it('ends the session of a rotated refresh token too and reports its reuse', async () => {
      const { refresh } = await login(app);
      const second = pairIn((await app.send('POST', '/auth/refresh', { token: refresh })).body);
      clock.forward(10);

      expect(said(await logOut(app, refresh))).toEqual(
        refusal(401, 'TOKEN_REUSED', 'Token has been revoked'),
      );
      expect(said(await app.send('GET', '/room', { token: second.access }))).toEqual(REVOKED);
    });
  });

  describe.each(ADAPTERS)('A logout with a token without a session, on %s', (adapter) => {
    it('ends the tokens that were renewed from it', async () => {
      const sliding = await SlidingApp.start(adapter);
      running.push(sliding.app);
      const old = await sliding.app.get(TokenService).createAccessToken('alice', { fresh: true });
      const [racing, renewed] = [await sliding.browserWith(old), await sliding.browserWith(old)];
      sliding.clock.forward(600);
      await renewed.send('GET', '/room');

      const answer = await racing.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });

      expect(renewed.cookie('access_token_cookie')).not.toBe(old);
      expect(said(answer)).toEqual(DONE);
      expect(said(await renewed.send('GET', '/room'))).toEqual(REVOKED);
      expect(said(await sliding.app.send('GET', '/room', { token: old }))).toEqual(REVOKED);
    });

    it('ends the tokens that its refresh token was rotated into', async () => {
      const app = await start(adapter, {});
      const token = await app.get(TokenService).createRefreshToken('alice');
      const { body } = await app.send('POST', '/auth/refresh', { token });

      const answer = await logOut(app, token);

      const { access, refresh } = pairIn(body);
      expect(said(answer)).toEqual(DONE);
      expect(said(await app.send('GET', '/room', { token: access }))).toEqual(REVOKED);
      expect(said(await app.send('POST', '/auth/refresh', { token: refresh }))).toEqual(REVOKED);
    });

    it('is refused if the token has neither a session nor a jti', async () => {
      const app = await start(adapter, { acceptForeignTokens: true });

      const answer = await logOut(app, forgeToken(accessClaims({ jti: undefined })));

      expect(said(answer)).toEqual(invalid('Missing claim: jti'));
    });

    it('can be repeated if the store acknowledged only one of its two writes', async () => {
      const store = new MoodyStore();
      const app = await start(adapter, { blocklist: { store } });
      app.nest.useLogger(new ErrorLog());
      const token = await app.get(TokenService).createRefreshToken('alice');
      const { body } = await app.send('POST', '/auth/refresh', { token });
      store.keeps = 1;

      const failed = await logOut(app, token);
      store.keeps = Infinity;
      const again = await logOut(app, token);

      expect([failed.status, said(again)]).toEqual([503, DONE]);
      expect(said(await app.send('GET', '/room', { token: pairIn(body).access }))).toEqual(REVOKED);
      expect(said(await logOut(app, token))).toEqual(REVOKED);
    });
  });

  /** A store that fails, hangs or forgets on demand. */
  class MoodyStore implements BlocklistStore {
    mood: 'well' | 'down' | 'hanging' = 'well';
    /** How many more entries the store adds before it is full. */
    keeps = Infinity;
    readonly #memory = new MemoryBlocklistStore();

    add(key: string, value: string, expiresAt: Date | null) {
      this.keeps -= 1;
      if (this.keeps < 0) return Promise.reject(new Error('the store is full'));
      return this.#answer(() => this.#memory.add(key, value, expiresAt));
    }

    raise(key: string, value: number, expiresAt: Date | null) {
      return this.#memory.raise(key, value, expiresAt);
    }

    get(keys: readonly string[]) {
      return this.#memory.get(keys);
    }

    delete(key: string) {
      return this.#memory.delete(key);
    }

    #answer<T>(give: () => T): T | Promise<T> {
      if (this.mood === 'down') return Promise.reject(new Error('the store is down'));
      return this.mood === 'hanging' ? new Promise(() => {}) : give();
    }
  }

  describe.each(ADAPTERS)('A logout that was not stored, on %s', (adapter) => {
    it.each(['down', 'hanging'] as const)(
      'fails with 503 while the store is %s and keeps the cookies for another try (R57)',
      async (mood) => {
        const store = new MoodyStore();
        const app = await start(adapter, {
          locations: ['cookies'],
          blocklist: { store, timeout: '50ms' },
        });
        app.nest.useLogger(new ErrorLog());
        const browser = await inBrowser(app);
        store.mood = mood;

        const failed = await browser.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });

        expect(said(failed)).toEqual(
          refusal(503, 'CHECK_UNAVAILABLE', 'Token could not be checked'),
        );
        expect(failed.cookies).toEqual([]);
        store.mood = 'well';
        expect(said(await browser.send('GET', '/room'))).toEqual(welcome('cookies'));
        expect(
          said(await browser.send('POST', '/auth/logout', { csrf: 'csrf_access_token' })),
        ).toEqual(DONE);
      },
    );
  });

  describe.each(ADAPTERS)('POST /auth/logout with tokens in cookies, on %s', (adapter) => {
    const clock = new Clock();
    let app: RunningApp;

    beforeAll(async () => {
      app = await start(adapter, { locations: ['headers', 'cookies'], clock: clock.now });
    });

    /** Cookies of a user who logged in, although the first location of this application is the header. */
    async function cookiesOf(username: string): Promise<Browser> {
      const { accessToken, refreshToken } = await app
        .get(TokenService)
        .createTokenPair(username, { fresh: true });
      const browser = new Browser(app);
      for (const [type, token] of [
        ['access', accessToken],
        ['refresh', refreshToken],
      ] as const) {
        const csrf = await app.get(TokenService).getCsrfToken(token);
        browser.keep(`${type}_token_cookie`, token);
        browser.keep(`csrf_${type}_token`, csrf);
      }
      return browser;
    }

    it('ends the session and clears all cookies', async () => {
      const browser = await cookiesOf('alice');
      const access = browser.cookie('access_token_cookie');
      const refresh = browser.cookie('refresh_token_cookie');

      const answer = await browser.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });

      expect(said(answer)).toEqual(DONE);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(browser.cookies).toEqual([]);
      expect(said(await app.send('GET', '/room', { token: access }))).toEqual(REVOKED);
      expect(said(await app.send('POST', '/auth/refresh', { token: refresh }))).toEqual(REVOKED);
    });

    it.each([
      ['only the refresh cookie', 'csrf_refresh_token', ['access_token_cookie']],
      ['an access cookie that has expired', 'csrf_access_token', []],
    ])('accepts %s', async (_what, csrf, forgotten) => {
      const browser = await cookiesOf('alice');
      const refresh = browser.cookie('refresh_token_cookie');
      browser.forget(...forgotten);
      clock.forward(900);

      const answer = await browser.send('POST', '/auth/logout', { csrf });

      expect(said(answer)).toEqual(DONE);
      expect(browser.cookies).toEqual([]);
      expect(said(await app.send('POST', '/auth/refresh', { token: refresh }))).toEqual(REVOKED);
    });

    it.each([
      ['the cookies without a CSRF value', undefined, [], 'Missing CSRF token'],
      [
        'the access cookie with the CSRF value of the refresh token',
        'csrf_refresh_token',
        [],
        'CSRF double submit tokens do not match',
      ],
      [
        'only the refresh cookie without a CSRF value',
        undefined,
        ['access_token_cookie'],
        'Missing CSRF token',
      ],
      [
        'only the refresh cookie with the CSRF value of the access token',
        'csrf_access_token',
        ['access_token_cookie'],
        'CSRF double submit tokens do not match',
      ],
    ])('needs the CSRF value: %s (R43)', async (_what, csrf, forgotten, msg) => {
      const browser = await cookiesOf('alice');
      const access = browser.cookie('access_token_cookie');
      browser.forget(...forgotten);

      const answer = await browser.send('POST', '/auth/logout', { csrf });

      expect(said(answer)).toEqual(csrfFailed(msg));
      expect(answer.cookies).toEqual([]);
      expect(said(await app.send('GET', '/room', { token: access }))).toEqual(welcome('headers'));
    });

    it('needs the CSRF value for an expired cookie too', async () => {
      const browser = await cookiesOf('alice');
      const refresh = browser.cookie('refresh_token_cookie');
      clock.forward(900);

      const answer = await browser.send('POST', '/auth/logout');

      expect(said(answer)).toEqual(csrfFailed('Missing CSRF token'));
      expect((await app.send('POST', '/auth/refresh', { token: refresh })).status).toBe(200);
    });

    it('refuses an invalid access cookie even if the refresh cookie is valid', async () => {
      const browser = await cookiesOf('alice');
      browser.keep('access_token_cookie', 'a.b.c');
      const refresh = browser.cookie('refresh_token_cookie');

      const answer = await browser.send('POST', '/auth/logout', { csrf: 'csrf_refresh_token' });

      expect(said(answer)).toEqual(invalid('Invalid header padding'));
      expect((await app.send('POST', '/auth/refresh', { token: refresh })).status).toBe(200);
    });

    it.each<[what: string, spoil: (browser: Browser) => unknown, refused: object]>([
      [
        'whose session was ended elsewhere',
        (browser) => logOut(app, browser.cookie('access_token_cookie')),
        REVOKED,
      ],
      [
        'that was revoked without its session',
        (browser) => app.get(BlocklistService).revoke(browser.cookie('access_token_cookie') ?? ''),
        REVOKED,
      ],
      [
        'that holds no token',
        (browser) => browser.keep('access_token_cookie', 'a.b.c'),
        invalid('Invalid header padding'),
      ],
      [
        'of a key that is no longer known',
        (browser) => {
          const token = forgeToken(accessClaims(), undefined, 'x'.repeat(64));
          browser.keep('access_token_cookie', token);
        },
        invalid('Signature verification failed'),
      ],
      [
        'that holds no token, in place of the refresh token',
        (browser) => {
          browser.forget('access_token_cookie');
          browser.keep('refresh_token_cookie', 'a.b.c');
        },
        invalid('Invalid header padding'),
      ],
    ])('clears a cookie %s although it refuses the request', async (_what, spoil, refused) => {
      const browser = await cookiesOf('alice');
      await spoil(browser);

      const answer = await browser.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });

      expect(said(answer)).toEqual(refused);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(browser.cookies).toEqual([]);
    });

    it("refuses another user's cookie with the CSRF value of one's own (R41)", async () => {
      const [alice, bob] = [await cookiesOf('alice'), await cookiesOf('bob')];
      const cookie = bob.cookie('access_token_cookie') ?? '';
      alice.keep('access_token_cookie', cookie);

      const answer = await alice.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });

      expect(said(answer)).toEqual(csrfFailed('CSRF double submit tokens do not match'));
      expect(said(await app.send('GET', '/room', { token: cookie }))).toEqual(
        welcome('headers', 'bob'),
      );
    });

    it("never ends the session of another user's cookie in the same request", async () => {
      const [alice, bob] = [await cookiesOf('alice'), await cookiesOf('bob')];
      const [access, refresh] = [
        alice.cookie('access_token_cookie'),
        bob.cookie('refresh_token_cookie'),
      ];
      alice.keep('refresh_token_cookie', refresh ?? '');

      const byCookie = await alice.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });
      const carol = (await login(app)).access;
      const byHeader = await bob.send('POST', '/auth/logout', { token: carol });

      expect(said(byCookie)).toEqual(DONE);
      expect(said(byHeader)).toEqual(DONE);
      expect(said(await app.send('GET', '/room', { token: access }))).toEqual(REVOKED);
      expect(said(await app.send('GET', '/room', { token: carol }))).toEqual(REVOKED);
      expect((await app.send('POST', '/auth/refresh', { token: refresh })).status).toBe(200);
    });

    it('names the access token in the message if there is no token', async () => {
      const answer = await app.send('POST', '/auth/logout');

      expect(said(answer)).toEqual(
        missing(
          'Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "access_token_cookie")',
        ),
      );
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    });
  });

  describe.each(ADAPTERS)('A second logout, on %s', (adapter) => {
    it('finds no cookie', async () => {
      const app = await start(adapter, { locations: ['cookies'] });
      const browser = await inBrowser(app, BOB);
      await browser.send('POST', '/auth/logout', { csrf: 'csrf_access_token' });

      expect(said(await browser.send('POST', '/auth/logout'))).toEqual(
        missing('Missing cookie "access_token_cookie"'),
      );
    });
  });
});
