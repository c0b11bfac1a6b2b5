import { setImmediate as turn } from 'node:timers/promises';
import type { SessionRecords } from '../../../src/index.js';
import { type Fault, fault, type PlainEntry, PlainStore, sessionFault } from './broken-store.js';

/** Stores with broken `sessions`. */
export const BROKEN_SESSIONS: readonly Fault[] = [
  sessionFault(
    'lists no records for an identity without sessions',
    'fails if there are none',
    (plain) => ({
      list: (identity) => {
        if (!plain.records.has(identity)) throw new Error('not found');
        return plain.sessions.list(identity);
      },
    }),
  ),
  sessionFault('lists the records of an identity, and of no other', 'lists all', (plain) => ({
    list: async () =>
      [...plain.records.values()].flatMap((records) =>
        [...records.values()].map(({ value }) => value),
      ),
  })),
  sessionFault('replaces the record of a session', 'appends', (plain) => ({
    put: (identity, _sessionId, value, expiresAt) =>
      plain.sessions.put(identity, `${Math.random()}`, value, expiresAt),
  })),
  sessionFault(
    'removes a record, and an absent one without an error',
    'removes all records of an identity',
    (plain) => ({ remove: (identity) => void plain.records.delete(identity) }),
  ),
  sessionFault(
    'removes a record, and an absent one without an error',
    'throws if the record is absent',
    (plain) => ({
      remove: (identity, sessionId) => {
        if (!plain.recordsOf(identity).delete(sessionId)) throw new Error('not found');
      },
    }),
  ),
  sessionFault('lists equal records once for each session', 'keeps a set of records', (plain) => ({
    list: async (identity) => [...new Set(await plain.sessions.list(identity))],
  })),
  fault('keeps records and entries apart', 'keeps both in one place', (plain) => ({
    add: async (key, value, expiresAt) => {
      if (plain.records.has(key)) return false;
      return plain.add(key, value, expiresAt);
    },
    delete: async (key) => {
      plain.records.delete(key);
      await plain.delete(key);
    },
  })),
  sessionFault(
    'accepts any text as an identity and as a session id',
    'trims the ids of sessions',
    (plain) => ({
      put: (identity, sessionId, value, expiresAt) =>
        plain.sessions.put(identity, sessionId.trim(), value, expiresAt),
    }),
  ),
  sessionFault(
    'distinguishes identities and ids that look alike',
    'compares in lower case',
    (plain) => ({
      put: (identity, sessionId, value, expiresAt) =>
        plain.sessions.put(identity.toLowerCase(), sessionId, value, expiresAt),
      list: (identity) => plain.sessions.list(identity.toLowerCase()),
    }),
  ),
  ...[':', '/', '%3A', '\n'].map((mark) =>
    sessionFault(
      'does not confuse the end of an identity with the beginning of an id',
      `joins both with ${JSON.stringify(mark)}`,
      (plain) => joinedBy(mark, plain),
    ),
  ),
  sessionFault('returns any record unchanged', 'keeps 4 KB', (plain) => ({
    put: (identity, sessionId, value, expiresAt) =>
      plain.sessions.put(identity, sessionId, value.slice(0, 4_096), expiresAt),
  })),
  sessionFault(
    'loses no record when another one expires',
    'drops all records of an identity together with the last one',
    (plain) => ({
      put: async (identity, sessionId, value, expiresAt) => {
        await plain.sessions.put(identity, sessionId, value, expiresAt);
        const records = plain.recordsOf(identity);
        for (const [id, record] of records) records.set(id, { ...record, expiresAt });
      },
    }),
  ),
  sessionFault(
    'lists each of 200 sessions that are written at once',
    'reads all records, waits, and writes them all',
    (plain) => ({
      put: async (identity, sessionId, value, expiresAt) => {
        const records = new Map(plain.recordsOf(identity));
        await turn();
        plain.records.set(identity, records.set(sessionId, { value, expiresAt }));
      },
    }),
  ),
];

function joinedBy(mark: string, plain: PlainStore): SessionRecords {
  const joined = new Map<string, PlainEntry>();
  return {
    ...plain.sessions,
    put: (identity, sessionId, value, expiresAt) =>
      void joined.set(identity + mark + sessionId, { value, expiresAt }),
    list: async (identity) =>
      [...joined].flatMap(([key, { value }]) => (key.startsWith(identity + mark) ? [value] : [])),
    remove: (identity, sessionId) => void joined.delete(identity + mark + sessionId),
  };
}

/** The case that takes the backend of a store down. */
export const OUTAGE = 'rejects every call when its backend is down';
const SESSION_OUTAGE = 'rejects every call of sessions when its backend is down';

/** Stores that answer although their backend is down. */
export const BROKEN_OUTAGES: readonly Fault[] = [
  {
    refusedBy: 'has a backend that can be taken down',
    fault: 'has none, although the feature is on',
    open: () => ({ store: new PlainStore() }),
  },
  fault(OUTAGE, 'returns true for an entry that it could not add', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt).catch(() => true),
  })),
  fault(OUTAGE, 'returns false without knowing the entry', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt).catch(() => false),
  })),
  fault(OUTAGE, 'ignores that it could not write a number', (plain) => ({
    raise: (key, value, expiresAt) => plain.raise(key, value, expiresAt).catch(nothing),
  })),
  fault(OUTAGE, 'takes each entry for absent', (plain) => ({
    get: (keys) => plain.get(keys).catch(() => keys.map(() => null)),
  })),
  fault(OUTAGE, 'returns what it remembers', (plain) => ({
    get: (keys) => plain.get(keys).catch(() => keys.map((key) => plain.live(key))),
  })),
  fault(OUTAGE, 'deletes later, and ignores a failure', (plain) => ({
    delete: (key) => void plain.delete(key).catch(nothing),
  })),
  sessionFault(SESSION_OUTAGE, 'ignores that it could not write a record', (plain) => ({
    put: (...record) => Promise.resolve(plain.sessions.put(...record)).catch(nothing),
  })),
  sessionFault(SESSION_OUTAGE, 'lists nothing', (plain) => ({
    list: (identity) => Promise.resolve(plain.sessions.list(identity)).catch(() => []),
  })),
  sessionFault(SESSION_OUTAGE, 'ignores that it could not remove a record', (plain) => ({
    remove: (...names) => Promise.resolve(plain.sessions.remove(...names)).catch(nothing),
  })),
];

function nothing(): void {}
