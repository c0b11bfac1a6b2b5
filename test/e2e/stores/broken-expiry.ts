import { type Fault, fault } from './broken-store.js';
import type { PlainStore } from './plain-store.js';

/** Stores that forget too early, or not what they should. */
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
  fault('keeps what has no expiry', 'takes null for the beginning of time', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, new Date(expiresAt as Date)),
  })),
  fault(
    'keeps what has a minute or two seconds to live, and fractions of a second',
    'takes seconds for milliseconds',
    (plain) => ({
      add: (key, value, expiresAt) => {
        const seconds = expiresAt && (expiresAt.getTime() - Date.now()) / 1_000;
        return plain.add(key, value, seconds === null ? null : new Date(Date.now() + seconds));
      },
    }),
  ),
  fault(
    'keeps what has a minute or two seconds to live, and fractions of a second',
    'refuses a lifetime that is no whole number of seconds',
    (plain) => ({
      add: (key, value, expiresAt) => {
        if ((expiresAt?.getTime() ?? 0) % 1_000 !== 0) throw new Error('not an integer');
        return plain.add(key, value, expiresAt);
      },
    }),
  ),
  fault(
    'takes an entry that has expired already, whether or not it keeps it',
    'refuses a lifetime of less than nothing',
    (plain) => ({
      add: (key, value, expiresAt) => {
        if (expiresAt && expiresAt.getTime() < Date.now()) throw new Error('invalid expire time');
        return plain.add(key, value, expiresAt);
      },
    }),
  ),
  fault(
    'never holds a new entry off with an expired one that it does not give',
    'looks at what has expired when it adds, and not when it gives',
    (plain) => ({
      add: async (key, value, expiresAt) => {
        if (plain.entries.has(key)) return false;
        plain.entries.set(key, { value, expiresAt });
        return true;
      },
    }),
  ),
  fault(
    'never holds a number off with an expired one that it does not give',
    'looks at what has expired when it raises, and not when it gives',
    (plain) => ({
      raise: async (key, value, expiresAt) => {
        const there = Number(plain.entries.get(key)?.value ?? -1);
        if (value > there) plain.entries.set(key, { value: String(value), expiresAt });
      },
    }),
  ),
  fault(
    'gives a number the expiry that came with it',
    'keeps the expiry of the number before',
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

/** `setTimeout` fires at once when it is told to wait for 2^31 ms or longer. */
function forgetByTimer(plain: PlainStore, key: string, expiresAt: Date | null): void {
  if (!expiresAt) return;
  const life = expiresAt.getTime() - Date.now();
  setTimeout(() => plain.entries.delete(key), life > 2 ** 31 - 1 ? 1 : life).unref();
}
