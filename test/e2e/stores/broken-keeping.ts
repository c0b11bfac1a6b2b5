import { type Fault, fault } from './broken-store.js';
import { sessionFault } from './broken-sessions.js';
import type { PlainStore } from './plain-store.js';

const LIFETIME =
  'keeps what has no expiry for more than a second, and the rest for its last fraction';

/** Stores that drop what is still needed. */
export const BROKEN_KEEPING: readonly Fault[] = [
  fault('keeps each of 1,200 entries', 'keeps the last 300', (plain) => ({
    add: async (key, value, expiresAt) => {
      const isNew = await plain.add(key, value, expiresAt);
      keepNewest(300, plain);
      return isNew;
    },
  })),
  fault(LIFETIME, 'gives an entry a second where it has no expiry', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt ?? inASecond()),
  })),
  fault(LIFETIME, 'gives a number a second where it has no expiry', (plain) => ({
    raise: (key, value, expiresAt) => plain.raise(key, value, expiresAt ?? inASecond()),
  })),
  fault(LIFETIME, 'cuts the moment down to whole seconds', (plain) => ({
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt && wholeSeconds(expiresAt)),
  })),
  fault(LIFETIME, "cuts a number's lifetime down to whole seconds", (plain) => ({
    raise: (key, value, expiresAt) => plain.raise(key, value, expiresAt && wholeLife(expiresAt)),
  })),
  sessionFault(LIFETIME, "cuts a record's moment down to whole seconds", (plain) => ({
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
