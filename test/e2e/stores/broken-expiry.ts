import { type Fault, fault, type PlainStore, sessionFault } from './broken-store.js';

/** Stores that drop entries too early. */
export const BROKEN_EXPIRY: readonly Fault[] = [
  fault('keeps an entry whose expiry is far away', 'has a timer for every entry', (plain) => ({
    add: async (key, value, expiresAt) => {
      const isNew = await plain.add(key, value, expiresAt);
      if (isNew) forgetByTimer(plain, key, expiresAt);
      return isNew;
    },
  })),
  fault('keeps an entry whose expiry is far away', 'writes years of four digits', (plain) => ({
    add: (key, value, expiresAt) =>
      plain.add(key, value, expiresAt && new Date(expiresAt.toISOString().slice(0, 4))),
  })),
  fault('keeps an entry whose expiry is far away', 'counts seconds in 32 bits', (plain) => ({
    add: (key, value, expiresAt) =>
      plain.add(key, value, expiresAt && new Date(((expiresAt.getTime() / 1_000) | 0) * 1_000)),
  })),
  fault('keeps a number whose expiry is far away', 'has a timer for every number', (plain) => ({
    raise: async (key, value, expiresAt) => {
      await plain.raise(key, value, expiresAt);
      forgetByTimer(plain, key, expiresAt);
    },
  })),
  fault('keeps entries and numbers without an expiry', 'takes null for the year 1970', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, new Date(expiresAt as Date)),
  })),
  fault(
    'keeps what expires in a minute, in two seconds or in fractions of a second',
    'takes seconds for milliseconds',
    (plain) => ({
      add: (key, value, expiresAt) => {
        const seconds = expiresAt && (expiresAt.getTime() - Date.now()) / 1_000;
        return plain.add(key, value, seconds === null ? null : new Date(Date.now() + seconds));
      },
    }),
  ),
  fault(
    'keeps what expires in a minute, in two seconds or in fractions of a second',
    'rejects a lifetime with a fraction of a second',
    (plain) => ({
      add: (key, value, expiresAt) => {
        if ((expiresAt?.getTime() ?? 0) % 1_000 !== 0) throw new Error('not an integer');
        return plain.add(key, value, expiresAt);
      },
    }),
  ),
  fault('accepts an entry that has expired already', 'rejects a negative lifetime', (plain) => ({
    add: (key, value, expiresAt) => {
      if (expiresAt && expiresAt.getTime() < Date.now()) throw new Error('invalid expire time');
      return plain.add(key, value, expiresAt);
    },
  })),
  fault(
    'adds an entry in place of an expired one that it no longer returns',
    'lets an expired entry block add, and get does not return it',
    (plain) => ({
      add: async (key, value, expiresAt) => {
        if (plain.entries.has(key)) return false;
        plain.entries.set(key, { value, expiresAt });
        return true;
      },
    }),
  ),
  fault(
    'writes a number in place of an expired one that it no longer returns',
    'lets an expired number block raise, and get does not return it',
    (plain) => ({
      raise: async (key, value, expiresAt) => {
        const there = Number(plain.entries.get(key)?.value ?? -1);
        if (value > there) plain.entries.set(key, { value: String(value), expiresAt });
      },
    }),
  ),
  fault(
    'keeps a raised number until its own expiry',
    'keeps the expiry of the lower number',
    (plain) => ({
      raise: async (key, value, expiresAt) => {
        const there = plain.entries.get(key);
        if (value <= Number(there?.value ?? -1)) return;
        plain.entries.set(key, {
          value: String(value),
          expiresAt: there ? there.expiresAt : expiresAt,
        });
      },
    }),
  ),
];

/** `setTimeout` fires at once if its delay is 2^31 ms or longer. */
function forgetByTimer(plain: PlainStore, key: string, expiresAt: Date | null): void {
  if (!expiresAt) return;
  const life = expiresAt.getTime() - Date.now();
  setTimeout(() => plain.entries.delete(key), life > 2 ** 31 - 1 ? 1 : life).unref();
}

const LIFETIME =
  'keeps what has no expiry for more than a second, and the rest until its last millisecond';

/** Stores that drop live entries to make room, or by a lifetime of their own. */
export const BROKEN_KEEPING: readonly Fault[] = [
  fault('keeps each of 1,200 entries', 'keeps the last 300', (plain) => ({
    add: async (key, value, expiresAt) => {
      const isNew = await plain.add(key, value, expiresAt);
      keepNewest(300, plain);
      return isNew;
    },
  })),
  fault(LIFETIME, 'keeps an entry without an expiry for a second', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt ?? inASecond()),
  })),
  fault(LIFETIME, 'keeps a number without an expiry for a second', (plain) => ({
    raise: (key, value, expiresAt) => plain.raise(key, value, expiresAt ?? inASecond()),
  })),
  fault(LIFETIME, 'cuts an expiry down to whole seconds', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt && wholeSeconds(expiresAt)),
  })),
  fault(LIFETIME, "cuts a number's lifetime down to whole seconds", (plain) => ({
    raise: (key, value, expiresAt) => plain.raise(key, value, expiresAt && wholeLife(expiresAt)),
  })),
  sessionFault(LIFETIME, "cuts a record's expiry down to whole seconds", (plain) => ({
    put: (identity, sessionId, value, expiresAt) =>
      plain.sessions.put(identity, sessionId, value, expiresAt && wholeSeconds(expiresAt)),
  })),
];

function keepNewest(count: number, { entries }: PlainStore): void {
  const [oldest] = entries.keys();
  if (entries.size > count && oldest !== undefined) entries.delete(oldest);
}

function inASecond(): Date {
  return new Date(Date.now() + 1_000);
}

function wholeSeconds(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / 1_000) * 1_000);
}

function wholeLife(moment: Date): Date {
  const seconds = Math.floor((moment.getTime() - Date.now()) / 1_000);
  return new Date(Date.now() + seconds * 1_000);
}
