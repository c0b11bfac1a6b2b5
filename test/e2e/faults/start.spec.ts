import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UNAVAILABLE } from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { ADMITTED, BACK_WITHIN_MS, LOGGED_OUT, REVOKED, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';

describe.each(SUBJECTS)('An application on a %s', (_, subject) => {
  let server: Server;
  let open: OpenStore;
  let app: StoreApp | undefined;

  beforeAll(async () => {
    server = await subject.startServer();
  });
  beforeEach(() => {
    open = subject.open(server.port);
  });
  afterEach(async () => {
    const calamities = await app?.close();
    app = undefined;
    await open.close();
    expect(calamities).toEqual([]);
  });
  afterAll(() => server.close());

  it.each([
    ['is not there yet', () => server.kill(), () => server.restart()],
    ['is silent', () => server.pause(), () => server.resume()],
  ])(
    'starts while the server %s, refuses everybody, and lets in when it is there',
    async (_, begin, end) => {
      await begin();
      const token = forgeToken(accessClaims());
      app = await StoreApp.startInOutage(open.store);
      const refused = await app.overdue(Promise.all([app.show(token), app.logOut(token)]));
      await end();
      const back = await app.back(token);

      expect(refused).toEqual([UNAVAILABLE, UNAVAILABLE]);
      expect(back).toBeLessThan(BACK_WITHIN_MS);
      expect(await app.show(token)).toEqual(ADMITTED);
      expect(await app.logOut(token)).toEqual(LOGGED_OUT);
      expect(await app.show(token)).toEqual(REVOKED);
    },
  );

  it('leaves the client open when it is closed, which is not its own (R75)', async () => {
    app = await StoreApp.start(open.store);
    await app.logIn();

    await app.close();

    expect(await open.store.get(['all'])).toEqual([null]);
  });
});
