import { describe, expect, it } from '@jest/globals';
import { blocklistStoreContract } from '../../../src/testing/index.js';
import { BROKEN_ENTRIES } from './broken-entries.js';
import { BROKEN_EXPIRY } from './broken-expiry.js';
import { BROKEN_KEEPING } from './broken-keeping.js';
import { BROKEN_KEYS } from './broken-keys.js';
import { BROKEN_NUMBERS } from './broken-numbers.js';
import { BROKEN_OUTAGES, OUTAGE } from './broken-outages.js';
import { BROKEN_SESSIONS } from './broken-sessions.js';
import { fault } from './broken-store.js';
import { PlainStore } from './plain-store.js';

const FAULTS = [
  ...BROKEN_ENTRIES,
  ...BROKEN_KEYS,
  ...BROKEN_NUMBERS,
  ...BROKEN_EXPIRY,
  ...BROKEN_KEEPING,
  ...BROKEN_SESSIONS,
  ...BROKEN_OUTAGES,
];

const plain = () => {
  const store = new PlainStore();
  return { store, takeDown: () => store.takeDown() };
};
const namesOf = (...given: Parameters<typeof blocklistStoreContract>) =>
  blocklistStoreContract(...given).map(({ name }) => name);

describe('A store that keeps its promises', () => {
  it.each(blocklistStoreContract(plain))('$name', ({ run }) => run());
});

describe('The contract of stores', () => {
  it.each(FAULTS)('$refusedBy: not one that $fault', async ({ refusedBy, open }) => {
    const { run } = blocklistStoreContract(open).find(({ name }) => name === refusedBy)!;

    await expect(run()).rejects.toThrow();
  });

  it('has no case that cannot fail', () => {
    const refusing = new Set(FAULTS.map(({ refusedBy }) => refusedBy));

    expect(namesOf(plain).filter((name) => !refusing.has(name))).toEqual([]);
  });

  it('asks no store to be atomic that says it is not', async () => {
    const open = () => ({ store: Object.assign(new PlainStore(), { isAtomic: false }) });
    const names = namesOf(open, { isAtomic: false });
    const [first] = blocklistStoreContract(open, { isAtomic: false });

    expect(names.filter((name) => / at once| of 1,?000? /.test(name))).toEqual([
      'answers 200 keys at once',
      'answers many who ask at once, each with what is theirs',
    ]);
    expect(first?.name).toBe('says of itself that it is not atomic');
    await expect(first?.run()).resolves.toBeUndefined();
  });

  it('asks no store for sessions that has none, and refuses one that has them nevertheless', async () => {
    const cases = blocklistStoreContract(plain, { sessions: false });

    expect(cases.filter(({ name }) => /session|record/.test(name))).toEqual([
      expect.objectContaining({ name: 'has no sessions' }),
    ]);
    await expect(cases[1]?.run()).rejects.toThrow('must agree');
  });

  it('says how to do without sessions when a store has none', async () => {
    const open = () => ({ store: Object.assign(new PlainStore(), { sessions: undefined }) });
    const listing = blocklistStoreContract(open).find(({ name }) => name.startsWith('lists no'));

    await expect(listing?.run()).rejects.toThrow('{ sessions: false }');
  });

  it('takes nothing away from a store that has no backend, and refuses one that has it nevertheless', async () => {
    const cases = blocklistStoreContract(plain, { outages: false });

    expect(cases.filter(({ name }) => name.includes('backend'))).toEqual([
      expect.objectContaining({ name: 'has no backend that can be taken down' }),
    ]);
    await expect(cases[2]?.run()).rejects.toThrow('must agree');
  });

  it('says how to do without outages when there is nothing to take down', async () => {
    const cases = blocklistStoreContract(() => ({ store: new PlainStore() }));
    const rejecting = cases.filter(({ name }) => name.startsWith('rejects whatever'));

    expect(rejecting).toHaveLength(2);
    for (const { run } of rejecting) await expect(run()).rejects.toThrow('{ outages: false }');
  });

  it('waits 3 seconds for a store that never answers, and says which method it was', async () => {
    const { refusedBy, open } = fault(OUTAGE, '', (plain) => ({
      get: (keys) => plain.get(keys).catch(() => new Promise<never>(() => {})),
    }));
    const { run } = blocklistStoreContract(open).find(({ name }) => name === refusedBy)!;

    await expect(run()).rejects.toThrow(
      'every call must reject when the backend is gone: get did not answer for 3 seconds',
    );
  });

  it('closes what it opened, whether the store keeps its promise or not', async () => {
    const events: string[] = [];
    const open = (get: PlainStore['get']) => () => {
      events.push('open');
      return {
        store: Object.assign(new PlainStore(), { get }),
        close: () => void events.push('close'),
      };
    };
    const [good, bad] = [async () => [], async () => ['junk']].map((get) =>
      blocklistStoreContract(open(get)).find(({ name }) => name.startsWith('gives nothing to')),
    );

    await expect(good?.run()).resolves.toBeUndefined();
    await expect(bad?.run()).rejects.toThrow('deep');
    expect(events).toEqual(['open', 'close', 'open', 'close']);
  });

  it('waits for a store that opens and closes in its own time', async () => {
    const events: string[] = [];
    const [first] = blocklistStoreContract(async () => {
      await new Promise(setImmediate);
      return {
        store: new PlainStore(),
        close: async () => {
          await new Promise(setImmediate);
          events.push('closed');
        },
      };
    });

    await first?.run();
    expect(events).toEqual(['closed']);
  });

  it('serves any number of runs from one database', async () => {
    const store = new PlainStore();
    const cases = blocklistStoreContract(() => ({ store }), { outages: false });
    for (const { run } of [...cases, ...cases].filter(({ name }) => !/keeps|loses|came/.test(name)))
      await run();

    expect(store.entries.size).toBeGreaterThan(0);
  });
});
