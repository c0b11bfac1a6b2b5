import type { BlocklistStore } from '../contracts/blocklist-store.js';
import type { OpenedStore } from './opened-store.js';

/** What a store must do, by the sentence that says so; rejects with an `AssertionError` where it does not. */
export type StoreCases = Readonly<
  Record<string, (store: BlocklistStore, opened: OpenedStore) => Promise<void>>
>;
