import { setImmediate as turn } from 'node:timers/promises';
import type { SessionRecords } from '../../../src/contracts/blocklist-store.js';
import { type Fault, fault } from './broken-store.js';
import type { PlainEntry, PlainStore } from './plain-store.js';

/** Stores whose `sessions` are not what they should be. */
export const BROKEN_SESSIONS: readonly Fault[] = [
  sessionFault('lists no sessions of somebody who has none', 'does not know nobody', (plain) => ({
    list: (identity) => {
      if (!plain.records.has(identity)) throw new Error('not found');
      return plain.sessions.list(identity);
    },
  })),
  sessionFault('lists the records of an identity, and of no other', 'lists all', (plain) => ({
    list: async () =>
      [...plain.records.values()].flatMap((records) =>
        [...records.values()].map(({ value }) => value),
      ),
  })),
  sessionFault('writes a record in place of the one that is there', 'appends', (plain) => ({
    put: (identity, _sessionId, value, expiresAt) =>
      plain.sessions.put(identity, `${Math.random()}`, value, expiresAt),
  })),
  sessionFault(
    'removes a record, and does not mind one that is not there',
    'removes all records of an identity',
    (plain) => ({ remove: (identity) => void plain.records.delete(identity) }),
  ),
  sessionFault(
    'removes a record, and does not mind one that is not there',
    'minds one that is not there',
    (plain) => ({
      remove: (identity, sessionId) => {
        if (!plain.recordsOf(identity).delete(sessionId)) throw new Error('not found');
      },
    }),
  ),
  sessionFault(
    'lists equal records of different sessions as often as there are sessions',
    'keeps a set of records',
    (plain) => ({
      list: async (identity) => [...new Set(await plain.sessions.list(identity))],
    }),
  ),
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
    'takes any text for an identity and for the id of a session',
    'trims the ids of sessions',
    (plain) => ({
      put: (identity, sessionId, value, expiresAt) =>
        plain.sessions.put(identity, sessionId.trim(), value, expiresAt),
    }),
  ),
  sessionFault(
    'tells identities and ids apart that look alike',
    'compares in lower case',
    (plain) => ({
      put: (identity, sessionId, value, expiresAt) =>
        plain.sessions.put(identity.toLowerCase(), sessionId, value, expiresAt),
      list: (identity) => plain.sessions.list(identity.toLowerCase()),
    }),
  ),
  ...[':', '/', '%3A', '\n'].map((mark) =>
    sessionFault(
      'never takes the end of an identity for the beginning of an id',
      `joins both with ${JSON.stringify(mark)}`,
      (plain) => joinedBy(mark, plain),
    ),
  ),
  sessionFault('gives a record back as it was, whatever is in it', 'keeps 4 KB', (plain) => ({
    put: (identity, sessionId, value, expiresAt) =>
      plain.sessions.put(identity, sessionId, value.slice(0, 4_096), expiresAt),
  })),
  sessionFault(
    'loses no record to another that has expired or will soon',
    'forgets all records of an identity with the last that was written',
    (plain) => ({
      put: async (identity, sessionId, value, expiresAt) => {
        await plain.sessions.put(identity, sessionId, value, expiresAt);
        const records = plain.recordsOf(identity);
        for (const [id, record] of records) records.set(id, { ...record, expiresAt });
      },
    }),
  ),
  sessionFault(
    'lists each of 200 sessions that begin at once',
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

/** A store whose sessions differ from the plain ones in what `change` gives. */
export function sessionFault(
  refusedBy: string,
  what: string,
  change: (plain: PlainStore) => Partial<SessionRecords>,
): Fault {
  return fault(refusedBy, what, (plain) => ({
    sessions: { ...plain.sessions, ...change(plain) },
  }));
}

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
