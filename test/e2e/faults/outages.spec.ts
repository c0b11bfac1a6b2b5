import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { TokenCheckUnavailableError, type TokenPair } from '../../../src/index.js';
import { failureOf, UNAVAILABLE } from '../../support/faults.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { claimsOf } from '../../support/tokens.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { ADMITTED, BACK_WITHIN_MS, LOGGED_OUT, REVOKED, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';
import { CallCount, wrapped } from './wrapped-store.js';

const WARNING = /tokens pass unchecked/;
const WAVES = 20;
const WAVE = 100;
/** How many calls may be overdue before the store is no longer called. */
const MOST_OVERDUE = 64;
/** How long data takes to the server, and the same back. */
const DELAY_MS = 200;

/** How the server of a store goes down, and how it comes back. */
interface Outage {
  readonly begin: (server: Server, line: TcpProxy) => unknown;
  readonly end: (server: Server, line: TcpProxy) => unknown;
  /** Whether clients connect through the line, which fails, and not to the server itself. */
  readonly isOfTheLine?: boolean;
}

const KILLED: Outage = { begin: (server) => server.kill(), end: (server) => server.restart() };
const PAUSED: Outage = { begin: (server) => server.pause(), end: (server) => server.resume() };
const ofTheLine = (begin: Outage['begin']): Outage => ({
  begin,
  end: (_, line) => line.restore(),
  isOfTheLine: true,
});

const OUTAGES: readonly (readonly [string, Outage])[] = [
  ['is killed', KILLED],
  ['is paused', PAUSED],
  ['refuses connections', ofTheLine((_, line) => line.cut())],
  ['loses all packets', ofTheLine((_, line) => line.blackhole())],
  ['answers after the deadline', ofTheLine((_, line) => line.delay(3_600_000))],
];

describe.each(SUBJECTS)('%s', (_, subject) => {
  let server: Server;
  let line: TcpProxy;

  beforeAll(async () => {
    server = await subject.startServer();
    line = await TcpProxy.start(server.port);
  });
  afterAll(async () => {
    await line.close();
    await server.close();
  });

  describe.each(OUTAGES)('An application whose server %s (R28, R56, R57, R73)', (_, outage) => {
    let open: OpenStore;
    let app: StoreApp;
    let pair: TokenPair;
    let revoked: string;

    beforeEach(async () => {
      open = subject.open(outage.isOfTheLine ? line.port : server.port);
      app = await StoreApp.start(open.store);
      pair = await app.logIn();
      revoked = (await app.logIn()).accessToken;
      await app.blocklist.revoke(revoked);
      await outage.begin(server, line);
    });
    afterEach(() => app.close(open));

    it('refuses each request and acknowledges nothing, and works again soon after the outage', async () => {
      const answers = Promise.all([
        app.show(pair.accessToken),
        app.show(revoked),
        app.logOut(pair.accessToken),
        app.refresh(pair.refreshToken),
      ]);
      expect(await app.overdue(answers)).toEqual(Array(4).fill(UNAVAILABLE));
      const failures = Promise.all([
        failureOf(app.blocklist.revoke(pair.refreshToken)),
        failureOf(app.blocklist.revokeSession(pair.sessionId)),
        failureOf(app.blocklist.revokeAllFor('bob')),
        failureOf(app.tokens.rotateRefreshToken(pair.refreshToken)),
        failureOf(app.logIn()),
      ]);
      for (const failure of await app.overdue(failures))
        expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      await outage.end(server, line);
      const back = await app.back(pair.accessToken);
      const events = [...app.events];
      const later = await app.logIn();
      const afterwards = [
        await app.show(revoked),
        await app.show(later.accessToken),
        await app.logOut(later.accessToken),
        await app.show(later.accessToken),
      ];

      expect(back).toBeLessThan(BACK_WITHIN_MS);
      expect(afterwards).toEqual([REVOKED, ADMITTED, LOGGED_OUT, REVOKED]);
      expect((await app.refresh(later.refreshToken)).status).toBe(201);
      expect(events).toEqual(['store-down', 'store-up']);
      expect(app.output.text).not.toMatch(/ey[\w-]+\./);
    });
  });

  describe("An application with blocklist.onStoreError: 'allow'", () => {
    let open: OpenStore;
    let app: StoreApp;
    let pair: TokenPair;
    let revoked: string;

    beforeEach(async () => {
      open = subject.open(server.port);
      app = await StoreApp.start(open.store, { blocklist: { onStoreError: 'allow' } });
      pair = await app.logIn();
      revoked = (await app.logIn()).accessToken;
      await app.blocklist.revoke(revoked);
    });
    afterEach(() => app.close(open));

    it.each(OUTAGES.slice(0, 2))(
      'whose server %s admits each request, acknowledges nothing, rotates nothing and warns once',
      async (_, { begin, end }) => {
        await begin(server, line);
        const shown = await app.overdue(
          Promise.all(Array.from({ length: 50 }, () => app.show(pair.accessToken))),
        );
        const others = await app.overdue(
          Promise.all([
            app.show(revoked),
            app.logOut(pair.accessToken),
            app.refresh(pair.refreshToken),
          ]),
        );
        const failures = await app.overdue(
          Promise.all([
            failureOf(app.tokens.rotateRefreshToken(pair.refreshToken)),
            failureOf(app.blocklist.revokeAllFor('bob')),
            failureOf(app.logIn()),
          ]),
        );
        await end(server, line);
        while ((await app.show(revoked)).status === 200);

        expect(shown).toEqual(shown.map(() => ADMITTED));
        expect(others).toEqual([ADMITTED, UNAVAILABLE, UNAVAILABLE]);
        for (const failure of failures) expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
        expect(await app.show(revoked)).toEqual(REVOKED);
        expect(app.output.lines.filter((line) => WARNING.test(line))).toHaveLength(1);
        expect(app.events).toEqual(['store-down', 'store-up']);
      },
    );
  });

  describe('An application that starts during an outage', () => {
    it.each([
      ['is down', KILLED],
      ['is paused', PAUSED],
    ])(
      'refuses each request while the server %s, and admits them when it is back',
      async (_, { begin, end }) => {
        const open = subject.open(server.port);
        await begin(server, line);
        const token = forgeToken(accessClaims());
        const app = await StoreApp.startInOutage(open.store);
        const refused = await app.overdue(Promise.all([app.show(token), app.logOut(token)]));
        await end(server, line);
        const back = await app.back(token);
        const answers = [await app.show(token), await app.logOut(token), await app.show(token)];
        await app.close(open);

        expect(refused).toEqual([UNAVAILABLE, UNAVAILABLE]);
        expect(back).toBeLessThan(BACK_WITHIN_MS);
        expect(answers).toEqual([ADMITTED, LOGGED_OUT, REVOKED]);
      },
    );
  });

  it('leaves the client of the store open when the application is closed (R75)', async () => {
    const open = subject.open(server.port);
    const app = await StoreApp.start(open.store);
    await app.logIn();

    await app.close();

    expect(await open.store.get(['all'])).toEqual([null]);
    await open.close();
  });

  describe('2,000 look-ups during an outage', () => {
    let open: OpenStore;
    let calls: CallCount;
    let app: StoreApp;
    let token: string;

    beforeEach(async () => {
      open = subject.open(server.port);
      calls = new CallCount();
      app = await StoreApp.start(wrapped(open.store, calls.around));
      token = (await app.logIn()).accessToken;
      calls.handed = 0;
    });
    afterEach(() => app.close(open));

    it.each([
      ['is paused', PAUSED, WAVE + MOST_OVERDUE],
      // A client may reject at once what it cannot send, which leaves no call pending.
      ['is killed', KILLED, WAVES * WAVE],
    ])(
      'of a server that %s leave no more calls pending than the first wave, and none afterwards',
      async (_, { begin, end }, mostHanded) => {
        await begin(server, line);
        const waves: unknown[] = [];
        for (let wave = 0; wave < WAVES; wave += 1) waves.push(...(await aWave()));
        const { handed, pending, peak } = calls;
        await end(server, line);
        const back = await app.back(token);
        const events = [...app.events];

        expect(waves).toHaveLength(WAVES * WAVE);
        expect(waves.every((each) => each instanceof TokenCheckUnavailableError)).toBe(true);
        expect(peak).toBeLessThanOrEqual(WAVE + MOST_OVERDUE);
        expect(pending).toBeLessThanOrEqual(peak);
        expect(handed).toBeLessThanOrEqual(mostHanded);
        expect(back).toBeLessThan(BACK_WITHIN_MS);
        while (calls.pending > 0) await pause(20);
        expect(events).toEqual(['store-down', 'store-up']);
      },
    );

    /** A wave of look-ups at once, with the error of each. */
    function aWave(): Promise<unknown[]> {
      const lookUps = Array.from({ length: WAVE }, () =>
        app.tokens.verifyToken(token).catch((error: unknown) => error),
      );
      return app.overdue(Promise.all(lookUps));
    }
  });

  describe('Connections that are reset', () => {
    /** One client through the line, and one past it. */
    let open: OpenStore;
    let direct: OpenStore;
    let app: StoreApp;

    beforeEach(async () => {
      [open, direct] = [subject.open(line.port), subject.open(server.port)];
      app = await StoreApp.start(open.store);
    });
    afterEach(async () => {
      line.restore();
      await app.close(open, direct);
    });

    it('during look-ups make no request wait for a deadline, and admit no revoked token (R56)', async () => {
      const { accessToken } = await app.logIn();
      const { accessToken: revoked } = await app.logIn();
      await app.blocklist.revoke(revoked);
      line.delay(DELAY_MS);
      const asking = [accessToken, revoked].map((token) => app.show(token));
      await pause(DELAY_MS / 2);
      line.reset();
      line.restore();
      const [good, bad] = await Promise.all(asking);
      const back = await app.back(accessToken);

      // A client may repeat a look-up by itself over its next connection.
      expect([ADMITTED, UNAVAILABLE]).toContainEqual(good);
      expect([401, 503]).toContain(bad?.status);
      expect(back).toBeLessThan(BACK_WITHIN_MS);
    });

    it('between a claim and its acknowledgement rotate a refresh token once (R63)', async () => {
      const { refreshToken } = await app.logIn();
      const claim = `spent:${claimsOf(refreshToken).jti}`;
      line.delay(DELAY_MS);
      const first = app.refresh(refreshToken);
      while ((await direct.store.get([claim]))[0] === null) await pause(5);
      line.reset();
      line.restore();
      const answers = [await first];
      while (answers.at(-1)?.status !== 201) answers.push(await app.refresh(refreshToken));
      answers.push(await app.refresh(refreshToken));

      const successors = answers.filter(({ status }) => status === 201).map(({ body }) => body);
      expect(successors.length).toBeGreaterThanOrEqual(2);
      expect(new Set(successors.map((each) => JSON.stringify(each))).size).toBe(1);
      for (const answer of answers) expect([201, 503]).toContain(answer.status);
    });
  });
});
