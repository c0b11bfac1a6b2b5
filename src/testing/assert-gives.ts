import assert from 'node:assert/strict';
import type { BlocklistStore } from '../contracts/blocklist-store.js';

/**
 * Asks a store for several keys at once and holds the values against what is expected. They are copied first, since an
 * array from another realm, as test frameworks have them, is not equal to one of ours.
 */
export async function assertGives(
  store: BlocklistStore,
  keys: readonly string[],
  values: readonly (string | null)[],
  message?: string,
): Promise<void> {
  assert.deepEqual([...(await store.get(keys))], [...values], message);
}
