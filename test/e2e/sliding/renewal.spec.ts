import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards, UseInterceptors } from '@nestjs/common';
import {
  AccessGuard,
  BlocklistService,
  type Claims,
  CurrentToken,
  Fresh,
  type JwtContext,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  SessionService,
  SlidingSessionInterceptor,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { NOW } from '../../support/forge.js';
import { namesIn, RENEWED, SlidingApp } from '../../support/sliding.js';
import { claimsOf } from '../../support/tokens.js';
import { refusal, said, welcome } from '../../support/transport.js';

const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const STALE = refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required');

function accessIn(browser: Browser): Claims {
  return claimsOf(browser.cookie('access_token_cookie') ?? '');
}

describe.each(ADAPTERS)('An access cookie on %s', (adapter) => {
  let sliding: SlidingApp;

  beforeEach(async () => {
    sliding = await SlidingApp.start(adapter);
  });
  afterEach(() => sliding.close());

  it('is renewed once half of its life is over, and not before', async () => {
    const browser = await sliding.logIn();
    sliding.clock.forward(449);
    const early = await browser.send('GET', '/room');
    sliding.clock.forward(1);
    const due = await browser.send('GET', '/room');
    const again = await browser.send('GET', '/room');

    expect(early.cookies).toEqual([]);
    expect(said(due)).toEqual(welcome('cookies'));
    expect(namesIn(due.cookies)).toEqual(RENEWED);
    expect(due.cookies[0]).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(due.cookies[1]).toMatch(/; Path=\/; Secure; SameSite=Lax$/);
    expect(again.cookies).toEqual([]);
  });

  it('stands for the same login: identity, session and its beginning, csrf value', async () => {
    const browser = await sliding.logIn();
    const before = accessIn(browser);
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    const { sub, sid, auth_time, csrf } = before;
    const after = accessIn(browser);
    expect(after).toMatchObject({ sub, sid, auth_time, csrf, type: 'access' });
    expect(after).toMatchObject({ iat: NOW + 600, nbf: NOW + 600, exp: NOW + 1500 });
    expect(after.jti).not.toBe(before.jti);
    expect(browser.cookie('csrf_access_token')).toBe(csrf);
  });

  it('keeps a session alive for as long as it is used, and no longer', async () => {
    const browser = await sliding.logIn();
    for (let round = 0; round < 50; round += 1) {
      sliding.clock.forward(800);
      const answer = await browser.send('POST', '/room', { csrf: 'csrf_access_token' });
      expect(said(answer)).toEqual({ ...welcome('cookies'), status: 201 });
    }
    sliding.clock.forward(900);

    expect(said(await browser.send('GET', '/room'))).toEqual(EXPIRED);
  });

  it('takes a form that was rendered before it was renewed', async () => {
    const browser = await sliding.logIn();
    const rendered = browser.cookie('csrf_access_token') ?? '';
    sliding.clock.forward(600);
    await browser.send('GET', '/room');

    const answer = await browser.send('POST', '/room', { headers: { 'x-csrf-token': rendered } });

    expect(answer.status).toBe(201);
  });

  it('is fresh for as long as the first one was, however often it is renewed (R34)', async () => {
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    await browser.send('GET', '/room');
    sliding.clock.forward(299);
    const still = await browser.send('GET', '/vault');
    sliding.clock.forward(1);
    const over = await browser.send('GET', '/vault');
    sliding.clock.forward(500);
    await browser.send('GET', '/room');

    expect(still.status).toBe(200);
    expect(said(over)).toEqual(STALE);
    expect(accessIn(browser)).toMatchObject({ fresh: NOW + 900, exp: NOW + 600 + 800 + 900 });
    expect(said(await browser.send('GET', '/vault'))).toEqual(STALE);
  });

  it.each<[what: string, fresh: boolean | string, claim: unknown]>([
    ['that is not fresh', false, false],
    ['that is fresh for a while', '5m', NOW + 300],
    ['that is fresh for longer than it lives', '2h', NOW + 7200],
  ])('does not make a token fresher %s', async (_what, fresh, claim) => {
    const browser = await sliding.logIn('alice', { fresh });
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ exp: NOW + 1500, fresh: claim });
  });

  it('lives as long as the token that it replaces did, and is due at half of that', async () => {
    const browser = await sliding.logIn('alice', { accessExpiresIn: '2m' });
    sliding.clock.forward(59);
    const early = await browser.send('GET', '/room');
    sliding.clock.forward(1);
    await browser.send('GET', '/room');

    expect(early.cookies).toEqual([]);
    expect(accessIn(browser).exp).toBe(NOW + 180);
  });

  it('is left alone if it never expires', async () => {
    const browser = await sliding.logIn('alice', { accessExpiresIn: false });
    sliding.clock.forward(1_000_000);

    expect((await browser.send('GET', '/room')).cookies).toEqual([]);
  });

  it('keeps the claims that it was made with', async () => {
    const additionalClaims = { plan: 'pro', limits: { seats: 3 } };
    const browser = await sliding.logIn('alice', { additionalClaims });
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ ...additionalClaims, exp: NOW + 1500 });
  });

  it('belongs to a session from now on, if it belonged to none', async () => {
    const tokens = sliding.app.get(TokenService);
    const browser = await sliding.browserWith(await tokens.createAccessToken('alice'));
    const { jti } = accessIn(browser);
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ sid: jti, auth_time: NOW, fresh: false });
  });

  it('is renewed by each of several requests at once, and all of the tokens are good', async () => {
    const browser = await sliding.logIn();
    sliding.clock.forward(600);

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => browser.send('GET', '/room')),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const csrf = browser.cookie('csrf_access_token') ?? '';
    for (const { cookies } of answers) {
      const [cookie = ''] = (cookies[0] ?? '').split(';');
      const headers = { cookie, 'x-csrf-token': csrf };
      expect((await sliding.app.send('POST', '/room', { headers })).status).toBe(201);
    }
  });

  it('comes with a body of any kind, and keeps it out of caches (R69)', async () => {
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    sliding.play((response) => {
      const setHeader = 'setHeader' in response ? response.setHeader : response.header;
      setHeader.call(response, 'Cache-Control', 'public, max-age=3600');
      return undefined;
    });

    const answer = await browser.send('GET', '/passthrough');

    expect(said(answer)).toEqual({ status: 200, body: '' });
    expect(namesIn(answer.cookies)).toEqual(RENEWED);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe.each(ADAPTERS)('What renews access cookies on %s', (adapter) => {
  const running: SlidingApp[] = [];
  afterAll(() => Promise.all(running.splice(0).map((sliding) => sliding.close())));

  async function start(options: JwtExtendedOptions): Promise<SlidingApp> {
    const sliding = await SlidingApp.start(adapter, { options });
    running.push(sliding);
    return sliding;
  }

  it('begins when cookies.renewWithin says so', async () => {
    const sliding = await start({ cookies: { renewWithin: '1m' } });
    const browser = await sliding.logIn();
    sliding.clock.forward(839);
    const early = await browser.send('GET', '/room');
    sliding.clock.forward(1);

    expect(early.cookies).toEqual([]);
    expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(RENEWED);
  });

  it('ends when rotation.sessionLifetime says so, whatever is renewed (R64)', async () => {
    const sliding = await start({ rotation: { sessionLifetime: '40m' } });
    const browser = await sliding.logIn();
    for (const seconds of [800, 800]) {
      sliding.clock.forward(seconds);
      expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(RENEWED);
    }
    expect(accessIn(browser)).toMatchObject({ auth_time: NOW, exp: NOW + 2400 });
    sliding.clock.forward(799);
    const last = await browser.send('GET', '/room');
    sliding.clock.forward(1);
    const over = await browser.send('GET', '/room');

    expect(said(last)).toEqual(welcome('cookies'));
    expect(last.cookies).toEqual([]);
    expect(said(over)).toEqual(EXPIRED);
  });

  it('keeps persistent cookies for as long as the token lives', async () => {
    const sliding = await start({ cookies: { session: false, accessName: 'at' } });
    const browser = await sliding.logIn();
    browser.keep('at', browser.cookie('access_token_cookie') ?? '');
    sliding.clock.forward(600);

    const { cookies } = await browser.send('GET', '/room');

    expect(cookies).toEqual([
      expect.stringMatching(/^at=eyJ.*; Max-Age=900; Path=\/; HttpOnly;/),
      expect.stringMatching(/^csrf_access_token=.*; Max-Age=900; Path=\/; Secure/),
    ]);
  });

  it('sets no csrf cookie where there is none', async () => {
    const sliding = await start({ csrf: { protect: false } });
    const { accessToken } = await sliding.app.get(TokenService).createTokenPair('alice');
    const browser = new Browser(sliding.app);
    browser.keep('access_token_cookie', accessToken);
    sliding.clock.forward(600);

    expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(['access_token_cookie']);
  });

  it("asks the loader for today's claims, so that a right that was taken away is gone", async () => {
    const rights = new Map<string, object>([['alice', { admin: true, plan: 'pro' }]]);
    const sliding = await start({
      loaders: {
        userLookup: ({ identity }) => ({ name: identity }),
        userIdentity: (user: { name: string }) => user.name,
        additionalClaims: ({ name }: { name: string }) => rights.get(name),
      },
    });
    const browser = await sliding.logIn({ name: 'alice' });
    rights.set('alice', { plan: 'free' });
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    const { plan, admin, exp } = accessIn(browser);
    expect({ plan, admin, exp }).toEqual({ plan: 'free', admin: undefined, exp: NOW + 1500 });
  });

  it('keeps claims that are nested', async () => {
    const sliding = await start({ userClaimsKey: 'user_claims' });
    const browser = await sliding.logIn('alice', { additionalClaims: { type: 'gold' } });
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({
      user_claims: { type: 'gold' },
      type: 'access',
      exp: NOW + 1500,
    });
  });

  it('nests no claims where there are none', async () => {
    const sliding = await start({ userClaimsKey: 'user_claims' });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ exp: NOW + 1500 });
    expect(accessIn(browser)).not.toHaveProperty('user_claims');
  });

  it('leaves a session that never ends as it is', async () => {
    const sliding = await start({ refreshTokenExpires: false });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    await browser.send('GET', '/room');

    const [session] = await sliding.app.get(SessionService).list('alice');
    expect(session).toMatchObject({ createdAt: new Date(NOW * 1000) });
    expect(session).not.toHaveProperty('expiresAt');
  });

  it('shows a session for as long as it goes on, in the list of sessions', async () => {
    const sliding = await start({ refreshTokenExpires: '20m' });
    const browser = await sliding.logIn();
    const sessions = () => sliding.app.get(SessionService).list('alice');
    const [before] = await sessions();
    for (const seconds of [800, 800]) {
      sliding.clock.forward(seconds);
      await browser.send('GET', '/room');
    }

    expect(before).toMatchObject({ expiresAt: new Date((NOW + 1200) * 1000) });
    expect(await sessions()).toEqual([{ ...before, expiresAt: new Date((NOW + 2500) * 1000) }]);
  });

  it.each([
    ['keeps sessions', {}],
    ['keeps none', { sessions: { value: undefined } }],
  ])(
    'can be ended for as long as it lives, in a store that %s (R58)',
    async (_what, properties) => {
      const store = Object.defineProperties(new MemoryBlocklistStore(), properties);
      const ends: (Date | null)[] = [];
      const add = store.add.bind(store);
      store.add = (key, value, expiresAt) => {
        if (key.startsWith('sid:')) ends.push(expiresAt);
        return add(key, value, expiresAt);
      };
      const sliding = await start({ blocklist: { store }, refreshTokenExpires: '1h' });
      const browser = await sliding.logIn('alice', { accessExpiresIn: '60d' });
      sliding.clock.forward(40 * 86_400);
      await browser.send('GET', '/room');
      const { sid, exp } = accessIn(browser);

      await sliding.app.get(BlocklistService).revokeSession(String(sid));

      expect(exp).toBe(NOW + 100 * 86_400);
      expect(ends).toEqual([new Date((NOW + 100 * 86_400) * 1000)]);
    },
  );

  it('stands on a controller or a handler, too', async () => {
    @UseGuards(AccessGuard)
    @Controller('lodge')
    class LodgeController {
      @UseInterceptors(SlidingSessionInterceptor)
      @Get('kept')
      kept(@CurrentToken() { identity }: JwtContext) {
        return { identity };
      }

      @Fresh(false)
      @Get('left')
      left(@CurrentToken() { identity }: JwtContext) {
        return { identity };
      }
    }
    const clock = { seconds: NOW };
    const app = await createApp(adapter, {
      controllers: [LodgeController],
      options: { locations: ['cookies'], clock: () => new Date(clock.seconds * 1000) },
    });
    const { accessToken } = await app.get(TokenService).createTokenPair('alice');
    const headers = { cookie: `access_token_cookie=${accessToken}` };
    clock.seconds += 600;

    const kept = await app.send('GET', '/lodge/kept', { headers });
    const left = await app.send('GET', '/lodge/left', { headers });

    expect(said(kept)).toEqual({ status: 200, body: { identity: 'alice' } });
    expect(namesIn(kept.cookies)).toEqual(RENEWED);
    expect(left.cookies).toEqual([]);
    await app.close();
  });
});
