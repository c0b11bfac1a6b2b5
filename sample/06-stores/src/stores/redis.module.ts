import { once } from 'node:events';
import { Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { RedisBlocklistStore } from 'nestjs-jwt-extended';
import { createClient } from 'redis';
import { STORE } from './store.js';

type Client = Awaited<ReturnType<typeof connect>>;

async function connect() {
  const client = createClient({
    url: process.env.REDIS_URL,
    // The process caches entries, and the server tells it which of them have changed.
    RESP: 3,
    clientSideCache: { ttl: 5_000, maxEntries: 10_000, evictPolicy: 'FIFO' },
    // While Redis is down, fail at once (503), and reconnect soon after it is back.
    disableOfflineQueue: true,
    // The library has a deadline for every call; the client's own costs more than the call itself.
    commandOptions: { timeout: 0 },
    socket: { reconnectStrategy: (retries) => Math.min(20 * 2 ** retries, 200) },
  });
  // Without a listener, an error of the connection would end the process.
  client.on('error', (error: Error) => new Logger('Redis').warn(error.message));
  // If Redis is not up yet, the application starts all the same and uses it as soon as it is.
  await Promise.race([client.connect(), once(client, 'error')]);
  // The cache forgets values by itself, but not the names of their keys.
  setInterval(() => client.clientSideCache?.clear(), 600_000).unref();
  return client;
}

@Module({
  providers: [
    { provide: 'REDIS', useFactory: connect },
    {
      provide: STORE,
      inject: ['REDIS'],
      useFactory: (client: Client) => new RedisBlocklistStore(client),
    },
  ],
  exports: [STORE],
})
export class StoreModule implements OnApplicationShutdown {
  constructor(@Inject('REDIS') private readonly client: Client) {}

  async onApplicationShutdown() {
    await (this.client.isReady ? this.client.close() : this.client.destroy());
  }
}
