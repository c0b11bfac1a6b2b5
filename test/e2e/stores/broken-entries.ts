import { setImmediate as turn } from 'node:timers/promises';
import { type Fault, fault, keyFault, type PlainStore } from './broken-store.js';

/** Stores with a broken `add`, `get` or `delete`. */
export const BROKEN_ENTRIES: readonly Fault[] = [
  fault('declares that it is atomic', 'declares that it is not', () => ({
    isAtomic: false,
  })),
  fault('has sessions', 'has none', () => ({ sessions: undefined })),
  fault('adds an absent entry, and returns true', 'returns "OK"', (plain) => ({
    add: async (key, value, expiresAt) => {
      await plain.add(key, value, expiresAt);
      return 'OK' as unknown as boolean;
    },
  })),
  fault('leaves an existing entry, and returns false', 'overwrites', (plain) => ({
    add: async (key, value, expiresAt) => {
      const isNew = plain.live(key) === null;
      plain.entries.set(key, { value, expiresAt });
      return isNew;
    },
  })),
  fault(
    'leaves the expiry of an existing entry',
    'renews the expiry of an existing entry',
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
  fault('deletes an entry, and no other', 'does not delete', () => ({ delete: () => undefined })),
  fault('deletes an absent entry without an error', 'throws if the entry is absent', (plain) => ({
    delete: (key) => {
      if (!plain.entries.delete(key)) throw new Error('not found');
    },
  })),
  fault(
    'adds an entry again after it was deleted',
    'marks deleted entries, and takes a mark for an entry',
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
  fault('returns any value unchanged', 'trims values', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value.trim(), expiresAt),
  })),
  fault('returns any value unchanged', 'keeps 4 KB of a value', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value.slice(0, 4_096), expiresAt),
  })),
  fault('returns any value unchanged', 'returns null for ""', (plain) => ({
    get: async (keys) => keys.map((key) => plain.live(key) || null),
  })),
  ...[
    'lets one of 1,000 calls add an entry, and keeps its value',
    'lets one of 100 calls add an entry without an expiry',
  ].map((refusedBy) =>
    fault(refusedBy, 'reads, waits, and then writes', (plain) => ({
      add: async (key, value, expiresAt) => {
        if (plain.live(key) !== null) return false;
        await turn();
        plain.entries.set(key, { value, expiresAt });
        return true;
      },
    })),
  ),
  fault(
    'lets one of 1,000 calls add an entry, and keeps its value',
    'returns true once, and keeps the last value',
    (plain) => ({
      add: async (key, value, expiresAt) => {
        const isNew = plain.live(key) === null;
        plain.entries.set(key, { value, expiresAt });
        return isNew;
      },
    }),
  ),
  fault('returns null for an absent entry', 'returns undefined for an absent entry', (plain) => ({
    get: async (keys) => keys.map((key) => plain.entries.get(key)?.value as string),
  })),
  fault('returns no values for no keys', 'queries IN () for no keys', (plain) => ({
    get: (keys) => {
      if (keys.length === 0) throw new Error('syntax error at or near ")"');
      return plain.get(keys);
    },
  })),
  fault(
    'returns values in the order of the keys, with null for an absent entry',
    'returns rows in the order in which they were written',
    (plain) => ({
      get: async (keys) =>
        [...plain.entries.keys()].filter((key) => keys.includes(key)).map((key) => plain.live(key)),
    }),
  ),
  fault(
    'returns values in the order of the keys, with null for an absent entry',
    'sorts the keys',
    (plain) => ({ get: (keys) => plain.get([...keys].sort()) }),
  ),
  fault(
    'returns a value for each key, even if a key is repeated',
    'queries each key once',
    (plain) => ({
      get: (keys) => plain.get([...new Set(keys)]),
    }),
  ),
  fault('looks up 200 keys in one call', 'queries 100 keys at most', (plain) => ({
    get: (keys) => plain.get(keys.slice(0, 100)),
  })),
  fault(
    'answers many calls at once, each with its own values',
    'keeps the keys of a call in a field',
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

/** Stores that do not use a key as it is. */
export const BROKEN_KEYS: readonly Fault[] = [
  keyFault('accepts any text as a key, and confuses no two keys', 'trims keys', (key) =>
    key.trim(),
  ),
  keyFault('accepts any text as a key, and confuses no two keys', 'changes line ends', (key) =>
    key.replaceAll('\r\n', '\n'),
  ),
  keyFault('distinguishes keys by a leading blank', 'trims at the front', (key) => key.trimStart()),
  keyFault('distinguishes keys that look alike', 'compares in lower case', (key) =>
    key.toLowerCase(),
  ),
  keyFault('distinguishes keys that look alike', 'composes accents', (key) => key.normalize('NFC')),
  keyFault('distinguishes keys that look alike', 'drops accents', (key) =>
    key.normalize('NFD').replaceAll(/\p{M}/gu, ''),
  ),
  keyFault('distinguishes keys that look alike', 'pads keys with blanks', (key) =>
    key.replace(/ +$/, ''),
  ),
  keyFault('distinguishes keys that look alike', 'decodes keys as URLs', (key) =>
    decodeURIComponent(key.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')),
  ),
  keyFault('distinguishes keys that look alike', 'normalizes keys as paths', (key) =>
    key.replaceAll(/[^/]+\/\.\.\/|\/\.(?=\/)|(?<=\/)\//g, ''),
  ),
  keyFault(
    'accepts a key of 512 characters, and distinguishes two by the last one',
    'keeps 255 characters of a key',
    (key) => key.slice(0, 255),
  ),
  fault('deletes exactly the given key, with any text in it', 'deletes by pattern', (plain) => ({
    delete: (key) => {
      const escaped = key.replaceAll(/[.+^$()|[\]{}\\?]/g, String.raw`\$&`);
      const pattern = new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 's');
      for (const name of plain.entries.keys()) if (pattern.test(name)) plain.entries.delete(name);
    },
  })),
  fault(
    'raises exactly the given key, with any text in it',
    'cuts a key at the first blank',
    (plain) => ({
      raise: (key, value, expiresAt) => plain.raise(key.split(/\s/)[0] ?? '', value, expiresAt),
    }),
  ),
  fault('accepts the names of object members as keys', 'keeps entries in an object', () => {
    const entries: Record<string, string> = {};
    return {
      add: (key, value) => !entries[key] && (entries[key] = value) !== '',
      get: (keys) => keys.map((key) => entries[key] ?? null),
      delete: (key) => void delete entries[key],
    };
  }),
];

/** Stores with a broken `raise`. */
export const BROKEN_NUMBERS: readonly Fault[] = [
  fault('raises an absent entry, even to 0', 'takes 0 for absent', (plain) => ({
    raise: async (key, value, expiresAt) => {
      if (value > Number(plain.live(key) ?? 0)) await plain.raise(key, value, expiresAt);
    },
  })),
  fault('raises to a higher number, even to one of more digits', 'compares as text', (plain) =>
    raisingIf(plain, (value, there) => String(value) > there),
  ),
  fault(
    'leaves a number that is as high or higher, even one of more digits',
    'writes the last number',
    (plain) => raisingIf(plain, () => true),
  ),
  fault(
    'leaves a number that is as high or higher, even one of more digits',
    'compares the first digits as text',
    (plain) => raisingIf(plain, (value, there) => String(value) > there.slice(0, 1)),
  ),
  fault(
    'distinguishes the highest numbers, and returns their digits',
    'keeps 15 digits of a number',
    (plain) => ({
      raise: (key, value, expiresAt) => plain.raise(key, Number(value.toPrecision(15)), expiresAt),
    }),
  ),
  fault(
    'distinguishes the highest numbers, and returns their digits',
    'writes large numbers with an exponent',
    (plain) => ({
      get: async (keys) =>
        keys.map((key) => {
          const value = plain.live(key);
          return value && value.length > 14 ? Number(value).toExponential() : value;
        }),
    }),
  ),
  fault(
    'raises each key separately, and again after it was deleted',
    'remembers the highest number of all',
    (plain) => {
      let highest = 0;
      return {
        raise: (key, value, expiresAt) => {
          highest = Math.max(highest, value);
          return plain.raise(key, highest, expiresAt);
        },
      };
    },
  ),
  fault(
    'leaves the expiry of a number that it does not raise',
    'renews the expiry anyway',
    (plain) => ({
      raise: async (key, value, expiresAt) => {
        const highest = Math.max(value, Number(plain.live(key) ?? 0));
        plain.entries.set(key, { value: String(highest), expiresAt });
      },
    }),
  ),
  fault('treats a number as an entry like any other', 'keeps numbers elsewhere', (plain) => {
    const numbers = new Map<string, number>();
    return {
      raise: (key, value) => void numbers.set(key, Math.max(value, numbers.get(key) ?? 0)),
      get: async (keys) => keys.map((key) => numbers.get(key)?.toString() ?? plain.live(key)),
    };
  }),
  fault(
    'rejects to raise an entry that is not a number, and leaves it',
    'takes "" for 0',
    (plain) =>
      raisingIf(plain, (value, there) => {
        if (Number.isNaN(Number(there))) throw new Error('not a number');
        return value > Number(there);
      }),
  ),
  fault(
    'rejects to raise an entry that is not a number, and leaves it',
    'takes "12abc" for 12',
    (plain) =>
      raisingIf(plain, (value, there) => {
        if (Number.isNaN(parseInt(there, 10))) throw new Error('not a number');
        return value > parseInt(there, 10);
      }),
  ),
  fault(
    'rejects to raise an entry that is not a number, and leaves it',
    'ignores an entry that is not a number',
    (plain) => raisingIf(plain, (value, there) => value > Number(there)),
  ),
  ...[
    'ends at the highest of 200 numbers raised at once',
    'ends at the highest of 200 numbers raised at once, the highest first',
  ].map((refusedBy) =>
    fault(refusedBy, 'reads, waits, and then writes', (plain) => ({
      raise: async (key, value, expiresAt) => {
        const there = Number(plain.live(key) ?? -1);
        await turn();
        if (value > there) plain.entries.set(key, { value: String(value), expiresAt });
      },
    })),
  ),
];

/** A store that writes an absent number, and replaces an existing one by a rule of its own. */
function raisingIf(
  plain: PlainStore,
  isHigher: (value: number, there: string) => boolean,
): Pick<PlainStore, 'raise'> {
  return {
    raise: async (key, value, expiresAt) => {
      const there = plain.live(key);
      if (there === null || isHigher(value, there)) {
        plain.entries.set(key, { value: String(value), expiresAt });
      }
    },
  };
}
