import { hasMethod } from './has-method.js';
import type { KeyvClient } from './keyv-client.js';

/** Hears of failures that a Keyv and its backend only tell with an event, while they answer as if nothing had been. */
export class KeyvFailures {
  #count = 0;
  #last: unknown;

  constructor(client: KeyvClient) {
    const onError = (error: unknown): void => {
      this.#count += 1;
      this.#last = error;
    };
    client.on?.('error', onError);
    // Asked itself too, since a Keyv may have been told not to hand errors on.
    if (hasMethod(client.store, 'on')) client.store.on('error', onError);
  }

  /** @throws Error - when a failure was told of before the call had its answer, even if it was another's */
  async during<T>(call: () => Promise<T>): Promise<T> {
    const before = this.#count;
    const answer = await call();
    if (this.#count === before) return answer;
    throw new Error('KeyvBlocklistStore: the store has failed', { cause: this.#last });
  }
}
