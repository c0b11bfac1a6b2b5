import { setImmediate as turn } from 'node:timers/promises';
import { type Fault, fault } from './broken-store.js';
import type { PlainStore } from './plain-store.js';

/** Stores whose `raise` is not what it should be. */
export const BROKEN_NUMBERS: readonly Fault[] = [
  fault('raises from nothing, to 0 too', 'takes 0 for nothing', (plain) => ({
    raise: async (key, value, expiresAt) => {
      if (value > Number(plain.live(key) ?? 0)) await plain.raise(key, value, expiresAt);
    },
  })),
  fault('raises to a higher number, also to one of more digits', 'compares as text', (plain) =>
    raisingIf(plain, (value, there) => String(value) > there),
  ),
  fault(
    'leaves a number that is as high or higher, also one of more digits',
    'writes the last',
    (plain) => raisingIf(plain, () => true),
  ),
  fault(
    'leaves a number that is as high or higher, also one of more digits',
    'compares digits as text where there are as many',
    (plain) => raisingIf(plain, (value, there) => String(value) > there.slice(0, 1)),
  ),
  fault(
    'tells the highest numbers apart, and gives their digits',
    'keeps 15 digits of a number',
    (plain) => ({
      raise: (key, value, expiresAt) => plain.raise(key, Number(value.toPrecision(15)), expiresAt),
    }),
  ),
  fault(
    'tells the highest numbers apart, and gives their digits',
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
    'raises each key by itself, and again once it was deleted',
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
  fault('leaves the expiry of a number that it leaves', 'renews the expiry anyway', (plain) => ({
    raise: async (key, value, expiresAt) => {
      const highest = Math.max(value, Number(plain.live(key) ?? 0));
      plain.entries.set(key, { value: String(highest), expiresAt });
    },
  })),
  fault('takes a number for an entry like any other', 'keeps numbers elsewhere', (plain) => {
    const numbers = new Map<string, number>();
    return {
      raise: (key, value) => void numbers.set(key, Math.max(value, numbers.get(key) ?? 0)),
      get: async (keys) => keys.map((key) => numbers.get(key)?.toString() ?? plain.live(key)),
    };
  }),
  fault('refuses to raise what is not a number, and leaves it', 'takes "" for 0', (plain) =>
    raisingIf(plain, (value, there) => {
      if (Number.isNaN(Number(there))) throw new Error('not a number');
      return value > Number(there);
    }),
  ),
  fault('refuses to raise what is not a number, and leaves it', 'takes "12abc" for 12', (plain) =>
    raisingIf(plain, (value, there) => {
      if (Number.isNaN(parseInt(there, 10))) throw new Error('not a number');
      return value > parseInt(there, 10);
    }),
  ),
  fault(
    'refuses to raise what is not a number, and leaves it',
    'says nothing about what is not a number',
    (plain) => raisingIf(plain, (value, there) => value > Number(there)),
  ),
  ...[
    'ends at the highest of 200 numbers raised at once',
    'ends at the highest number when they come highest first',
  ].map((refusedBy) =>
    fault(refusedBy, 'looks, waits, and then writes', (plain) => ({
      raise: async (key, value, expiresAt) => {
        const there = Number(plain.live(key) ?? -1);
        await turn();
        if (value > there) plain.entries.set(key, { value: String(value), expiresAt });
      },
    })),
  ),
];

/** A store that writes where there is nothing, and over what is there by a rule of its own. */
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
