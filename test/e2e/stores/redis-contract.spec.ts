import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { blocklistStoreContract } from '../../../src/testing/blocklist-store-contract.js';
import { RedisBlocklistStore } from '../../../src/stores/redis-blocklist.store.js';
import { Reconnecting } from './reconnecting.js';
import { CLIENTS, RedisServers } from './redis-clients.js';

let servers: RedisServers;

beforeAll(async () => {
  servers = await RedisServers.start();
});
afterAll(() => servers.close());

describe.each(Object.entries(CLIENTS))('RedisBlocklistStore with %s', (_, connect) => {
  const connection = new Reconnecting(async () => {
    const { client, close } = await connect(servers);
    return { store: new RedisBlocklistStore(client), close };
  });
  afterAll(() => connection.close());

  for (const { name, run } of blocklistStoreContract(connection.open)) it(name, run);

  it('finds nothing wrong with the server', async () => {
    const { store } = await connection.open();

    await expect(store.check()).resolves.toBeUndefined();
  });
});
