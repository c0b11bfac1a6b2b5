import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { type JwtExtendedOptions, TokenCheckUnavailableError } from '../../../src/index.js';
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
  let open: OpenStore;
  let app: StoreApp;

  beforeAll(async () => {
    server = await subject.startServer();
    line = await TcpProxy.start(server.port);
  });
  beforeEach(() => {
    open = subject.open(server.port);
  });
  afterEach(() => app.close(open));
  afterAll(async () => {
    await line.close();
    await server.close();
  });

  /** Starts an application with a session, a token that is revoked, and the id of another session. */
  async function start(options?: JwtExtendedOptions) {
    app = await StoreApp.start(open.store, options);
    const [pair, { accessToken: revoked }] = [await app.logIn(), await app.logIn()];
    await app.blocklist.revoke(revoked);
    const { sessionId: other } = await app.logIn();
    return { pair, revoked, other };
  }

  it.each(OUTAGES)(
    'whose server %s makes the application refuse each request and acknowledge nothing, and work again soon after (R28, R56, R57, R73)',
    async (_, { begin, end, isOfTheLine }) => {
      if (isOfTheLine) {
        await open.close();
        open = subject.open(line.port);
      }
      const { pair, revoked, other } = await start();
      await begin(server, line);
      const answers = Promise.all([
        app.show(pair.accessToken),
        app.show(revoked),
        app.logOut(pair.accessToken),
        app.refresh(pair.refreshToken),
      ]);
      expect(await app.overdue(answers)).toEqual(Array(4).fill(UNAVAILABLE));
      const failures = Promise.all([
        failureOf(app.blocklist.revoke(pair.refreshToken)),
        // Its client may still carry out what was not acknowledged, so this session is not looked at again.
        failureOf(app.blocklist.revokeSession(other)),
        failureOf(app.blocklist.revokeAllFor('bob')),
        failureOf(app.tokens.rotateRefreshToken(pair.refreshToken)),
        failureOf(app.logIn()),
      ]);
      for (const failure of await app.overdue(failures))
        expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      await end(server, line);
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
      expect(app.output.lines.filter((each) => each.startsWith('The blocklist store'))).toEqual([
        expect.stringMatching(/^The blocklist store failed: ./),
        expect.stringMatching(/^The blocklist store works again: it failed \d+ times in \d+\.\d s/),
      ]);
      expect(app.output.text).not.toMatch(/ey[\w-]+\./);
    },
  );

  it.each(OUTAGES.slice(0, 2))(
    "whose server %s makes the application with onStoreError: 'allow' admit each request, acknowledge nothing, rotate nothing and warn once",
    async (_, { begin, end }) => {
      const { pair, revoked } = await start({ blocklist: { onStoreError: 'allow' } });
      await begin(server, line);
      const shown = Promise.all(Array.from({ length: 50 }, () => app.show(pair.accessToken)));
      expect(await app.overdue(shown)).toEqual(Array(50).fill(ADMITTED));
      const others = [
        app.show(revoked),
        app.logOut(pair.accessToken),
        app.refresh(pair.refreshToken),
      ];
      expect(await app.overdue(Promise.all(others))).toEqual([ADMITTED, UNAVAILABLE, UNAVAILABLE]);
      const failures = Promise.all([
        failureOf(app.tokens.rotateRefreshToken(pair.refreshToken)),
        failureOf(app.blocklist.revokeAllFor('bob')),
        failureOf(app.logIn()),
      ]);
      for (const failure of await app.overdue(failures))
        expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      await end(server, line);
      while ((await app.show(revoked)).status === 200);

      expect(await app.show(revoked)).toEqual(REVOKED);
      expect(app.output.lines.filter((each) => WARNING.test(each))).toHaveLength(1);
      expect(app.events).toEqual(['store-down', 'store-up']);
    },
  );

  it.each(OUTAGES.slice(0, 2))(
    'whose server %s lets an application start that refuses each request until the server is back',
    async (_, { begin, end }) => {
      await begin(server, line);
      const token = forgeToken(accessClaims());
      app = await StoreApp.startInOutage(open.store);
      const refused = await app.overdue(Promise.all([app.show(token), app.logOut(token)]));
      await end(server, line);
      const back = await app.back(token);

      expect(refused).toEqual([UNAVAILABLE, UNAVAILABLE]);
      expect(back).toBeLessThan(BACK_WITHIN_MS);
      expect(await app.show(token)).toEqual(ADMITTED);
      expect(await app.logOut(token)).toEqual(LOGGED_OUT);
      expect(await app.show(token)).toEqual(REVOKED);
    },
  );

  it('keeps its client open when the application is closed (R75)', async () => {
    await start();

    await app.close();

    expect(await open.store.get(['all'])).toEqual([null]);
  });

  it.each([
    ['is paused', PAUSED, WAVE + MOST_OVERDUE],
    // A client may reject at once what it cannot send, which leaves no call pending.
    ['is killed', KILLED, WAVES * WAVE],
  ])(
    'whose server %s has no more pending calls after 2,000 look-ups than after the first wave, and none afterwards',
    async (_, { begin, end }, mostHanded) => {
      const calls = new CallCount();
      app = await StoreApp.start(wrapped(open.store, calls.around));
      const token = (await app.logIn()).accessToken;
      calls.handed = 0;
      await begin(server, line);
      const errors: unknown[] = [];
      for (let wave = 0; wave < WAVES; wave += 1) {
        const lookUps = Array.from({ length: WAVE }, () =>
          failureOf(app.tokens.verifyToken(token)),
        );
        errors.push(...(await app.overdue(Promise.all(lookUps))));
      }
      const { handed, pending, peak } = calls;
      await end(server, line);
      const back = await app.back(token);
      const events = [...app.events];

      expect(errors).toHaveLength(WAVES * WAVE);
      expect(errors.every((each) => each instanceof TokenCheckUnavailableError)).toBe(true);
      expect(peak).toBeLessThanOrEqual(WAVE + MOST_OVERDUE);
      expect(pending).toBeLessThanOrEqual(peak);
      expect(handed).toBeLessThanOrEqual(mostHanded);
      expect(back).toBeLessThan(BACK_WITHIN_MS);
      while (calls.pending > 0) await pause(20);
      expect(events).toEqual(['store-down', 'store-up']);
    },
  );

  describe('whose connections are reset', () => {
    /** A client past the line. */
    let direct: OpenStore;

    beforeEach(() => {
      [open, direct] = [subject.open(line.port), open];
    });
    afterEach(async () => {
      line.restore();
      await direct.close();
    });

    it('during look-ups makes no request wait for a deadline, and admits no revoked token (R56)', async () => {
      const { pair, revoked } = await start();
      line.delay(DELAY_MS);
      const asking = [pair.accessToken, revoked].map((token) => app.show(token));
      await pause(DELAY_MS / 2);
      line.reset();
      line.restore();
      const [good, bad] = await Promise.all(asking);
      const back = await app.back(pair.accessToken);

      // A client may repeat a look-up by itself over its next connection.
      expect([ADMITTED, UNAVAILABLE]).toContainEqual(good);
      expect([401, 503]).toContain(bad?.status);
      expect(back).toBeLessThan(BACK_WITHIN_MS);
    });

    it.each([
      ['the first', 'adds', 0],
      ['a later', 'replaces', 1],
    ])(
      'between the claim of %s rotation, which %s an entry, and its acknowledgement rotate once (R63)',
      async (...[, , rotations]) => {
        let { refreshToken } = (await start()).pair;
        const claim = `family:${claimsOf(refreshToken).jti}`;
        for (let time = 0; time < rotations; time += 1)
          ({ refreshToken } = await app.tokens.rotateRefreshToken(refreshToken));
        const [before] = await direct.store.get([claim]);
        line.delay(DELAY_MS);
        const first = app.refresh(refreshToken);
        while ((await direct.store.get([claim]))[0] === before) await pause(5);
        line.reset();
        line.restore();
        const answers = [await first];
        while (answers.at(-1)?.status !== 201) answers.push(await app.refresh(refreshToken));
        answers.push(await app.refresh(refreshToken));

        const successors = answers.filter(({ status }) => status === 201).map(({ body }) => body);
        expect(successors.length).toBeGreaterThanOrEqual(2);
        expect(new Set(successors.map((each) => JSON.stringify(each))).size).toBe(1);
        for (const answer of answers) expect([201, 503]).toContain(answer.status);
      },
    );
  });
});
