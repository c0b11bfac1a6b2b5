import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisBlocklistStore } from 'nestjs-jwt-extended';
import { STORE } from './store.js';

async function connect() {
  const redis = new Redis(process.env.REDIS_URL ?? 'redis://localhost', {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (retries) => Math.min(retries * 50, 200),
  });
  redis.on('error', (error) => new Logger('Redis').warn(error.message));
  // If Redis is not up yet, the application starts all the same and uses it as soon as it is.
  await redis.connect().catch(() => {});
  return redis;
}

@Module({
  providers: [
    { provide: Redis, useFactory: connect },
    {
      provide: STORE,
      inject: [Redis],
      useFactory: (redis: Redis) => new RedisBlocklistStore(redis),
    },
  ],
  exports: [STORE],
})
export class StoreModule implements OnApplicationShutdown {
  constructor(private readonly redis: Redis) {}

  onApplicationShutdown() {
    this.redis.disconnect();
  }
}
