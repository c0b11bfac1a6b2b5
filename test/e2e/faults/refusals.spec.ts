import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenCheckUnavailableError, type TokenPair } from '../../../src/index.js';
import { failureOf, UNAVAILABLE } from '../../support/faults.js';
import type { Host } from './hosts.js';
import { REFUSALS } from './refusals.js';
import { ADMITTED, LOGGED_OUT, REVOKED, StoreApp } from './store-app.js';
import { type OpenStore } from './subjects.js';

describe.each(REFUSALS)('%s', (_, start, refusals) => {
  let host: Host;

  beforeAll(async () => {
    host = await start();
  });
  afterAll(() => host.close());

  describe.each(refusals)('that $why', ({ begin, end, cause, timeout }) => {
    let open: OpenStore;
    let other: OpenStore;
    let app: StoreApp;
    let pair: TokenPair;
    let doomed: TokenPair;
    let revoked: string;

    beforeEach(async () => {
      [open, other] = [host.open(), host.open()];
      app = await StoreApp.start(open.store, { blocklist: timeout ? { timeout } : {} });
      [pair, doomed] = [await app.logIn(), await app.logIn('bob')];
      revoked = (await app.logIn()).accessToken;
      await app.blocklist.revoke(revoked);
    });
    afterEach(async () => {
      const calamities = await app.close();
      await Promise.all([open.close(), other.close()]);
      expect(calamities).toEqual([]);
    });

    it('acknowledges nothing, while look-ups go on (R57)', async () => {
      await begin(open, other);
      const answers = await Promise.all([
        app.logOut(pair.accessToken),
        app.refresh(pair.refreshToken),
      ]);
      const failures = await Promise.all([
        failureOf(app.blocklist.revoke(doomed.accessToken)),
        failureOf(app.blocklist.revokeSession(doomed.sessionId)),
        failureOf(app.blocklist.revokeAllFor('bob')),
        failureOf(app.logIn('bob')),
      ]);
      const lookedUp = [await app.show(pair.accessToken), await app.show(revoked)];
      await end(open, other);

      expect(answers).toEqual([UNAVAILABLE, UNAVAILABLE]);
      for (const failure of failures) {
        expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
        expect(String((failure as Error).cause)).toMatch(cause);
      }
      expect(lookedUp).toEqual([ADMITTED, REVOKED]);
    });

    it('takes what it is told once that is over', async () => {
      const { accessToken } = await app.logIn();
      await begin(open, other);
      await app.logOut(accessToken);
      await end(open, other);
      const late = (await app.logIn()).accessToken;

      expect(await app.show(late)).toEqual(ADMITTED);
      expect(await app.logOut(late)).toEqual(LOGGED_OUT);
      expect(await app.show(late)).toEqual(REVOKED);
      expect((await app.refresh(pair.refreshToken)).status).toBe(201);
    });

    it('is told of once (R73)', async () => {
      await begin(open, other);
      for (let time = 0; time < 3; time += 1) {
        await app.logOut(doomed.accessToken);
        await app.show(pair.accessToken);
      }
      await end(open, other);
      await app.logIn();

      expect(app.events).toEqual(['store-down', 'store-up']);
    });
  });
});
