import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenCheckUnavailableError } from '../../../src/index.js';
import { failureOf, UNAVAILABLE } from '../../support/faults.js';
import { claimsOf } from '../../support/tokens.js';
import { type Host, hostOf } from './hosts.js';
import { StoreApp } from './store-app.js';
import { type OpenStore, REDIS_SUBJECTS } from './subjects.js';

describe.each(REDIS_SUBJECTS)('%s, where another type is under our keys', (_, subject) => {
  let host: Host;
  let open: OpenStore;
  let app: StoreApp;

  beforeAll(async () => {
    host = await hostOf(subject);
    open = host.open();
    app = await StoreApp.start(open.store);
  });
  afterAll(async () => {
    const calamities = await app.close();
    await open.close();
    await host.close();
    expect(calamities).toEqual([]);
  });

  it.each([
    ['a hash', 'HSET', 'field', 'value'],
    ['a list', 'RPUSH', 'value'],
    ['a set', 'SADD', 'value'],
    ['a stream', 'XADD', '*', 'field', 'value'],
  ])('acknowledges nothing that would go to %s (R57)', async (_, command, ...rest) => {
    const { accessToken, refreshToken, sessionId } = await app.logIn();
    const identity = `owner-of-a-${command}`;
    const keys = [
      `jti:${claimsOf(accessToken).jti}`,
      `spent:${claimsOf(refreshToken).jti}`,
      `sid:${sessionId}`,
      `sub:${identity}`,
    ];
    for (const key of keys) await open.run(command, `jwt:entry:${key}`, ...rest);

    expect(await app.logOut(accessToken)).toEqual(UNAVAILABLE);
    expect(await app.refresh(refreshToken)).toEqual(UNAVAILABLE);
    const failures = await Promise.all([
      failureOf(app.blocklist.revoke(accessToken)),
      failureOf(app.blocklist.revokeSession(sessionId)),
      failureOf(app.blocklist.revokeAllFor(identity)),
      failureOf(app.tokens.rotateRefreshToken(refreshToken)),
    ]);
    for (const failure of failures) expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
  });

  it('begins no session where its record cannot be kept', async () => {
    await open.run('SET', 'jwt:sessions:carol', 'text');

    expect(await failureOf(app.logIn('carol'))).toBeInstanceOf(TokenCheckUnavailableError);
  });
});
