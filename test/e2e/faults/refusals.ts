import { type Host, hostOf, sqliteFile } from './hosts.js';
import { type OpenStore, REDIS_SUBJECTS, SUBJECTS } from './subjects.js';

/** Done over the connection of the application, or over another one. */
type Act = (own: OpenStore, other: OpenStore) => Promise<unknown>;

/** Why a server that answers look-ups takes no writes. */
export interface Refusal {
  readonly why: string;
  readonly begin: Act;
  readonly end: Act;
  readonly cause: RegExp;
  /** Of the store, if it is what ends the wait for a server that does not refuse by itself. */
  readonly timeout?: string;
}

const REDIS: readonly Refusal[] = [
  {
    why: 'is full',
    begin: (_, other) => other.run('CONFIG', 'SET', 'maxmemory', '1'),
    end: (_, other) => other.run('CONFIG', 'SET', 'maxmemory', '0'),
    cause: /OOM/,
  },
  {
    why: 'has become a replica',
    begin: (_, other) => other.run('REPLICAOF', '127.0.0.1', '1'),
    end: (_, other) => other.run('REPLICAOF', 'NO', 'ONE'),
    cause: /READONLY/,
  },
  {
    why: 'has too few replicas',
    begin: (_, other) => other.run('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: (_, other) => other.run('CONFIG', 'SET', 'min-replicas-to-write', '0'),
    cause: /NOREPLICAS/,
  },
];

const POSTGRES: readonly Refusal[] = [
  {
    why: 'is read-only',
    begin: (own, other) => setReadOnly('on', own, other),
    end: (own, other) => setReadOnly('off', own, other),
    cause: /read-only transaction/,
  },
  {
    why: 'is locked by another transaction',
    begin: (_, other) =>
      other.run('BEGIN; LOCK TABLE jwt_blocklist, jwt_blocklist_sessions IN SHARE MODE'),
    end: (_, other) => other.run('ROLLBACK'),
    cause: /did not answer within/,
    timeout: '2s',
  },
];

const SQLITE: readonly Refusal[] = [
  {
    why: 'is locked by another connection',
    begin: (_, other) => other.run('BEGIN IMMEDIATE'),
    end: (_, other) => other.run('ROLLBACK'),
    cause: /database is locked/,
  },
  {
    why: 'is read-only',
    begin: (own) => own.run('PRAGMA query_only = ON'),
    end: (own) => own.run('PRAGMA query_only = OFF'),
    cause: /readonly database/,
  },
];

/** Of each store, by where its entries are kept. */
export const REFUSALS: readonly (readonly [string, () => Promise<Host>, readonly Refusal[]])[] = [
  ...REDIS_SUBJECTS.map(([name, subject]) => [name, () => hostOf(subject), REDIS] as const),
  ...SUBJECTS.slice(-1).map(([name, subject]) => [name, () => hostOf(subject), POSTGRES] as const),
  ['SqlBlocklistStore on a file of SQLite', sqliteFile, SQLITE],
];

/** Every session is told, and hears of it when it is asked for something the next time but one. */
async function setReadOnly(value: 'on' | 'off', own: OpenStore, other: OpenStore): Promise<void> {
  await other.run(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
  await other.run('SELECT pg_reload_conf()');
  let settings: unknown[];
  do {
    const asking = Array.from({ length: 10 }, () => own.run('SHOW default_transaction_read_only'));
    settings = (await Promise.all(asking)).flat();
  } while (!settings.every((each) => JSON.stringify(each).includes(`"${value}"`)));
}
