import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenCheckUnavailableError, type TokenPair } from '../../../src/index.js';
import { failureOf, UNAVAILABLE } from '../../support/faults.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { ADMITTED, BACK_WITHIN_MS, LOGGED_OUT, REVOKED, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';

/** A way for a store to be away, and to come back. */
interface Outage {
  readonly begin: (server: Server, line: TcpProxy) => unknown;
  readonly end: (server: Server, line: TcpProxy) => unknown;
  /** Whether clients have a line to the server that can fail, or are connected to itself. */
  readonly isOfTheLine?: boolean;
}

const OUTAGES: readonly (readonly [string, Outage])[] = [
  ['is killed', { begin: (server) => server.kill(), end: (server) => server.restart() }],
  ['is paused', { begin: (server) => server.pause(), end: (server) => server.resume() }],
  [
    'refuses connections',
    { begin: (_, line) => line.cut(), end: (_, line) => line.restore(), isOfTheLine: true },
  ],
  [
    'is gone without a word',
    { begin: (_, line) => line.blackhole(), end: (_, line) => line.restore(), isOfTheLine: true },
  ],
  [
    'takes longer than the deadline',
    {
      begin: (_, line) => line.delay(3_600_000),
      end: (_, line) => line.restore(),
      isOfTheLine: true,
    },
  ],
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

  describe.each(OUTAGES)('whose server %s (R28, R56, R57, R73)', (_, outage) => {
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
    afterEach(async () => {
      const calamities = await app.close();
      await open.close();
      expect(calamities).toEqual([]);
    });

    it('lets nobody in and acknowledges nothing, and is back soon with all it knew', async () => {
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
});
