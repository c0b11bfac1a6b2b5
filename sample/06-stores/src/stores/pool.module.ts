import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';

/** A pool of connections, which closes with the application. */
function openPool() {
  const pool = new Pool({
    connectionString: process.env.DATABASE_URL,
    // In milliseconds: when to give up on a connection that cannot be opened, and on one that does not answer.
    connectionTimeoutMillis: 1_000,
    query_timeout: 5_000,
  });
  // Without a listener, an idle connection that breaks would end the process. The pool opens a new one.
  return pool.on('error', (error) => new Logger('PostgreSQL').warn(error.message));
}

@Module({
  providers: [{ provide: Pool, useFactory: openPool }],
  exports: [Pool],
})
export class PoolModule implements OnApplicationShutdown {
  constructor(private readonly pool: Pool) {}

  async onApplicationShutdown() {
    await this.pool.end();
  }
}
