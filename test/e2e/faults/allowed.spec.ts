import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenCheckUnavailableError, type TokenPair } from '../../../src/index.js';
import { failureOf, UNAVAILABLE } from '../../support/faults.js';
import { ADMITTED, REVOKED, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';

const WARNING = /tokens pass unchecked/;

describe.each(SUBJECTS)("%s, with blocklist.onStoreError: 'allow'", (_, subject) => {
  let server: Server;
  let open: OpenStore;
  let app: StoreApp;
  let pair: TokenPair;
  let revoked: string;

  beforeAll(async () => {
    server = await subject.startServer();
  });
  beforeEach(async () => {
    open = subject.open(server.port);
    app = await StoreApp.start(open.store, { blocklist: { onStoreError: 'allow' } });
    pair = await app.logIn();
    revoked = (await app.logIn()).accessToken;
    await app.blocklist.revoke(revoked);
  });
  afterEach(async () => {
    const calamities = await app.close();
    await open.close();
    expect(calamities).toEqual([]);
  });
  afterAll(() => server.close());

  it.each([
    ['is killed', () => server.kill(), () => server.restart()],
    ['is paused', () => server.pause(), () => server.resume()],
  ])(
    'whose server %s lets everybody in, acknowledges nothing, rotates nothing and says so once',
    async (_, begin, end) => {
      await begin();
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
          failureOf(app.blocklist.revokeAllFor('alice')),
          failureOf(app.logIn()),
        ]),
      );
      await end();
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
