import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildApp } from '../../support/child-app.js';
import { SECRET } from '../../support/forge.js';
import { PostgresServer } from '../../support/postgres.js';
import { RedisServer } from '../../support/redis.js';

const SCRIPT = join(import.meta.dirname, 'app.mjs');

/** What a login gives. */
export interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
}

/** Where the applications of several processes keep their store. */
export interface Place {
  readonly address: string;
  /** Kills the server of the store and starts it again; a file has no server. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

/** The kinds of store by their name in `stores.mjs`, and how to start one. */
export const PLACES: readonly (readonly [kind: string, start: () => Promise<Place>])[] = [
  ['redis', redis],
  ['redis with a cache', redis],
  ['ioredis', redis],
  ['postgres', postgres],
  ['sqlite', file],
];

/** Starts an application in a process of its own. */
export function startApp(kind: string, address: string, timeout?: string): Promise<ChildApp> {
  return ChildApp.start(SCRIPT, kind, address, SECRET, ...(timeout ? [timeout] : []));
}

async function redis(): Promise<Place> {
  const server = await RedisServer.start({ appendonly: true });
  return {
    address: server.url,
    crash: () => server.restart(),
    close: () => server.close(),
  };
}

async function postgres(): Promise<Place> {
  const server = await PostgresServer.start();
  return {
    address: server.url,
    crash: async () => {
      await server.kill();
      await server.restart();
    },
    close: () => server.close(),
  };
}

async function file(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'processes-'));
  return {
    address: join(folder, 'blocklist.db'),
    crash: async () => undefined,
    close: async () => rmSync(folder, { recursive: true }),
  };
}
