import { setImmediate as turn } from 'node:timers/promises';
import type { BlocklistStore, SessionRecords } from '../../../src/index.js';
import type { OpenedStore } from '../../../src/testing/index.js';
import { type Expiry, type PlainEntry, PlainStore } from './plain-store.js';

/** The members in which a broken store differs from the plain one. */
type Broken = (plain: PlainStore) => Partial<BlocklistStore>;

/** Opens a plain store with other members. */
export function openedWith(change: Broken): OpenedStore {
  const plain = new PlainStore();
  const store: BlocklistStore = {
    add: (...entry) => plain.add(...entry),
    replace: (...change) => plain.replace(...change),
    get: (keys) => plain.get(keys),
    delete: (key) => plain.delete(key),
    sessions: plain.sessions,
    ...change(plain),
  };
  return { store, takeDown: () => plain.takeDown() };
}

const addsValue =
  (of: (value: string) => string): Broken =>
  (plain) => ({ add: (key, value, expiresAt) => plain.add(key, of(value), expiresAt) });

const addsUntil =
  (of: (expiresAt: Expiry) => Expiry): Broken =>
  (plain) => ({ add: (key, value, expiresAt) => plain.add(key, value, of(expiresAt)) });

const replacesUntil =
  (of: (expiresAt: Expiry) => Expiry): Broken =>
  (plain) => ({
    replace: (key, expected, value, expiresAt) =>
      plain.replace(key, expected, value, of(expiresAt)),
  });

/** Replaces a value by a rule of its own. */
const replacesIf =
  (isExpected: (held: string | null, expected: string) => boolean): Broken =>
  (plain) => ({
    replace: async (key, expected, value, expiresAt) => {
      if (!isExpected(plain.live(key), expected)) return false;
      plain.write(key, value, expiresAt);
      return true;
    },
  });

/** Compares values after a change to both. */
const comparesBy = (change: (text: string) => string): Broken =>
  replacesIf((held, expected) => held !== null && change(held) === change(expected));

const withSessions =
  (change: (plain: PlainStore) => Partial<SessionRecords>): Broken =>
  (plain) => ({ sessions: { ...plain.sessions, ...change(plain) } });

/** Rewrites keys, identities and session ids. */
const rewritesKeys =
  (rewrite: (key: string) => string): Broken =>
  (plain) => ({
    add: (key, value, expiresAt) => plain.add(rewrite(key), value, expiresAt),
    replace: (key, ...change) => plain.replace(rewrite(key), ...change),
    get: (keys) => plain.get(keys.map(rewrite)),
    delete: (key) => plain.delete(rewrite(key)),
    sessions: {
      put: (identity, id, value, expiresAt) =>
        plain.sessions.put(rewrite(identity), rewrite(id), value, expiresAt),
      get: (identity, id) => plain.sessions.get(rewrite(identity), rewrite(id)),
      list: (identity) => plain.sessions.list(rewrite(identity)),
      remove: (identity, id) => plain.sessions.remove(rewrite(identity), rewrite(id)),
    },
  });

const readsWaitsAndAdds: Broken = (plain) => ({
  add: async (key, value, expiresAt) => {
    if (plain.live(key) !== null) return false;
    await turn();
    plain.write(key, value, expiresAt);
    return true;
  },
});

const readsWaitsAndReplaces: Broken = (plain) => ({
  replace: async (key, expected, value, expiresAt) => {
    if (plain.live(key) !== expected) return false;
    await turn();
    plain.write(key, value, expiresAt);
    return true;
  },
});

const overwrites: Broken = (plain) => ({
  add: async (key, value, expiresAt) => {
    const isNew = plain.live(key) === null;
    plain.write(key, value, expiresAt);
    return isNew;
  },
});

const joinsIdsBy = (mark: string) =>
  withSessions(() => {
    const joined = new Map<string, PlainEntry>();
    return {
      put: (identity, sessionId, value, expiresAt) =>
        void joined.set(identity + mark + sessionId, { value, expiresAt }),
      get: async (identity, sessionId) => joined.get(identity + mark + sessionId)?.value ?? null,
      list: async (identity) =>
        [...joined].flatMap(([key, { value }]) => (key.startsWith(identity + mark) ? [value] : [])),
      remove: (identity, sessionId) => void joined.delete(identity + mark + sessionId),
    };
  });

/** `setTimeout` fires at once if its delay is 2^31 ms or longer. */
function forgetByTimer(plain: PlainStore, key: string, expiresAt: Expiry): void {
  if (!expiresAt) return;
  const life = expiresAt.getTime() - Date.now();
  setTimeout(() => plain.entries.delete(key), life > 2 ** 31 - 1 ? 1 : life).unref();
}

function inASecond(): Date {
  return new Date(Date.now() + 1_000);
}

function in32Bits(moment: Expiry): Expiry {
  return moment && new Date(((moment.getTime() / 1_000) | 0) * 1_000);
}

function wholeSeconds(moment: Expiry): Expiry {
  return moment && new Date(Math.floor(moment.getTime() / 1_000) * 1_000);
}

function wholeLife(moment: Expiry): Expiry {
  const seconds = moment && Math.floor((moment.getTime() - Date.now()) / 1_000);
  return seconds === null ? null : new Date(Date.now() + seconds * 1_000);
}

function nothing(): void {}

/** The case that takes the backend of a store down. */
export const OUTAGE = 'rejects every call when its backend is down';

/** Common mistakes, by the case of the contract that must fail for them. */
const BROKEN: Readonly<Record<string, Readonly<Record<string, Broken>>>> = {
  'declares that it is atomic': { 'declares that it is not': () => ({ isAtomic: false }) },
  'has sessions': { 'has none': () => ({ sessions: undefined }) },
  'adds an absent entry, and returns true': {
    'returns "OK"': (plain) => ({
      add: (...entry) => plain.add(...entry).then(() => 'OK' as unknown as boolean),
    }),
  },
  'leaves an existing entry, and returns false': { overwrites },
  'leaves the expiry of an existing entry': {
    'renews the expiry of an existing entry': (plain) => ({
      add: async (key, value, expiresAt) => {
        const there = plain.live(key);
        plain.write(key, there ?? value, expiresAt);
        return there === null;
      },
    }),
  },
  'deletes an entry, and no other': {
    'deletes everything': (plain) => ({ delete: () => plain.entries.clear() }),
    'does not delete': () => ({ delete: nothing }),
  },
  'deletes an absent entry without an error': {
    'throws if the entry is absent': (plain) => ({
      delete: (key) => {
        if (!plain.entries.delete(key)) throw new Error('not found');
      },
    }),
  },
  'adds an entry again after it was deleted': {
    'marks deleted entries, and takes a mark for an entry': (plain) => {
      const marked = new Set<string>();
      return {
        add: async (key, ...entry) => !marked.has(key) && (await plain.add(key, ...entry)),
        delete: (key) => plain.delete(key).then(() => void marked.add(key)),
      };
    },
  },
  'gives in a look-up that it prepared what was added, replaced and deleted since': {
    'looks up once': (plain) => ({
      prepare: (keys) => {
        const values = keys.map((key) => plain.live(key));
        return () => values;
      },
    }),
  },

  'returns any value unchanged': {
    'trims values': addsValue((value) => value.trim()),
    'keeps 4 KB of a value': addsValue((value) => value.slice(0, 4_096)),
    'returns null for ""': (plain) => ({
      get: async (keys) => keys.map((key) => plain.live(key) || null),
    }),
  },
  'lets one of 1,000 calls add an entry, and keeps its value': {
    'reads, waits, and then writes': readsWaitsAndAdds,
    'returns true once, and keeps the last value': overwrites,
  },
  'lets one of 100 calls add an entry without an expiry': {
    'reads, waits, and then writes': readsWaitsAndAdds,
  },
  'returns null for an absent entry': {
    'returns undefined for an absent entry': (plain) => ({
      get: async (keys) => keys.map((key) => plain.entries.get(key)?.value as string),
    }),
  },
  'returns no values for no keys': {
    'queries IN () for no keys': (plain) => ({
      get: (keys) => {
        if (keys.length === 0) throw new Error('syntax error at or near ")"');
        return plain.get(keys);
      },
    }),
  },
  'returns values in the order of the keys, with null for an absent entry': {
    'returns rows in the order in which they were written': (plain) => ({
      get: async (keys) =>
        [...plain.entries.keys()].filter((key) => keys.includes(key)).map((key) => plain.live(key)),
    }),
    'sorts the keys': (plain) => ({ get: (keys) => plain.get([...keys].sort()) }),
  },
  'returns a value for each key, even if a key is repeated': {
    'queries each key once': (plain) => ({ get: (keys) => plain.get([...new Set(keys)]) }),
  },
  'looks up 200 keys in one call': {
    'queries 100 keys at most': (plain) => ({ get: (keys) => plain.get(keys.slice(0, 100)) }),
  },
  'answers many calls at once, each with its own values': {
    'keeps the keys of a call in a field': (plain) => {
      let asked: readonly string[] = [];
      return {
        get: async (keys) => {
          asked = keys;
          await turn();
          return plain.get(asked);
        },
      };
    },
  },

  'accepts any text as a key, and confuses no two keys': {
    'trims keys': rewritesKeys((key) => key.trim()),
    'changes line ends': rewritesKeys((key) => key.replaceAll('\r\n', '\n')),
  },
  'distinguishes keys by a leading blank': {
    'trims at the front': rewritesKeys((key) => key.trimStart()),
  },
  'distinguishes keys that look alike': {
    'compares in lower case': rewritesKeys((key) => key.toLowerCase()),
    'composes accents': rewritesKeys((key) => key.normalize('NFC')),
    'drops accents': rewritesKeys((key) => key.normalize('NFD').replaceAll(/\p{M}/gu, '')),
    'pads keys with blanks': rewritesKeys((key) => key.replace(/ +$/, '')),
    'decodes keys as URLs': rewritesKeys((key) =>
      decodeURIComponent(key.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')),
    ),
    'normalizes keys as paths': rewritesKeys((key) =>
      key.replaceAll(/[^/]+\/\.\.\/|\/\.(?=\/)|(?<=\/)\//g, ''),
    ),
  },
  'accepts a key of 512 characters, and distinguishes two by the last one': {
    'keeps 255 characters of a key': rewritesKeys((key) => key.slice(0, 255)),
  },
  'deletes exactly the given key, with any text in it': {
    'deletes by pattern': (plain) => ({
      delete: (key) => {
        const escaped = key.replaceAll(/[.+^$()|[\]{}\\?]/g, String.raw`\$&`);
        const pattern = new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 's');
        for (const name of plain.entries.keys()) if (pattern.test(name)) plain.entries.delete(name);
      },
    }),
  },
  'accepts the names of object members as keys': {
    'keeps entries in an object': () => {
      const entries: Record<string, string> = {};
      return {
        add: (key, value) => !entries[key] && (entries[key] = value) !== '',
        get: (keys) => keys.map((key) => entries[key] ?? null),
        delete: (key) => void delete entries[key],
      };
    },
  },

  'replaces an expected value, and returns true': {
    'returns the number of rows': (plain) => ({
      replace: (...change) =>
        plain.replace(...change).then((is) => Number(is) as unknown as boolean),
    }),
    'writes nothing': (plain) => ({
      replace: async (key, expected) => plain.live(key) === expected,
    }),
    'replaces a value once': (plain) => {
      const replaced = new Set<string>();
      return {
        replace: async (key, ...change) =>
          !replaced.has(key) && (await plain.replace(key, ...change)) && !!replaced.add(key),
      };
    },
  },
  'leaves a value that differs from the expected one, and returns false': {
    'replaces any value': replacesIf((held) => held !== null),
    'compares in lower case': comparesBy((text) => text.toLowerCase()),
    'compares without blanks': comparesBy((text) => text.trim()),
    'compares beginnings': replacesIf((held, expected) => held?.startsWith(expected) ?? false),
    'takes "" for any value': replacesIf((held, expected) => expected === '' || held === expected),
    'returns true for a value that it leaves': (plain) => ({
      replace: (...change) => plain.replace(...change).then(() => true),
    }),
  },
  'does not replace an absent entry, whatever value is expected': {
    'adds an absent entry': replacesIf((held, expected) => held === null || held === expected),
    'takes an absent entry for ""': replacesIf((held, expected) => (held ?? '') === expected),
    'takes an absent entry for "null"': replacesIf((held, expected) => String(held) === expected),
    'replaces what was deleted': (plain) => {
      const deleted = new Map<string, string | null>();
      return {
        delete: (key) => {
          deleted.set(key, plain.live(key));
          return plain.delete(key);
        },
        replace: async (key, expected, value, expiresAt) => {
          if ((plain.live(key) ?? deleted.get(key)) !== expected) return false;
          plain.write(key, value, expiresAt);
          return true;
        },
      };
    },
  },
  'replaces a value by the same one': {
    'counts the rows that have changed': (plain) => ({
      replace: async (key, expected, value, expiresAt) =>
        (await plain.replace(key, expected, value, expiresAt)) && expected !== value,
    }),
  },
  'replaces each key separately': {
    'replaces the value wherever it is': (plain) => ({
      replace: async (key, expected, value, expiresAt) => {
        const isReplaced = await plain.replace(key, expected, value, expiresAt);
        for (const [other, entry] of plain.entries)
          if (isReplaced && entry.value === expected) plain.write(other, value, expiresAt);
        return isReplaced;
      },
    }),
  },
  'leaves the expiry of a value that it does not replace': {
    'renews the expiry anyway': (plain) => ({
      replace: async (key, expected, value, expiresAt) => {
        const held = plain.live(key);
        if (held === null) return false;
        plain.write(key, held === expected ? value : held, expiresAt);
        return held === expected;
      },
    }),
  },
  'expects and writes any text exactly as it is': {
    'trims what it expects and what it writes': (plain) => ({
      replace: (key, expected, value, expiresAt) =>
        plain.replace(key, expected.trim(), value.trim(), expiresAt),
    }),
    'keeps 4 KB of what it writes': (plain) => ({
      replace: (key, expected, value, expiresAt) =>
        plain.replace(key, expected, value.slice(0, 4_096), expiresAt),
    }),
    'compares the first 4 KB': comparesBy((text) => text.slice(0, 4_096)),
  },
  'distinguishes expected values that look alike': {
    'takes what it expects for a pattern': replacesIf((held, expected) => {
      const escaped = expected.replaceAll(/[.+^$()|[\]{}\\?]/g, String.raw`\$&`);
      return held !== null && new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 's').test(held);
    }),
    'compares in lower case': comparesBy((text) => text.toLowerCase()),
    'composes accents': comparesBy((text) => text.normalize('NFC')),
    'compares numbers by their value': comparesBy((text) =>
      /^[\d.e]+$/.test(text) ? String(Number(text)) : text,
    ),
    'compares without trailing blanks': comparesBy((text) => text.replace(/ +$/, '')),
  },
  'replaces exactly the given key, with any text in it': {
    'cuts a key at the first blank': (plain) => ({
      replace: (key, ...change) => plain.replace(key.split(/\s/)[0] ?? '', ...change),
    }),
  },
  'lets one of 200 calls replace a value, and keeps its value': {
    'reads, waits, and then writes': readsWaitsAndReplaces,
    'returns true once, and keeps the last value': (plain) => ({
      replace: async (key, expected, value, expiresAt) => {
        const isExpected = plain.live(key) === expected;
        plain.write(key, value, expiresAt);
        return isExpected;
      },
    }),
  },
  'loses no step if 20 calls count together': {
    'reads, waits, and then writes': readsWaitsAndReplaces,
  },

  'keeps an entry whose expiry is far away': {
    'has a timer for every entry': (plain) => ({
      add: async (key, value, expiresAt) => {
        const isNew = await plain.add(key, value, expiresAt);
        if (isNew) forgetByTimer(plain, key, expiresAt);
        return isNew;
      },
    }),
    'writes years of four digits': addsUntil(
      (expiresAt) => expiresAt && new Date(expiresAt.toISOString().slice(0, 4)),
    ),
    'counts seconds in 32 bits': addsUntil(in32Bits),
  },
  'keeps a replaced value whose expiry is far away': {
    'has a timer for every value': (plain) => ({
      replace: async (key, expected, value, expiresAt) => {
        const isReplaced = await plain.replace(key, expected, value, expiresAt);
        if (isReplaced) forgetByTimer(plain, key, expiresAt);
        return isReplaced;
      },
    }),
    'counts seconds in 32 bits': replacesUntil(in32Bits),
  },
  'keeps entries and replaced values without an expiry': {
    'takes null for the year 1970': addsUntil((expiresAt) => new Date(expiresAt as Date)),
    'takes null for the year 1970 in replace': replacesUntil(
      (expiresAt) => new Date(expiresAt as Date),
    ),
  },
  'keeps what expires in a minute, in two seconds or in fractions of a second': {
    'takes seconds for milliseconds': addsUntil(
      (expiresAt) => expiresAt && new Date(Date.now() + (expiresAt.getTime() - Date.now()) / 1_000),
    ),
    'rejects a lifetime with a fraction of a second': addsUntil((expiresAt) => {
      if ((expiresAt?.getTime() ?? 0) % 1_000 !== 0) throw new Error('not an integer');
      return expiresAt;
    }),
  },
  'accepts an entry that has expired already': {
    'rejects a negative lifetime': addsUntil((expiresAt) => {
      if (expiresAt && expiresAt.getTime() < Date.now()) throw new Error('invalid expire time');
      return expiresAt;
    }),
  },
  'adds an entry in place of an expired one that it no longer returns': {
    'lets an expired entry block add, and get does not return it': (plain) => ({
      add: async (key, value, expiresAt) => {
        if (plain.entries.has(key)) return false;
        plain.write(key, value, expiresAt);
        return true;
      },
    }),
  },
  'replaces an expired value only if it still returns it': {
    'replaces an expired value, and get does not return it': (plain) => ({
      replace: async (key, expected, value) => {
        const held = plain.entries.get(key);
        if (held?.value !== expected) return false;
        plain.write(key, value, held.expiresAt);
        return true;
      },
    }),
    'does not replace an expired value that get returns': (plain) => ({
      get: async (keys) => keys.map((key) => plain.entries.get(key)?.value ?? null),
    }),
  },
  'keeps a replaced value until its own expiry': {
    'keeps the expiry of the former value': (plain) => ({
      replace: async (key, expected, value, expiresAt) => {
        const held = plain.entries.get(key);
        if (plain.live(key) !== expected) return false;
        plain.write(key, value, held ? held.expiresAt : expiresAt);
        return true;
      },
    }),
  },
  'keeps each of 1,200 entries': {
    'keeps the last 300': (plain) => ({
      add: async (...entry) => {
        const isNew = await plain.add(...entry);
        const [oldest] = plain.entries.keys();
        if (plain.entries.size > 300 && oldest !== undefined) plain.entries.delete(oldest);
        return isNew;
      },
    }),
  },
  'keeps what has no expiry for more than a second, and the rest until its last millisecond': {
    'keeps an entry without an expiry for a second': addsUntil((given) => given ?? inASecond()),
    'keeps a value without an expiry for a second': replacesUntil((given) => given ?? inASecond()),
    'cuts an expiry down to whole seconds': addsUntil(wholeSeconds),
    "cuts a replaced value's lifetime down to whole seconds": replacesUntil(wholeLife),
    "cuts a record's expiry down to whole seconds": withSessions(({ sessions }) => ({
      put: (identity, sessionId, value, expiresAt) =>
        sessions.put(identity, sessionId, value, wholeSeconds(expiresAt)),
    })),
  },

  'lists no records for an identity without sessions': {
    'fails if there are none': withSessions(({ records, sessions }) => ({
      list: (identity) => {
        if (!records.has(identity)) throw new Error('not found');
        return sessions.list(identity);
      },
    })),
  },
  'lists the records of an identity, and of no other': {
    'lists all': withSessions((plain) => ({
      list: async () =>
        [...plain.records.values()].flatMap((records) =>
          [...records.values()].map(({ value }) => value),
        ),
    })),
  },
  'gets the record of one session, and null for an absent one': {
    'gets any record of the identity': withSessions(({ sessions }) => ({
      get: async (identity) => (await sessions.list(identity))[0] ?? null,
    })),
    'gets the record of any identity': withSessions((plain) => ({
      get: async (_, sessionId) =>
        [...plain.records.values()].flatMap((all) => all.get(sessionId)?.value ?? [])[0] ?? null,
    })),
    'returns undefined for an absent record': withSessions((plain) => ({
      get: async (identity, sessionId) =>
        plain.recordsOf(identity).get(sessionId)?.value as unknown as string,
    })),
    'throws if the record is absent': withSessions((plain) => ({
      get: async (identity, sessionId) => {
        const record = plain.recordsOf(identity).get(sessionId);
        if (!record) throw new Error('not found');
        return record.value;
      },
    })),
    'remembers the first record': withSessions(({ sessions }) => {
      const remembered = new Map<string, string | null>();
      return {
        get: async (identity, sessionId) => {
          const name = JSON.stringify([identity, sessionId]);
          const record = remembered.get(name) ?? (await sessions.get(identity, sessionId));
          remembered.set(name, record);
          return record;
        },
      };
    }),
  },
  'replaces the record of a session': {
    appends: withSessions(({ sessions }) => ({
      put: (identity, _, ...record) => sessions.put(identity, `${Math.random()}`, ...record),
    })),
  },
  'removes a record, and an absent one without an error': {
    'removes all records of an identity': withSessions(({ records }) => ({
      remove: (identity) => void records.delete(identity),
    })),
    'throws if the record is absent': withSessions((plain) => ({
      remove: (identity, sessionId) => {
        if (!plain.recordsOf(identity).delete(sessionId)) throw new Error('not found');
      },
    })),
  },
  'lists equal records once for each session': {
    'keeps a set of records': withSessions(({ sessions }) => ({
      list: async (identity) => [...new Set(await sessions.list(identity))],
    })),
  },
  'keeps records and entries apart': {
    'keeps both in one place': (plain) => ({
      add: async (key, ...entry) => !plain.records.has(key) && plain.add(key, ...entry),
      delete: (key) => {
        plain.records.delete(key);
        return plain.delete(key);
      },
    }),
  },
  'accepts any text as an identity and as a session id': {
    'trims the ids of sessions': withSessions(({ sessions }) => ({
      put: (identity, sessionId, ...record) => sessions.put(identity, sessionId.trim(), ...record),
    })),
    'trims the ids of sessions in get': withSessions(({ sessions }) => ({
      get: (identity, sessionId) => sessions.get(identity, sessionId.trim()),
    })),
  },
  'distinguishes identities and ids that look alike': {
    'compares in lower case': withSessions(({ sessions }) => ({
      put: (identity, ...record) => sessions.put(identity.toLowerCase(), ...record),
      get: (identity, sessionId) => sessions.get(identity.toLowerCase(), sessionId),
      list: (identity) => sessions.list(identity.toLowerCase()),
    })),
    'compares ids in lower case in get': withSessions((plain) => ({
      get: async (identity, sessionId) => {
        const same = [...plain.recordsOf(identity)].filter(
          ([id]) => id.toLowerCase() === sessionId.toLowerCase(),
        );
        return same.at(-1)?.[1].value ?? null;
      },
    })),
  },
  'does not confuse the end of an identity with the beginning of an id': Object.fromEntries(
    [':', '/', '%3A', '\n'].map((mark) => [
      `joins both with ${JSON.stringify(mark)}`,
      joinsIdsBy(mark),
    ]),
  ),
  'returns any record unchanged': {
    'keeps 4 KB': withSessions(({ sessions }) => ({
      put: (identity, sessionId, value, expiresAt) =>
        sessions.put(identity, sessionId, value.slice(0, 4_096), expiresAt),
    })),
    'gets 4 KB': withSessions(({ sessions }) => ({
      get: async (...names) => (await sessions.get(...names))?.slice(0, 4_096) ?? null,
    })),
  },
  'loses no record when another one expires': {
    'drops all records of an identity together with the last one': withSessions((plain) => ({
      put: async (identity, sessionId, value, expiresAt) => {
        await plain.sessions.put(identity, sessionId, value, expiresAt);
        const records = plain.recordsOf(identity);
        for (const [id, record] of records) records.set(id, { ...record, expiresAt });
      },
    })),
  },
  'lists each of 200 sessions that are written at once': {
    'reads all records, waits, and writes them all': withSessions((plain) => ({
      put: async (identity, sessionId, value, expiresAt) => {
        const records = new Map(plain.recordsOf(identity));
        await turn();
        plain.records.set(identity, records.set(sessionId, { value, expiresAt }));
      },
    })),
  },

  [OUTAGE]: {
    'returns true for an entry that it could not add': (plain) => ({
      add: (...entry) => plain.add(...entry).catch(() => true),
    }),
    'returns false without knowing the entry': (plain) => ({
      add: (...entry) => plain.add(...entry).catch(() => false),
    }),
    'returns true for a value that it could not replace': (plain) => ({
      replace: (...change) => plain.replace(...change).catch(() => true),
    }),
    'returns false without knowing the value': (plain) => ({
      replace: (...change) => plain.replace(...change).catch(() => false),
    }),
    'takes each entry for absent': (plain) => ({
      get: (keys) => plain.get(keys).catch(() => keys.map(() => null)),
    }),
    'returns what it remembers': (plain) => ({
      get: (keys) => plain.get(keys).catch(() => keys.map((key) => plain.live(key))),
    }),
    'deletes later, and ignores a failure': (plain) => ({
      delete: (key) => void plain.delete(key).catch(nothing),
    }),
  },
  'rejects every call of sessions when its backend is down': {
    'ignores that it could not write a record': withSessions(({ sessions }) => ({
      put: (...record) => sessions.put(...record).catch(nothing),
    })),
    'returns null without knowing the record': withSessions(({ sessions }) => ({
      get: (...names) => sessions.get(...names).catch(() => null),
    })),
    'lists nothing': withSessions(({ sessions }) => ({
      list: (identity) => sessions.list(identity).catch(() => []),
    })),
    'ignores that it could not remove a record': withSessions(({ sessions }) => ({
      remove: (...names) => sessions.remove(...names).catch(nothing),
    })),
  },
};

/** Stores with a common mistake, and the case of the contract that must fail for each. */
export const FAULTS = [
  ...Object.entries(BROKEN).flatMap(([refusedBy, faults]) =>
    Object.entries(faults).map(([fault, change]) => ({
      refusedBy,
      fault,
      open: () => openedWith(change),
    })),
  ),
  {
    refusedBy: 'has a backend that can be taken down',
    fault: 'has none, although the feature is on',
    open: () => ({ store: new PlainStore() }),
  },
];
