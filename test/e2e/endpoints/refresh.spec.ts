import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type JwtExtendedOptions, TokenService } from '../../../src/index.js';
import { type AdapterName, ADAPTERS, type RunningApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { ALICE, pairIn, startEndpoints } from '../../support/endpoints.js';
import { Clock, NOW } from '../../support/forge.js';
import { claimsOf } from '../../support/tokens.js';
import { carrying, csrfFailed, missing, refusal, said, welcome } from '../../support/transport.js';

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

  it('spends a refresh token for a pair of the same session, which is not fresh', async () => {
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

  it('takes it from any location of the options', async () => {
    const { refresh } = await login(app);
    const { method, sent } = carrying('json', refresh, 'refresh');

    const answer = await app.send(method, '/auth/refresh', sent);

    expect(answer.status).toBe(200);
    expect(pairIn(answer.body).refresh).toMatch(/^eyJ/);
  });

  it('ends the session when a spent token comes again (R60)', async () => {
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
      'an expired one',
      () => app.get(TokenService).createRefreshToken('alice', { expiresIn: -1 }),
      refusal(401, 'TOKEN_EXPIRED', 'Token has expired'),
    ],
  ])('refuses %s as a RefreshGuard does', async (_what, present, refused) => {
    const answer = await app.send('POST', '/auth/refresh', { token: await present() });

    expect(said(answer)).toEqual(refused);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.has('www-authenticate')).toBe(refused.status === 401);
  });

  it('looks the user up, so that nobody who is gone can refresh (R52)', async () => {
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
  it('sets new ones, and keeps them out of the body', async () => {
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

  it('sets new ones for a token that came in a cookie, wherever else tokens may come', async () => {
    const app = await start(adapter, { locations: ['headers', 'cookies'] });
    const browser = new Browser(app);
    const { refresh } = await login(app);
    browser.keep('refresh_token_cookie', refresh);
    browser.keep('csrf_refresh_token', String(claimsOf(refresh).csrf));

    const answer = await browser.send('POST', '/auth/refresh', { csrf: 'csrf_refresh_token' });

    expect(said(answer)).toEqual({ status: 200, body: { msg: 'Successfully refreshed' } });
    expect(answer.cookies).toHaveLength(4);
  });

  it('answers a token from a header in the body, where cookies are not the first location', async () => {
    const app = await start(adapter, { locations: ['headers', 'cookies'] });
    const { refresh } = await login(app);

    const answer = await app.send('POST', '/auth/refresh', { token: refresh });

    expect(pairIn(answer.body).access).toMatch(/^eyJ/);
    expect(answer.cookies).toEqual([]);
  });

  it.each([
    ['no csrf value', undefined, 'Missing CSRF token'],
    ["the access token's", 'csrf_access_token', 'CSRF double submit tokens do not match'],
  ])('refuses the cookie with %s, and spends nothing (R44)', async (_what, csrf, msg) => {
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
