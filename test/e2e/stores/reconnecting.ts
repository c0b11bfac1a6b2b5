import type { BlocklistStore } from '../../../src/contracts/blocklist-store.js';
import type { OpenedStore } from '../../../src/testing/index.js';

/** A store over a connection of its own. */
interface Connected {
  readonly store: BlocklistStore;
  close(): unknown;
}

/** One connection for all cases of the contract, and a new one after each case that took the backend down. */
export class Reconnecting<C extends Connected> {
  #connected: Promise<C> | undefined;

  constructor(private readonly connect: () => Promise<C>) {}

  /** For the contract. */
  readonly open = async (): Promise<OpenedStore & Pick<C, 'store'>> => {
    const { store } = await (this.#connected ??= this.connect());
    return { store, takeDown: () => this.close() };
  };

  async close(): Promise<void> {
    const connected = await this.#connected;
    this.#connected = undefined;
    await connected?.close();
  }
}
