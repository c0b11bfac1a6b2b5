import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { RedisBlocklistStore } from 'nestjs-jwt-extended';
import { createClient } from 'redis';
import type { OpenedStore } from './opened-store.js';

export async function openRedis(url: string): Promise<OpenedStore> {
  const logger = new Logger('Redis');
  const client = createClient({
    url,
    // The process caches entries, and the server tells it which of them have changed.
    RESP: 3,
    clientSideCache: { ttl: 5_000, maxEntries: 10_000, evictPolicy: 'FIFO' },
    // While Redis is down, fail at once (503), and reconnect soon after it is back.
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
  // Each failed attempt emits an error, which would end the process if there were no listener.
  client.on('error', () => {});
  // If Redis is not up yet, the application starts all the same and uses it as soon as it is.
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
