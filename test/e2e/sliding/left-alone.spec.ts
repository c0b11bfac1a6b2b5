import { afterAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import {
  BlocklistService,
  type BlocklistStore,
  JwtExtendedModule,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  SlidingSessionInterceptor,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp } from '../../support/app.js';
import { RoomsController } from '../../support/endpoints.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { JwksServer } from '../../support/jwks-server.js';
import { namesIn, RENEWED, SlidingApp } from '../../support/sliding.js';
import { said, welcome } from '../../support/transport.js';
import { ringKey } from '../keys/ring-keys.js';

const own = ringKey('own', 'ES256');
const foreign = ringKey('foreign', 'ES256');

/** A store that fails from some moment on. */
class FailingStore implements BlocklistStore {
  /** How many more look-ups are answered. */
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

describe.each(ADAPTERS)('Left as it is, on %s, is a token', (adapter) => {
  const running: SlidingApp[] = [];
  afterAll(() => Promise.all(running.splice(0).map((sliding) => sliding.close())));

  async function start(options: JwtExtendedOptions = {}): Promise<SlidingApp> {
    const sliding = await SlidingApp.start(adapter, { options });
    running.push(sliding);
    return sliding;
  }

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

  it('for refreshing', async () => {
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

  it('that nobody presented, and one that nobody asked for', async () => {
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
  ])('that was revoked while the handler was at work: %s', async (_what, end) => {
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

  it('that was revoked, where guards do not ask whether access tokens were', async () => {
    const sliding = await start({ blocklist: { checks: ['refresh'] } });
    const browser = await sliding.logIn();
    await sliding.app.get(BlocklistService).revoke(browser.cookie('access_token_cookie') ?? '');
    sliding.clock.forward(600);

    const answer = await browser.send('GET', '/room');

    expect(said(answer)).toEqual(welcome('cookies'));
    expect(answer.cookies).toEqual([]);
  });

  it('that the loader calls revoked', async () => {
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
    'while the store is down, and the request is answered all the same: onStoreError %s',
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

  it('that a loader cannot make claims for, and the request is answered all the same', async () => {
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

  it('that no key is there for any more, and the request is answered all the same', async () => {
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
  ])('that is not of our making, since it %s', async (_what, claims) => {
    const sliding = await start({ acceptForeignTokens: true, csrf: { protect: false } });
    const token = forgeToken(accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 900, ...claims }));
    sliding.clock.forward(600);

    const answer = await sliding.app.send('GET', '/room', {
      headers: { cookie: `access_token_cookie=${token}` },
    });

    expect(said(answer)).toEqual(welcome('cookies'));
    expect(answer.cookies).toEqual([]);
  });

  it("of another issuer's key, whose end is not ours to put off", async () => {
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
    const app = await createApp(adapter, {
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

describe.each(ADAPTERS)('The interceptor on %s', (adapter) => {
  it('may be extended', async () => {
    @Injectable()
    class Extended extends SlidingSessionInterceptor {
      constructor(readonly reflector: Reflector) {
        super();
      }
    }
    const clock = new Clock();
    const app = await createApp(adapter, {
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

  it('renews once, registered twice', async () => {
    const sliding = await SlidingApp.start(adapter, {
      providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }],
    });
    const browser = await sliding.logIn();
    sliding.clock.forward(600);

    expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(RENEWED);
    await sliding.close();
  });
});
