import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TokenPair } from '../../../src/index.js';
import { UNAVAILABLE } from '../../support/faults.js';
import { type Host, sqliteFile } from './hosts.js';
import { REVOKED, StoreApp } from './store-app.js';
import type { OpenStore } from './subjects.js';

describe('After a logout that found the file of SQLite locked', () => {
  let host: Host;
  let [own, other, third]: OpenStore[] = [];
  let app: StoreApp;
  let pair: TokenPair;

  beforeEach(async () => {
    host = await sqliteFile();
    [own, other, third] = [host.open(), host.open(), host.open()];
    app = await StoreApp.start(own.store);
    pair = await app.logIn();
    await third.run('BEGIN IMMEDIATE');
    expect(await app.logOut(pair.accessToken)).toEqual(UNAVAILABLE);
    await third.run('ROLLBACK');
  });
  afterEach(async () => {
    const calamities = await app.close();
    await Promise.all([own, other, third].map((each) => each?.close()));
    await host.close();
    expect(calamities).toEqual([]);
  });

  it('what is acknowledged next is there for every other process (R57, R65)', async () => {
    await app.blocklist.revokeAllFor('alice');

    expect(await app.show(pair.accessToken)).toEqual(REVOKED);
    expect(await other?.store.get(['sub:alice'])).toEqual([expect.stringMatching(/^\d+$/)]);
  });

  it('every other process may write once something else was acknowledged', async () => {
    await app.logIn();

    expect(await other?.store.add('jti:another', '1', null)).toBe(true);
  });

  it('the same token can be logged out', async () => {
    expect((await app.logOut(pair.accessToken)).status).toBe(201);

    expect(await app.show(pair.accessToken)).toEqual(REVOKED);
  });
});
