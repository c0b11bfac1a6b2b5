import { type Fault, fault } from './broken-store.js';
import { sessionFault } from './broken-sessions.js';
import { PlainStore } from './plain-store.js';

/** The case that takes the backend away from a store. */
export const OUTAGE = 'rejects whatever it is asked when its backend is gone';
const SESSION_OUTAGE = 'rejects whatever it is asked of sessions when its backend is gone';

/** Stores that answer when they cannot know. */
export const BROKEN_OUTAGES: readonly Fault[] = [
  {
    refusedBy: 'has a backend that can be taken down',
    fault: 'has none, and does not say so',
    open: () => ({ store: new PlainStore() }),
  },
  fault(OUTAGE, 'says that it added what it could not', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt).catch(() => true),
  })),
  fault(OUTAGE, 'says that an entry is there when it cannot know', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt).catch(() => false),
  })),
  fault(OUTAGE, 'says nothing of a number that it cannot write', (plain) => ({
    raise: (key, value, expiresAt) => plain.raise(key, value, expiresAt).catch(nothing),
  })),
  fault(OUTAGE, 'takes everything for absent', (plain) => ({
    get: (keys) => plain.get(keys).catch(() => keys.map(() => null)),
  })),
  fault(OUTAGE, 'gives what it remembers', (plain) => ({
    get: (keys) => plain.get(keys).catch(() => keys.map((key) => plain.live(key))),
  })),
  fault(OUTAGE, 'deletes some time later', (plain) => ({
    delete: (key) => void plain.delete(key).catch(nothing),
  })),
  sessionFault(SESSION_OUTAGE, 'says nothing of a record that it cannot write', (plain) => ({
    put: (...record) => Promise.resolve(plain.sessions.put(...record)).catch(nothing),
  })),
  sessionFault(SESSION_OUTAGE, 'lists nothing instead', (plain) => ({
    list: (identity) => Promise.resolve(plain.sessions.list(identity)).catch(() => []),
  })),
  sessionFault(SESSION_OUTAGE, 'says nothing of a record that it cannot remove', (plain) => ({
    remove: (...names) => Promise.resolve(plain.sessions.remove(...names)).catch(nothing),
  })),
];

function nothing(): void {}
