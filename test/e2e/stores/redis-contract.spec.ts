import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { blocklistStoreContract } from '../../../src/testing/blocklist-store-contract.js';
import { RedisBlocklistStore } from '../../../src/revocation/redis/redis-blocklist.store.js';
import { REDIS_STARTS_WITHIN_MS } from '../../support/redis.js';
import { CLIENTS, type ConnectedClient, RedisServers } from './redis-clients.js';

let servers: RedisServers;

beforeAll(async () => {
  servers = await RedisServers.start();
}, REDIS_STARTS_WITHIN_MS);
afterAll(() => servers.close());

describe.each(Object.entries(CLIENTS))('RedisBlocklistStore with %s', (_, connect) => {
  let connected: ConnectedClient;

  beforeAll(async () => {
    connected = await connect(servers);
  });
  afterAll(async () => {
    await connected.close();
  });

  const open = () => ({ store: new RedisBlocklistStore(connected.client) });
  for (const { name, run } of blocklistStoreContract(open)) it(name, run);

  it('finds nothing wrong with the server', async () => {
    await expect(open().store.check()).resolves.toBeUndefined();
  });
});
