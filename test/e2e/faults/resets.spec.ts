import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { UNAVAILABLE } from '../../support/faults.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { claimsOf } from '../../support/tokens.js';
import { ADMITTED, BACK_WITHIN_MS, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';

/** How long everything takes on its way to the server, and as long on the way back. */
const DELAY_MS = 200;

describe.each(SUBJECTS)('%s, whose connections are reset', (_, subject) => {
  let server: Server;
  let line: TcpProxy;
  /** Over the line, and around it. */
  let open: OpenStore;
  let direct: OpenStore;
  let app: StoreApp;

  beforeAll(async () => {
    server = await subject.startServer();
    line = await TcpProxy.start(server.port);
  });
  beforeEach(async () => {
    [open, direct] = [subject.open(line.port), subject.open(server.port)];
    app = await StoreApp.start(open.store);
  });
  afterEach(async () => {
    line.restore();
    const calamities = await app.close();
    await Promise.all([open.close(), direct.close()]);
    expect(calamities).toEqual([]);
  });
  afterAll(async () => {
    await line.close();
    await server.close();
  });

  it('amid look-ups lets nobody wait for a deadline, and none in who was revoked (R56)', async () => {
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

    // A client may ask again over its next connection, of its own accord.
    expect([ADMITTED, UNAVAILABLE]).toContainEqual(good);
    expect([401, 503]).toContain(bad?.status);
    expect(back).toBeLessThan(BACK_WITHIN_MS);
  });

  it('between a claim and its acknowledgement spends a refresh token once (R63)', async () => {
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
