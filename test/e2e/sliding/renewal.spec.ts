import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, UseGuards, UseInterceptors } from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import {
  AccessGuard,
  BlocklistService,
  type BlocklistStore,
  type Claims,
  CurrentToken,
  Fresh,
  type JwtContext,
  JwtExtendedModule,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  SessionService,
  SlidingSessionInterceptor,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { createApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { RoomsController } from '../../support/endpoints.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { JwksServer } from '../../support/jwks-server.js';
import { namesIn, RENEWED, SlidingApp } from '../../support/sliding.js';
import { claimsOf } from '../../support/tokens.js';
import { refusal, said, welcome } from '../../support/transport.js';
import { ringKey } from '../keys/ring-keys.js';

const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const STALE = refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required');

const own = ringKey('own', 'ES256');
const foreign = ringKey('foreign', 'ES256');

/** A store that can fail. */
class FailingStore implements BlocklistStore {
  /** How many more look-ups it answers. */
  answers = Infinity;
  readonly #memory = new MemoryBlocklistStore();

  add(key: string, value: string, expiresAt: Date | null) {
    return this.#memory.add(key, value, expiresAt);
  }

  raise(key: string, value: number, expiresAt: Date | null) {
    return this.#memory.raise(key, value, expiresAt);
  }

  get(keys: readonly string[]) {
    this.answers -= 1;
    if (this.answers < 0) throw new Error('the store is down');
    return this.#memory.get(keys);
  }

  delete(key: string) {
    return this.#memory.delete(key);
  }
}

const running: SlidingApp[] = [];

async function start(options: JwtExtendedOptions = {}): Promise<SlidingApp> {
  const sliding = await SlidingApp.start('express', { options });
  running.push(sliding);
  return sliding;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((sliding) => sliding.close()));
});

function accessIn(browser: Browser): Claims {
  return claimsOf(browser.cookie('access_token_cookie') ?? '');
}

describe('An access cookie', () => {
  let sliding: SlidingApp;

  beforeAll(async () => {
    sliding = await SlidingApp.start('express');
  });
  beforeEach(() => {
    sliding.clock.seconds = NOW;
    sliding.play(() => undefined);
  });
  afterAll(() => sliding.close());

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

  it('keeps identity, session, login time and csrf value', async () => {
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

  it('keeps a session alive while it is used, and no longer', async () => {
    const browser = await sliding.logIn();
    for (let round = 0; round < 50; round += 1) {
      sliding.clock.forward(800);
      const answer = await browser.send('POST', '/room', { csrf: 'csrf_access_token' });
      expect(said(answer)).toEqual({ ...welcome('cookies'), status: 201 });
    }
    sliding.clock.forward(900);

    expect(said(await browser.send('GET', '/room'))).toEqual(EXPIRED);
  });

  it('accepts a form that was rendered before the renewal', async () => {
    const browser = await sliding.logIn();
    const rendered = browser.cookie('csrf_access_token') ?? '';
    sliding.clock.forward(600);
    await browser.send('GET', '/room');

    const answer = await browser.send('POST', '/room', { headers: { 'x-csrf-token': rendered } });

    expect(answer.status).toBe(201);
  });

  it('stays fresh for as long as the first one, however often it is renewed (R34)', async () => {
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
  ])('does not become fresher from a token %s', async (_what, fresh, claim) => {
    const browser = await sliding.logIn('alice', { fresh });
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ exp: NOW + 1500, fresh: claim });
  });

  it('gets the lifetime of the token that it replaces, and is due at half of it', async () => {
    const browser = await sliding.logIn('alice', { accessExpiresIn: '2m' });
    sliding.clock.forward(59);
    const early = await browser.send('GET', '/room');
    sliding.clock.forward(1);
    await browser.send('GET', '/room');

    expect(early.cookies).toEqual([]);
    expect(accessIn(browser).exp).toBe(NOW + 180);
  });

  it('is not renewed if it never expires', async () => {
    const browser = await sliding.logIn('alice', { accessExpiresIn: false });
    sliding.clock.forward(1_000_000);

    expect((await browser.send('GET', '/room')).cookies).toEqual([]);
  });

  it('keeps its custom claims', async () => {
    const additionalClaims = { plan: 'pro', limits: { seats: 3 } };
    const browser = await sliding.logIn('alice', { additionalClaims });
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ ...additionalClaims, exp: NOW + 1500 });
  });

  it('belongs to a session after the renewal, if it belonged to none', async () => {
    const tokens = sliding.app.get(TokenService);
    const browser = await sliding.browserWith(await tokens.createAccessToken('alice'));
    const { jti } = accessIn(browser);
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ sid: jti, auth_time: NOW, fresh: false });
  });

  it('is renewed by each of several requests at once, and all tokens are accepted', async () => {
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

  it('makes the response uncacheable (R69)', async () => {
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

describe('The renewal of access cookies', () => {
  it('begins when cookies.renewWithin says so', async () => {
    const sliding = await start({ cookies: { renewWithin: '1m' } });
    const browser = await sliding.logIn();
    sliding.clock.forward(839);
    const early = await browser.send('GET', '/room');
    sliding.clock.forward(1);

    expect(early.cookies).toEqual([]);
    expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(RENEWED);
  });

  it('ends with rotation.sessionLifetime (R64)', async () => {
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

  it('sets cookies that last as long as the token if cookies.session is false', async () => {
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

  it('sets no csrf cookie if csrf.protect is false', async () => {
    const sliding = await start({ csrf: { protect: false } });
    const { accessToken } = await sliding.app.get(TokenService).createTokenPair('alice');
    const browser = new Browser(sliding.app);
    browser.keep('access_token_cookie', accessToken);
    sliding.clock.forward(600);

    expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(['access_token_cookie']);
  });

  it('asks the loader for the claims, so that a right that was taken away is gone', async () => {
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

  it('keeps custom claims under userClaimsKey', async () => {
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

  it('adds no userClaimsKey if there are no custom claims', async () => {
    const sliding = await start({ userClaimsKey: 'user_claims' });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);

    await browser.send('GET', '/room');

    expect(accessIn(browser)).toMatchObject({ exp: NOW + 1500 });
    expect(accessIn(browser)).not.toHaveProperty('user_claims');
  });

  it('does not change a session that never ends', async () => {
    const sliding = await start({ refreshTokenExpires: false });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    await browser.send('GET', '/room');

    const [session] = await sliding.app.get(SessionService).list('alice');
    expect(session).toMatchObject({ createdAt: new Date(NOW * 1000) });
    expect(session).not.toHaveProperty('expiresAt');
  });

  it('extends the session in the list of sessions', async () => {
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
    'leads to a session that stays ended for as long as it would have lasted, in a store that %s (R58)',
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

  it('works with the interceptor on a handler', async () => {
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
    const app = await createApp('express', {
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

describe('No cookie is renewed for a token', () => {
  it('that came in a header', async () => {
    const sliding = await start();
    const token = await sliding.app.get(TokenService).createAccessToken('alice');
    sliding.clock.forward(600);

    const answer = await sliding.app.send('GET', '/room', { token });

    expect(said(answer)).toEqual(welcome('headers'));
    expect(answer.cookies).toEqual([]);
  });

  it('that came in the query string or in JSON', async () => {
    const sliding = await start({ locations: ['query_string', 'json', 'cookies'] });
    const token = await sliding.app.get(TokenService).createAccessToken('alice');
    sliding.clock.forward(600);

    const query = await sliding.app.send('GET', `/room?jwt=${token}`);
    const json = await sliding.app.send('POST', '/room', { json: { access_token: token } });

    expect([query.status, json.status]).toEqual([200, 201]);
    expect([...query.cookies, ...json.cookies]).toEqual([]);
  });

  it('that came in a cookie of another name', async () => {
    const sliding = await start();
    const token = await sliding.app.get(TokenService).createAccessToken('alice');
    sliding.clock.forward(600);

    const answer = await sliding.app.send('GET', '/another-cookie', {
      headers: { cookie: `another_cookie=${token}` },
    });

    expect(said(answer)).toEqual({ status: 200, body: 'in' });
    expect(answer.cookies).toEqual([]);
  });

  it('that is a refresh token', async () => {
    const sliding = await start({ refreshTokenExpires: '10m' });
    const tokens = sliding.app.get(TokenService);
    const token = await tokens.createRefreshToken('alice');
    const csrf = await tokens.getCsrfToken(token);
    sliding.clock.forward(400);

    const answer = await sliding.app.send('POST', '/spend', {
      headers: { cookie: `refresh_token_cookie=${token}`, 'x-csrf-token': csrf },
    });

    expect(said(answer)).toEqual({ status: 201, body: 'in' });
    expect(answer.cookies).toEqual([]);
  });

  it('that is missing on an optional route, or not needed', async () => {
    const sliding = await start();
    const browser = await sliding.logIn();
    sliding.clock.forward(600);

    const anonymous = await sliding.app.send('GET', '/optional');
    const preflight = await browser.send('OPTIONS', '/optional');
    const open = await browser.send('GET', '/garden');

    expect([anonymous, preflight, open].map(({ status }) => status)).toEqual([200, 200, 200]);
    expect([anonymous, preflight, open].flatMap(({ cookies }) => cookies)).toEqual([]);
  });

  it('that was refused', async () => {
    const sliding = await start();
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    await sliding.app.get(BlocklistService).revoke(browser.cookie('access_token_cookie') ?? '');

    const answer = await browser.send('GET', '/room');

    expect(answer.status).toBe(401);
    expect(answer.cookies).toEqual([]);
  });

  it('whose request failed', async () => {
    const sliding = await start();
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    sliding.app.nest.useLogger(false);
    sliding.play(() => {
      throw new Error('the kettle is empty');
    });

    const answer = await browser.send('GET', '/passthrough');

    expect(answer.status).toBe(500);
    expect(answer.cookies).toEqual([]);
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
    const sliding = await start();
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    sliding.play(async (_response, { user }) => {
      await end(sliding.app.get(BlocklistService), user as Token);
      return { done: true };
    });

    const answer = await browser.send('GET', '/passthrough');

    expect(said(answer)).toEqual({ status: 200, body: { done: true } });
    expect(answer.cookies).toEqual([]);
  });

  it('that is revoked, even if blocklist.checks leaves access tokens out', async () => {
    const sliding = await start({ blocklist: { checks: ['refresh'] } });
    const browser = await sliding.logIn();
    await sliding.app.get(BlocklistService).revoke(browser.cookie('access_token_cookie') ?? '');
    sliding.clock.forward(600);

    const answer = await browser.send('GET', '/room');

    expect(said(answer)).toEqual(welcome('cookies'));
    expect(answer.cookies).toEqual([]);
  });

  it('that the isTokenRevoked loader calls revoked', async () => {
    let isRevoked = false;
    const sliding = await start({ loaders: { isTokenRevoked: () => isRevoked } });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    sliding.play(() => {
      isRevoked = true;
    });

    expect((await browser.send('GET', '/passthrough')).cookies).toEqual([]);
  });

  it.each(['deny', 'allow'] as const)(
    'while the store is down, and the request succeeds all the same: onStoreError %s',
    async (onStoreError) => {
      const store = new FailingStore();
      const sliding = await start({ blocklist: { store, onStoreError } });
      const browser = await sliding.logIn();
      const warnings: string[] = [];
      sliding.app.nest.useLogger({
        log() {},
        error() {},
        warn: (message: string) => warnings.push(message),
      });
      sliding.clock.forward(600);
      store.answers = 1;

      const answer = await browser.send('GET', '/room');
      store.answers = 1;
      await browser.send('GET', '/room');

      expect(said(answer)).toEqual(welcome('cookies'));
      expect(answer.cookies).toEqual([]);
      expect(warnings).toEqual([
        'An access cookie could not be renewed: Token could not be checked',
      ]);
      store.answers = Infinity;
      expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(RENEWED);
    },
  );

  it('if the additionalClaims loader fails, and the request succeeds all the same', async () => {
    let isDown = false;
    const additionalClaims = () => {
      if (isDown) throw new Error('the database is down');
      return {};
    };
    const sliding = await start({ loaders: { additionalClaims } });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    sliding.app.nest.useLogger(false);
    isDown = true;

    const answer = await browser.send('GET', '/room');

    expect(said(answer)).toEqual(welcome('cookies'));
    expect(answer.cookies).toEqual([]);
  });

  it('if the decodeKey loader fails, and the request succeeds all the same', async () => {
    let isDown = false;
    const decodeKey = () => {
      if (isDown) throw new Error('the vault is closed');
      return SECRET;
    };
    const loaders = { encodeKey: () => SECRET, decodeKey };
    const sliding = await start({ secret: undefined, algorithm: 'HS256', loaders });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);
    sliding.app.nest.useLogger(false);
    sliding.play(() => {
      isDown = true;
      return 'in';
    });

    const answer = await browser.send('GET', '/passthrough');

    expect(said(answer)).toEqual({ status: 200, body: 'in' });
    expect(answer.cookies).toEqual([]);
  });

  it.each<[what: string, claims: object]>([
    ['has no type', { type: undefined }],
    ['has a type of its own', { type: 'auth' }],
    ['has no id', { jti: undefined }],
    ['does not say when it was issued', { iat: undefined }],
    ['has an issuer', { iss: 'https://login.example.com' }],
  ])('of another service, which %s', async (_what, claims) => {
    const sliding = await start({ acceptForeignTokens: true, csrf: { protect: false } });
    const token = forgeToken(accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 900, ...claims }));
    sliding.clock.forward(600);

    const answer = await sliding.app.send('GET', '/room', {
      headers: { cookie: `access_token_cookie=${token}` },
    });

    expect(said(answer)).toEqual(welcome('cookies'));
    expect(answer.cookies).toEqual([]);
  });

  it("under another issuer's key", async () => {
    const issuer = await JwksServer.start(foreign.jwk());
    const keys = { current: own.signing, jwksUri: issuer.uri };
    const sliding = await start({ secret: undefined, keys, csrf: { protect: false } });
    const cookiesFor = async (token: string) => {
      const headers = { cookie: `access_token_cookie=${token}` };
      const answer = await sliding.app.send('GET', '/room', { headers });
      expect(said(answer)).toEqual(welcome('cookies'));
      return namesIn(answer.cookies);
    };
    const ours = await sliding.app.get(TokenService).createAccessToken('alice');
    sliding.clock.forward(600);

    expect(await cookiesFor(ours)).toEqual(['access_token_cookie']);
    expect(await cookiesFor(foreign.token())).toEqual([]);
    await issuer.stop();
  });

  it("that another module's guard let in", async () => {
    const clock = new Clock();
    const secret = `${SECRET}-of-the-other`;
    const other = JwtExtendedModule.forRoot({
      secret,
      locations: ['cookies'],
      clock: clock.now,
      isGlobal: false,
    });
    @Module({ imports: [other], controllers: [RoomsController] })
    class OtherModule {}
    const app = await createApp('express', {
      imports: [OtherModule],
      providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }],
      options: { locations: ['cookies'], clock: clock.now },
    });
    const token = forgeToken(
      accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 900 }),
      undefined,
      secret,
    );
    clock.forward(600);

    const answer = await app.send('GET', '/room', {
      headers: { cookie: `access_token_cookie=${token}` },
    });

    expect(said(answer)).toEqual(welcome('cookies'));
    expect(answer.cookies).toEqual([]);
    await app.close();
  });
});

describe('SlidingSessionInterceptor', () => {
  it('can be extended by a subclass', async () => {
    @Injectable()
    class Extended extends SlidingSessionInterceptor {
      constructor(readonly reflector: Reflector) {
        super();
      }
    }
    const clock = new Clock();
    const app = await createApp('express', {
      controllers: [RoomsController],
      providers: [{ provide: APP_INTERCEPTOR, useClass: Extended }],
      options: { locations: ['cookies'], clock: clock.now },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    clock.forward(600);

    const { cookies } = await app.send('GET', '/room', {
      headers: { cookie: `access_token_cookie=${token}` },
    });

    expect(namesIn(cookies)).toEqual(RENEWED);
    await app.close();
  });

  it('renews once if it is registered twice', async () => {
    const sliding = await SlidingApp.start('express', {
      providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }],
    });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);

    expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(RENEWED);
    await sliding.close();
  });
});
