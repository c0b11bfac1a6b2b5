import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BlocklistStore, TokenPair } from '../../../src/index.js';
import { UNAVAILABLE } from '../../support/faults.js';
import { REVOKED, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';
import { wrapped } from './wrapped-store.js';

describe.each(SUBJECTS)('A rotation over a %s', (_, subject) => {
  let server: Server;
  let open: OpenStore;
  let app: StoreApp;
  let skippedMs = 0;
  /** What happens once the next claim is written, before anybody hears of it. */
  let afterClaim: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    server = await subject.startServer();
    open = subject.open(server.port);
    app = await StoreApp.start(interrupted(open.store), {
      clock: () => new Date(Date.now() + skippedMs),
      rotation: { grace: '60s' },
    });
  });
  afterEach(() => {
    afterClaim = undefined;
  });
  afterAll(async () => {
    const calamities = await app.close();
    await open.close();
    await server.close();
    expect(calamities).toEqual([]);
  });

  function interrupted(store: BlocklistStore): BlocklistStore {
    return wrapped(store, async (method, call) => {
      const answer = await call();
      if (method !== 'add') return answer;
      const happens = afterClaim;
      afterClaim = undefined;
      await happens?.();
      return answer;
    });
  }

  it('whose server dies between claim and mint has one successor, until it is used (R63)', async () => {
    const first = await app.logIn();
    const killed = new Promise<void>((resolve) => {
      afterClaim = () => server.kill().then(resolve);
    });
    const refreshing = app.refresh(first.refreshToken);
    await killed;
    const failed = await app.overdue(refreshing);
    await server.restart();
    await app.back(first.accessToken);
    const successors = [
      await app.refresh(first.refreshToken),
      await app.refresh(first.refreshToken),
    ];
    const { refreshToken, accessToken } = successors[0]?.body as TokenPair;

    expect(failed).toEqual(UNAVAILABLE);
    expect(successors.map(({ status }) => status)).toEqual([201, 201]);
    expect(successors[1]?.body).toEqual(successors[0]?.body);
    skippedMs += 60_000;
    expect(await app.refresh(first.refreshToken)).toEqual(REVOKED);
    expect(await app.refresh(refreshToken)).toEqual(REVOKED);
    expect(await app.show(accessToken)).toEqual(REVOKED);
  });

  it('whose claim nobody acknowledged is reuse once the grace is over (R60)', async () => {
    const { refreshToken, accessToken } = await app.logIn();
    const claimed = new Promise<void>((resolve) => {
      afterClaim = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const refreshing = app.refresh(refreshToken);
    await claimed;
    const failed = await app.overdue(refreshing);
    skippedMs += 60_000;

    expect(failed).toEqual(UNAVAILABLE);
    expect(await app.refresh(refreshToken)).toEqual(REVOKED);
    expect(await app.show(accessToken)).toEqual(REVOKED);
  });
});
