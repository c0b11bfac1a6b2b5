import assert from 'node:assert/strict';
import type { Awaitable } from '../contracts/awaitable.js';
import { addCases, getCases, keyCases, parallelAddCases } from './contract/entries.js';
import { expiryCases } from './contract/expiry.js';
import { outageCases, sessionOutageCases } from './contract/outages.js';
import { parallelReplaceCases, replaceCases } from './contract/replacements.js';
import { parallelSessionCases, sessionCases } from './contract/sessions.js';
import type { OpenedStore, StoreCases, StoreFeatures } from './contract/store-under-test.js';

/** One promise of a store, for the test framework of your choice. */
export interface ContractCase {
  /** What the store does, as a sentence: "adds an absent entry, and returns true". */
  readonly name: string;
  /** Opens a store, tests it and closes it; rejects with an `AssertionError` that names the broken promise. */
  run(): Promise<void>;
}

/**
 * The promises of a `BlocklistStore` as test cases for any test framework. Each case opens a store and uses fresh keys,
 * so all cases can share one database, which need not be empty. Together they take a few seconds.
 *
 * @param open - returns a store that is connected and ready
 * @param features - set a feature to `false` if the store lacks it; a store that has it then fails
 * @returns the cases, in an order in which a store can be written
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
 * The same line works in Jest, as does `it.each(blocklistStoreContract(open))('$name', ({ run }) => run());`
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
    ...replaceCases,
    ...(isAtomic ? parallelReplaceCases : {}),
    ...keyCases,
    ...expiryCases,
    ...(sessions ? sessionCases : {}),
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

const AGREE = 'in the features of the contract must agree';

/** The store must offer exactly the features that the contract was given, so that each of its features is tested. */
function featureCases({ isAtomic, sessions, outages }: Required<StoreFeatures>): StoreCases {
  return {
    [`declares that it is ${isAtomic ? '' : 'not '}atomic`]: async (store) => {
      assert.equal(store.isAtomic ?? true, isAtomic, `isAtomic of the store and ${AGREE}`);
    },
    [sessions ? 'has sessions' : 'has no sessions']: async (store) => {
      assert.equal(store.sessions !== undefined, sessions, `sessions of the store and ${AGREE}`);
    },
    [`has ${outages ? 'a' : 'no'} backend that can be taken down`]: async (_store, opened) => {
      const message = `takeDown beside the store and outages ${AGREE}`;
      assert.equal(opened.takeDown !== undefined, outages, message);
    },
  };
}
