import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../../support/postgres.js';
import { RedisServer } from '../../support/redis.js';

/** A database for the sample's sessions. */
export interface SampleStore {
  readonly variables: NodeJS.ProcessEnv;
  /** The server to stop and restart. A file has none. */
  readonly server?: { kill(): Promise<void>; restart(): Promise<void> };
  close(): unknown;
}

export const SAMPLE_STORES = {
  SQLite: async (): Promise<SampleStore> => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
    return {
      variables: { SQLITE_FILE: join(folder, 'sessions.db') },
      close: () => rmSync(folder, { recursive: true }),
    };
  },
  Redis: async (): Promise<SampleStore> => {
    const server = await RedisServer.start({ appendonly: true });
    return { variables: { REDIS_URL: server.url }, server, close: () => server.close() };
  },
  PostgreSQL: async (): Promise<SampleStore> => {
    const server = await PostgresServer.start();
    return { variables: { DATABASE_URL: server.url }, server, close: () => server.close() };
  },
} as const;
