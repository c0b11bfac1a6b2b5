import { setImmediate as turn } from 'node:timers/promises';
import { type Fault, fault } from './broken-store.js';

/** Stores whose `add`, `get` or `delete` is not what it should be. */
export const BROKEN_ENTRIES: readonly Fault[] = [
  fault('says of itself that it is atomic', 'admits that it is not atomic', () => ({
    isAtomic: false,
  })),
  fault('has sessions', 'has no sessions', () => ({ sessions: undefined })),
  fault('adds an entry where there is none, and says so', 'says "OK"', (plain) => ({
    add: async (key, value, expiresAt) => {
      await plain.add(key, value, expiresAt);
      return 'OK' as unknown as boolean;
    },
  })),
  fault('adds nothing where an entry is, and says so', 'overwrites', (plain) => ({
    add: async (key, value, expiresAt) => {
      const isNew = plain.live(key) === null;
      plain.entries.set(key, { value, expiresAt });
      return isNew;
    },
  })),
  fault(
    'leaves the expiry of an entry alone when it is added again',
    'renews the expiry of what is there',
    (plain) => ({
      add: async (key, value, expiresAt) => {
        const there = plain.live(key);
        plain.entries.set(key, { value: there ?? value, expiresAt });
        return there === null;
      },
    }),
  ),
  fault('deletes an entry, and no other', 'deletes everything', (plain) => ({
    delete: () => plain.entries.clear(),
  })),
  fault('deletes an entry, and no other', 'forgets to delete', () => ({ delete: () => undefined })),
  fault('does not mind deleting what is not there', 'throws when it is not there', (plain) => ({
    delete: (key) => {
      if (!plain.entries.delete(key)) throw new Error('not found');
    },
  })),
  fault(
    'adds an entry again once it was deleted',
    'marks what is deleted, and stumbles over the mark',
    (plain) => {
      const marked = new Set<string>();
      return {
        add: async (key, value, expiresAt) =>
          !marked.has(key) && (await plain.add(key, value, expiresAt)),
        delete: async (key) => {
          marked.add(key);
          await plain.delete(key);
        },
      };
    },
  ),
  fault('gives a value back as it was, whatever is in it', 'trims values', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value.trim(), expiresAt),
  })),
  fault('gives a value back as it was, whatever is in it', 'keeps 4 KB of a value', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value.slice(0, 4_096), expiresAt),
  })),
  fault('gives a value back as it was, whatever is in it', 'gives null for ""', (plain) => ({
    get: async (keys) => keys.map((key) => plain.live(key) || null),
  })),
  ...[
    'lets one of 1,000 add an entry, and gives the value of that one',
    'lets one of 100 add an entry without an expiry',
  ].map((refusedBy) =>
    fault(refusedBy, 'looks, waits, and then writes', (plain) => ({
      add: async (key, value, expiresAt) => {
        if (plain.live(key) !== null) return false;
        await turn();
        plain.entries.set(key, { value, expiresAt });
        return true;
      },
    })),
  ),
  fault(
    'lets one of 1,000 add an entry, and gives the value of that one',
    'names one winner, and keeps the value of the last',
    (plain) => ({
      add: async (key, value, expiresAt) => {
        const isNew = plain.live(key) === null;
        plain.entries.set(key, { value, expiresAt });
        return isNew;
      },
    }),
  ),
  fault('gives null for what is not there', 'gives undefined for what is not there', (plain) => ({
    get: async (keys) => keys.map((key) => plain.entries.get(key)?.value as string),
  })),
  fault('gives nothing to whom asks for nothing', 'makes IN () of no keys', (plain) => ({
    get: (keys) => {
      if (keys.length === 0) throw new Error('syntax error at or near ")"');
      return plain.get(keys);
    },
  })),
  fault(
    'gives values in the order of the keys, with null in the place of an absent one',
    'gives rows in the order in which they were written',
    (plain) => ({
      get: async (keys) =>
        [...plain.entries.keys()].filter((key) => keys.includes(key)).map((key) => plain.live(key)),
    }),
  ),
  fault(
    'gives values in the order of the keys, with null in the place of an absent one',
    'sorts the keys',
    (plain) => ({ get: (keys) => plain.get([...keys].sort()) }),
  ),
  fault('answers a key as often as it is asked', 'asks for each key once', (plain) => ({
    get: (keys) => plain.get([...new Set(keys)]),
  })),
  fault('answers 200 keys at once', 'asks for 100 keys at most', (plain) => ({
    get: (keys) => plain.get(keys.slice(0, 100)),
  })),
  fault(
    'answers many who ask at once, each with what is theirs',
    'keeps what was asked in a field',
    (plain) => {
      let asked: readonly string[] = [];
      return {
        get: async (keys) => {
          asked = keys;
          await turn();
          return plain.get(asked);
        },
      };
    },
  ),
];
