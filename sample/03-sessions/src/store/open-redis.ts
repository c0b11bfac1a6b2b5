import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { RedisBlocklistStore } from 'nestjs-jwt-extended';
import { createClient } from 'redis';
import type { OpenedStore } from './opened-store.js';

export async function openRedis(url: string): Promise<OpenedStore> {
  const logger = new Logger('Redis');
  const client = createClient({
    url,
    // Most requests are answered from this process, and the server tells it what has changed.
    RESP: 3,
    clientSideCache: { ttl: 5_000, maxEntries: 10_000, evictPolicy: 'FIFO' },
    // While Redis is away, refuse at once (503); and be back soon after it is.
    disableOfflineQueue: true,
    // The library has a deadline for every call; the client's own costs more than the call itself.
    commandOptions: { timeout: 0 },
    socket: {
      reconnectStrategy(retries, cause) {
        if (retries === 0) logger.warn(cause.message);
        return Math.min(20 * 2 ** retries, 200);
      },
    },
  });
  // Each failed attempt is an error, and one that nobody listens to would end the process.
  client.on('error', () => {});
  // Where Redis is not there yet, the application starts all the same, and asks it once it is.
  await Promise.race([client.connect(), once(client, 'error')]);
  // The cache forgets values by itself, but not the names of their keys.
  const tidying = setInterval(() => client.clientSideCache?.clear(), 600_000).unref();
  return {
    store: new RedisBlocklistStore(client),
    async close() {
      clearInterval(tidying);
      await (client.isReady ? client.close() : client.destroy());
    },
  };
}
