import assert from 'node:assert/strict';
import type { StoreCases } from './store-cases.js';
import type { StoreFeatures } from './store-features.js';

/** The store offers what the contract was told, neither less nor more: what it has must be tried. */
export function featureCases({ isAtomic, sessions, outages }: Required<StoreFeatures>): StoreCases {
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
