import type { BlocklistStore } from 'nestjs-jwt-extended';

/** What the one store of the application is injected by. */
export const OPENED_STORE = Symbol('OPENED_STORE');

/** A store whose client is connected. */
export interface OpenedStore {
  readonly store: BlocklistStore;
  /** Forgets what has expired, where the store does not do so by itself. */
  purge?(): Promise<unknown>;
  /** Lets go of the client, once nobody asks the store any more. */
  close(): Promise<unknown>;
}
