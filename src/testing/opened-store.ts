import type { Awaitable } from '../contracts/awaitable.js';
import type { BlocklistStore } from '../contracts/blocklist-store.js';

/** A store that is ready for use, how to break it and how to put it away again. */
export interface OpenedStore {
  readonly store: BlocklistStore;
  /**
   * Takes the store's backend away for good, as an outage would: closes its connection, or stops its server. Of what
   * other cases share nothing may be lost with it. Only a store that keeps everything in this process does without, and
   * tells the contract so: `{ outages: false }`.
   */
  takeDown?(): Awaitable<void>;
  /** Called once the case is over, however it ended; after `takeDown` too, so it must not mind what is closed. */
  close?(): Awaitable<void>;
}
