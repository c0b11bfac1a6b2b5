import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenCheckUnavailableError, type TokenPair } from '../../../src/index.js';
import { failureOf, UNAVAILABLE } from '../../support/faults.js';
import { claimsOf } from '../../support/tokens.js';
import { REVOKED, StoreApp } from './store-app.js';
import { type Host, hostOf, type OpenStore, sqliteFile, SUBJECTS } from './subjects.js';

const HOSTS: readonly (readonly [string, () => Promise<Host>])[] = [
  ...SUBJECTS.map(([name, subject]) => [name, () => hostOf(subject)] as const),
  ['SqlBlocklistStore on a file of SQLite', sqliteFile],
];

const NO_NUMBERS = [
  ...['', ' ', 'soon', '-1', '1.5', '1e9', 'NaN', 'Infinity', '0x10', '12345678901234567'],
];
const IDS = { jti: 'j', csrf: 'c' };
const ROTATED = { generation: 1, claimedAt: 1, now: 1, access: IDS, refresh: IDS };
const NO_ROTATIONS = [
  '',
  '1',
  'null',
  '[]',
  '{',
  '{}',
  'ended:1',
  JSON.stringify({ ...ROTATED, generation: '1' }),
  JSON.stringify({ ...ROTATED, claimedAt: 'now' }),
  JSON.stringify({ ...ROTATED, now: null }),
  JSON.stringify({ ...ROTATED, until: 'late' }),
  JSON.stringify({ ...ROTATED, refresh: { ...IDS, jti: null } }),
  JSON.stringify({ ...ROTATED, refresh: { jti: 'j' } }),
  JSON.stringify({ ...ROTATED, access: undefined }),
];
/** Text for a session that looks like that of one that goes on. */
const NOT_LIVE = [
  'live',
  'live:',
  'live:soon',
  'live:-1',
  'LIVE:1',
  ' live:1',
  'live:1 ',
  'alive:1',
];

describe.each(HOSTS)('Entries that another program wrote to a %s', (_, start) => {
  let host: Host;
  let open: OpenStore;
  let other: OpenStore;
  let app: StoreApp;
  let identity: string;
  let pair: TokenPair;
  let count = 0;

  beforeAll(async () => {
    host = await start();
    [open, other] = [host.open(), host.open()];
    app = await StoreApp.start(open.store);
  });
  beforeEach(async () => {
    count += 1;
    identity = `user-${count}`;
    pair = await app.logIn(identity);
  });
  afterAll(() => app.close(open, other, host));

  it.each(NO_NUMBERS)('%j as a cut-off refuses the tokens of that identity (R56)', async (text) => {
    await other.store.add(`sub:${identity}`, text, null);

    expect(await app.show(pair.accessToken)).toEqual(UNAVAILABLE);
    expect(await app.refresh(pair.refreshToken)).toEqual(UNAVAILABLE);
    const { accessToken } = await app.logIn('another');
    expect(await app.show(accessToken)).toEqual({ status: 200, body: { identity: 'another' } });
  });

  it.each(NO_NUMBERS)(
    '%j as a cut-off makes revokeAllFor reject, and stays (R57)',
    async (text) => {
      await other.store.add(`sub:${identity}`, text, null);

      const failure = await failureOf(app.blocklist.revokeAllFor(identity));

      expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      expect(await other.store.get([`sub:${identity}`])).toEqual([text]);
    },
  );

  it.each(NO_ROTATIONS)(
    '%j as the rotation of a refresh token neither rotates nor mints',
    async (text) => {
      const key = `family:${claimsOf(pair.refreshToken).jti}`;
      await other.store.add(key, text, null);

      expect(await app.refresh(pair.refreshToken)).toEqual(UNAVAILABLE);
      const failure = await failureOf(app.tokens.rotateRefreshToken(pair.refreshToken));

      expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      expect(await other.store.get([key])).toEqual([text]);
      expect((await app.show(pair.accessToken)).status).toBe(200);
      await other.store.delete(key);
      expect((await app.refresh(pair.refreshToken)).status).toBe(201);
    },
  );

  it.each(NO_ROTATIONS)(
    '%j as the second rotation refuses each token of the family',
    async (text) => {
      const second = (await app.refresh(pair.refreshToken)).body as TokenPair;
      const key = `family:${claimsOf(pair.refreshToken).jti}`;
      const [kept] = (await other.store.get([key])) as [string];
      expect(await other.store.replace(key, kept, text, null)).toBe(true);

      expect(await app.refresh(pair.refreshToken)).toEqual(UNAVAILABLE);
      expect(await app.refresh(second.refreshToken)).toEqual(UNAVAILABLE);

      expect(await other.store.replace(key, text, kept, null)).toBe(true);
      expect((await app.refresh(second.refreshToken)).status).toBe(201);
    },
  );

  it.each(['', '0', 'false', 'null'])(
    '%j under the key of a token revokes it (R56)',
    async (text) => {
      await other.store.add(`jti:${claimsOf(pair.accessToken).jti}`, text, null);
      expect(await app.show(pair.accessToken)).toEqual(REVOKED);
      expect((await app.refresh(pair.refreshToken)).status).toBe(201);
    },
  );

  it.each(['', '0', 'false', 'null', 'ended', 'ended:soon', ...NOT_LIVE])(
    '%j under the key of a session revokes its tokens, and becomes an end when the session is revoked (R56)',
    async (text) => {
      const key = `sid:${pair.sessionId}`;
      await other.store.add(key, text, null);

      expect(await app.show(pair.accessToken)).toEqual(REVOKED);
      expect(await app.refresh(pair.refreshToken)).toEqual(REVOKED);
      await app.blocklist.revokeSession(pair.sessionId);

      expect(await other.store.get([key])).toEqual([expect.stringMatching(/^ended:\d{10}$/)]);
      expect(await app.show(pair.accessToken)).toEqual(REVOKED);
    },
  );

  it('an end of a session that is over too early is extended when the session is revoked', async () => {
    const key = `sid:${pair.sessionId}`;
    await other.store.add(key, 'ended:1', null);

    expect(await app.show(pair.accessToken)).toEqual(REVOKED);
    await app.blocklist.revokeSession(pair.sessionId);

    expect(await other.store.get([key])).toEqual([expect.stringMatching(/^ended:\d{10}$/)]);
    expect(await app.show(pair.accessToken)).toEqual(REVOKED);
  });

  it('a moment until which the tokens of a session may live revokes no token', async () => {
    await other.store.add(`sid:${pair.sessionId}`, 'live:1', null);

    expect((await app.show(pair.accessToken)).status).toBe(200);
    expect((await app.refresh(pair.refreshToken)).status).toBe(201);
    await app.blocklist.revokeSession(pair.sessionId);
    expect(await app.show(pair.accessToken)).toEqual(REVOKED);
  });

  it.each(['', '{}', 'null', '7'])(
    '%j as the record of a session refuses to refresh it',
    async (text) => {
      await other.store.sessions?.put(identity, pair.sessionId, text, null);

      expect(await app.refresh(pair.refreshToken)).toEqual(UNAVAILABLE);
      expect((await app.show(pair.accessToken)).status).toBe(200);
    },
  );
});
