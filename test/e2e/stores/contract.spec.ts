import { describe, expect, it } from '@jest/globals';
import { MemoryBlocklistStore } from '../../../src/index.js';
import { blocklistStoreContract } from '../../../src/testing/index.js';
import { FAULTS, openedWith, OUTAGE } from './broken-stores.js';
import { PlainStore } from './plain-store.js';

const plain = () => {
  const store = new PlainStore();
  return { store, takeDown: () => store.takeDown() };
};
const caseOf = (open: Parameters<typeof blocklistStoreContract>[0], name: string) =>
  blocklistStoreContract(open).find((each) => each.name === name)!;
const namesOf = (...given: Parameters<typeof blocklistStoreContract>) =>
  blocklistStoreContract(...given).map(({ name }) => name);

describe('A store that keeps every promise', () => {
  it.each(blocklistStoreContract(plain))('$name', ({ run }) => run());
});

describe('MemoryBlocklistStore contract', () => {
  const open = () => {
    const store = new MemoryBlocklistStore();
    return { store, close: () => store.onModuleDestroy() };
  };

  it.each(blocklistStoreContract(open, { outages: false }))('$name', ({ run }) => run());
});

describe('The contract of stores', () => {
  it.each(FAULTS)(
    'has the case "$refusedBy", which fails for a store that $fault',
    async ({ refusedBy, open }) => {
      const { run } = caseOf(open, refusedBy);

      await expect(run()).rejects.toThrow();
    },
  );

  it('has no case that cannot fail', () => {
    const refusing = new Set(FAULTS.map(({ refusedBy }) => refusedBy));

    expect(namesOf(plain).filter((name) => !refusing.has(name))).toEqual([]);
  });

  it('does not require a store to be atomic that declares it is not', async () => {
    const open = () => ({ store: Object.assign(new PlainStore(), { isAtomic: false }) });
    const names = namesOf(open, { isAtomic: false });
    const [first] = blocklistStoreContract(open, { isAtomic: false });

    expect(names.filter((name) => / at once| of 1,?000? /.test(name))).toEqual([
      'answers many calls at once, each with its own values',
    ]);
    expect(first?.name).toBe('declares that it is not atomic');
    await expect(first?.run()).resolves.toBeUndefined();
  });

  it('requires no sessions if the feature is off, and fails for a store that has them', async () => {
    const cases = blocklistStoreContract(plain, { sessions: false });

    expect(cases.filter(({ name }) => /session|record/.test(name))).toEqual([
      expect.objectContaining({ name: 'has no sessions' }),
    ]);
    await expect(cases[1]?.run()).rejects.toThrow('must agree');
  });

  it('names the feature to switch off if a store has no sessions', async () => {
    const open = () => ({ store: Object.assign(new PlainStore(), { sessions: undefined }) });

    await expect(
      caseOf(open, 'lists no records for an identity without sessions').run(),
    ).rejects.toThrow('{ sessions: false }');
  });

  it('takes no backend down if the feature is off, and fails for a store that has one', async () => {
    const cases = blocklistStoreContract(plain, { outages: false });

    expect(cases.filter(({ name }) => name.includes('backend'))).toEqual([
      expect.objectContaining({ name: 'has no backend that can be taken down' }),
    ]);
    await expect(cases[2]?.run()).rejects.toThrow('must agree');
  });

  it('names the feature to switch off if there is no backend to take down', async () => {
    const cases = blocklistStoreContract(() => ({ store: new PlainStore() }));
    const rejecting = cases.filter(({ name }) => /^rejects every call/.test(name));

    expect(rejecting).toHaveLength(2);
    for (const { run } of rejecting) await expect(run()).rejects.toThrow('{ outages: false }');
  });

  it('waits 3 seconds for a store that never answers, and names the method', async () => {
    const open = () =>
      openedWith((plain) => ({
        get: (keys) => plain.get(keys).catch(() => new Promise<never>(() => {})),
      }));
    const { run } = caseOf(open, OUTAGE);

    await expect(run()).rejects.toThrow(
      'every call must reject when the backend is down: get did not answer for 3 seconds',
    );
  });

  it('awaits the opening and the closing of a store, whether the case passes or fails', async () => {
    const events: string[] = [];
    const opening = (get: PlainStore['get']) => async () => {
      await new Promise(setImmediate);
      events.push('open');
      const close = async () => {
        await new Promise(setImmediate);
        events.push('close');
      };
      return { store: Object.assign(new PlainStore(), { get }), close };
    };
    const [good, bad] = [async () => [], async () => ['junk']].map((get) =>
      caseOf(opening(get), 'returns no values for no keys'),
    );

    await expect(good?.run()).resolves.toBeUndefined();
    expect(events).toEqual(['open', 'close']);
    await expect(bad?.run()).rejects.toThrow('deep');
    expect(events).toEqual(['open', 'close', 'open', 'close']);
  });

  it('runs again on the same database', async () => {
    const store = new PlainStore();
    const cases = blocklistStoreContract(() => ({ store }), { outages: false });
    for (const { run } of [...cases, ...cases].filter(({ name }) => !/^(keeps|loses)/.test(name)))
      await run();

    expect(store.entries.size).toBeGreaterThan(0);
  });
});
