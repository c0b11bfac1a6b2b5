import type { BlocklistStore } from 'nestjs-jwt-extended';

/** The injection token of the application's store. */
export const OPENED_STORE = Symbol('OPENED_STORE');

/** A store whose client is connected. */
export interface OpenedStore {
  readonly store: BlocklistStore;
  /** Removes expired entries, if the store does not do so by itself. */
  purge?(): Promise<unknown>;
  /** Closes the client. The store must not be used afterwards. */
  close(): Promise<unknown>;
}
