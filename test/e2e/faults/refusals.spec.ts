import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenCheckUnavailableError } from '../../../src/index.js';
import { failureOf, UNAVAILABLE } from '../../support/faults.js';
import { ADMITTED, LOGGED_OUT, REVOKED, StoreApp } from './store-app.js';
import {
  type Host,
  hostOf,
  type OpenStore,
  REDIS_SUBJECTS,
  sqliteFile,
  SUBJECTS,
} from './subjects.js';

/** An action over the connection of the application, or over another one. */
type Act = (own: OpenStore, other: OpenStore) => Promise<unknown>;

/** Why a server that answers look-ups refuses writes. */
interface Refusal {
  readonly why: string;
  readonly begin: Act;
  readonly end: Act;
  readonly cause: RegExp;
  /** The timeout of the store, for a server that does not answer a write. */
  readonly timeout?: string;
}

/** A server that a setting of Redis makes refuse writes. */
const setTo = (why: string, name: string, on: string, off: string, cause: RegExp): Refusal => ({
  why,
  begin: (_, other) => other.run('CONFIG', 'SET', name, on),
  end: (_, other) => other.run('CONFIG', 'SET', name, off),
  cause,
});

const REDIS: readonly Refusal[] = [
  setTo('is full', 'maxmemory', '1', '0', /OOM/),
  setTo('has too few replicas', 'min-replicas-to-write', '1', '0', /NOREPLICAS/),
  {
    why: 'has become a replica',
    begin: (_, other) => other.run('REPLICAOF', '127.0.0.1', '1'),
    end: (_, other) => other.run('REPLICAOF', 'NO', 'ONE'),
    cause: /READONLY/,
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

/** The refusals of each store, by its server or file. */
const REFUSALS: readonly (readonly [string, () => Promise<Host>, readonly Refusal[]])[] = [
  ...REDIS_SUBJECTS.map(([name, subject]) => [name, () => hostOf(subject), REDIS] as const),
  ...SUBJECTS.slice(-1).map(([name, subject]) => [name, () => hostOf(subject), POSTGRES] as const),
  ['SqlBlocklistStore on a file of SQLite', sqliteFile, SQLITE],
];

describe.each(REFUSALS)('%s', (_, start, refusals) => {
  let host: Host;

  beforeAll(async () => {
    host = await start();
  });
  afterAll(() => host.close());

  it.each(refusals)(
    'that $why acknowledges no write, answers look-ups, is reported once, and accepts writes afterwards (R57, R73)',
    async ({ begin, end, cause, timeout }) => {
      const [open, other] = [host.open(), host.open()];
      const app = await StoreApp.start(open.store, { blocklist: timeout ? { timeout } : {} });
      const [pair, doomed, spare] = [await app.logIn(), await app.logIn('bob'), await app.logIn()];
      const revoked = (await app.logIn()).accessToken;
      await app.blocklist.revoke(revoked);

      await begin(open, other);
      const refused = [await app.logOut(pair.accessToken), await app.refresh(pair.refreshToken)];
      const failures = await Promise.all([
        failureOf(app.blocklist.revoke(doomed.accessToken)),
        failureOf(app.blocklist.revokeSession(doomed.sessionId)),
        failureOf(app.blocklist.revokeAllFor('bob')),
        failureOf(app.logIn('bob')),
      ]);
      const lookedUp = [await app.show(pair.accessToken), await app.show(revoked)];
      await app.logOut(doomed.accessToken);
      await end(open, other);

      const late = (await app.logIn()).accessToken;
      const events = [...app.events];
      const answers = [await app.show(late), await app.logOut(late), await app.show(late)];
      const refreshed = await app.refresh(spare.refreshToken);
      await app.close(open, other);

      expect(refused).toEqual([UNAVAILABLE, UNAVAILABLE]);
      for (const failure of failures) {
        expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
        expect(String((failure as Error).cause)).toMatch(cause);
      }
      expect(lookedUp).toEqual([ADMITTED, REVOKED]);
      expect(events).toEqual(['store-down', 'store-up']);
      expect(answers).toEqual([ADMITTED, LOGGED_OUT, REVOKED]);
      expect(refreshed.status).toBe(201);
    },
  );
});

/** Waits until all sessions use the new value, which they do from their second statement on. */
async function setReadOnly(value: 'on' | 'off', own: OpenStore, other: OpenStore): Promise<void> {
  await other.run(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
  await other.run('SELECT pg_reload_conf()');
  let settings: unknown[];
  do {
    const asking = Array.from({ length: 10 }, () => own.run('SHOW default_transaction_read_only'));
    settings = (await Promise.all(asking)).flat();
  } while (!settings.every((each) => JSON.stringify(each).includes(`"${value}"`)));
}
