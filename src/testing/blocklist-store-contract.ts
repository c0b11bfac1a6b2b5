import assert from 'node:assert/strict';
import type { Awaitable } from '../contracts/awaitable.js';
import { addCases, getCases, keyCases, parallelAddCases } from './contract/entries.js';
import { expiryCases, keepingCases } from './contract/expiry.js';
import { parallelRaiseCases, raiseCases } from './contract/numbers.js';
import { outageCases, sessionOutageCases } from './contract/outages.js';
import { parallelSessionCases, sessionCases, sessionTextCases } from './contract/sessions.js';
import type { OpenedStore, StoreCases, StoreFeatures } from './contract/store-under-test.js';

/** The store offers what the contract was told, neither less nor more: what it has must be tried. */
function featureCases({ isAtomic, sessions, outages }: Required<StoreFeatures>): StoreCases {
  return {
    [`says of itself that it is ${isAtomic ? '' : 'not '}atomic`]: async (store) => {
      assert.equal(
        store.isAtomic ?? true,
        isAtomic,
        `isAtomic of the store and of the contract's features must agree`,
      );
    },
    [sessions ? 'has sessions' : 'has no sessions']: async (store) => {
      assert.equal(
        store.sessions !== undefined,
        sessions,
        `sessions of the store and of the contract's features must agree`,
      );
    },
    [`has ${outages ? 'a' : 'no'} backend that can be taken down`]: async (_store, opened) => {
      assert.equal(
        opened.takeDown !== undefined,
        outages,
        `takeDown beside the store and outages of the contract's features must agree`,
      );
    },
  };
}

/** One promise of a store, to be handed to the test framework of your choice. */
export interface ContractCase {
  /** What the store does, as a sentence: "adds an entry where there is none, and says so". */
  readonly name: string;
  /** Opens a store, tries it and closes it; rejects with an `AssertionError` that says what was promised. */
  run(): Promise<void>;
}

/**
 * Everything that a `BlocklistStore` promises, as cases for any test framework. Each opens a store of its own and
 * works with fresh keys, so that all of them may share one database, which need not be empty. Together they take a few
 * seconds.
 *
 * @param open - makes a store that is connected and ready
 * @param features - what the store does without; a store that has it nevertheless is refused
 * @returns the cases, in the order in which a store is best written
 *
 * @example
 * ```ts
 * import { blocklistStoreContract } from 'nestjs-jwt-extended/testing';
 * import { describe, it } from 'node:test';
 *
 * const open = async () => {
 *   const client = await connect();
 *   const close = () => client.close();
 *   return { store: new MyStore(client), takeDown: close, close };
 * };
 *
 * describe('MyStore', () => {
 *   for (const { name, run } of blocklistStoreContract(open)) it(name, run);
 * });
 * ```
 *
 * With Jest it is the same line, or `it.each(blocklistStoreContract(open))('$name', ({ run }) => run());`
 */
export function blocklistStoreContract(
  open: () => Awaitable<OpenedStore>,
  { isAtomic = true, sessions = true, outages = true }: StoreFeatures = {},
): readonly ContractCase[] {
  const cases: StoreCases = {
    ...featureCases({ isAtomic, sessions, outages }),
    ...addCases,
    ...(isAtomic ? parallelAddCases : {}),
    ...getCases,
    ...raiseCases,
    ...(isAtomic ? parallelRaiseCases : {}),
    ...keyCases,
    ...expiryCases,
    ...keepingCases,
    ...(sessions ? { ...sessionCases, ...sessionTextCases } : {}),
    ...(sessions && isAtomic ? parallelSessionCases : {}),
    ...(outages ? outageCases : {}),
    ...(outages && sessions ? sessionOutageCases : {}),
  };
  return Object.entries(cases).map(([name, attempt]) => ({
    name,
    async run() {
      const opened = await open();
      try {
        await attempt(opened.store, opened);
      } finally {
        await opened.close?.();
      }
    },
  }));
}
