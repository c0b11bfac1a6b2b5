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

const NOT_DIGITS = ['', ' ', 'soon', '-1', '1.5', '1e9', 'NaN', 'Infinity', '0x10'];
const NO_NUMBERS = [...NOT_DIGITS, '12345678901234567'];
const MARKS = { jti: 'j', csrf: 'c' };
const SPENT = { sessionId: 's', claimedAt: 1, now: 1, access: MARKS, refresh: MARKS };
const NO_SPENT_TOKENS = [
  '',
  '1',
  'null',
  '[]',
  '{',
  '{}',
  JSON.stringify({ ...SPENT, claimedAt: 'now' }),
  JSON.stringify({ ...SPENT, sessionId: 7 }),
  JSON.stringify({ ...SPENT, refresh: { ...MARKS, jti: null } }),
  JSON.stringify({ ...SPENT, access: undefined }),
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

  it.each(NOT_DIGITS)(
    '%j as a cut-off makes revokeAllFor reject, and stays (R57)',
    async (text) => {
      await other.store.add(`sub:${identity}`, text, null);

      const failure = await failureOf(app.blocklist.revokeAllFor(identity));

      expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      expect(await other.store.get([`sub:${identity}`])).toEqual([text]);
    },
  );

  it.each(NO_SPENT_TOKENS)(
    '%j as the rotation of a refresh token neither rotates nor mints',
    async (text) => {
      const { jti } = claimsOf(pair.refreshToken);
      await other.store.add(`spent:${jti}`, text, null);

      expect(await app.refresh(pair.refreshToken)).toEqual(UNAVAILABLE);
      const failure = await failureOf(app.tokens.rotateRefreshToken(pair.refreshToken));

      expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      expect((await app.show(pair.accessToken)).status).toBe(200);
      await other.store.delete(`spent:${jti}`);
      expect((await app.refresh(pair.refreshToken)).status).toBe(201);
    },
  );

  it.each(['', '0', 'false', 'null'])(
    '%j under the key of a token revokes it (R56)',
    async (text) => {
      await other.store.add(`jti:${claimsOf(pair.accessToken).jti}`, text, null);
      await other.store.add(`sid:${claimsOf(pair.refreshToken).sid}`, text, null);

      expect(await app.show(pair.accessToken)).toEqual(REVOKED);
      expect(await app.refresh(pair.refreshToken)).toEqual(REVOKED);
    },
  );

  it('text for the lifetime of a session revokes it for ever when it is revoked', async () => {
    const { sessionId, accessToken } = pair;
    await other.store.delete(`life:${sessionId}`);
    await other.store.add(`life:${sessionId}`, 'long', null);

    await app.blocklist.revokeSession(sessionId);

    expect(await app.show(accessToken)).toEqual(REVOKED);
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
