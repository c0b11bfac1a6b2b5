import { hasMethod } from './has-method.js';
import { readAnswers } from './keyv-answers.js';
import type { KeyvClient } from './keyv-client.js';
import { KeyvFailures } from './keyv-failures.js';

/** A lifetime that Keyv takes for none; no lifetime at all would be the one that the Keyv was made with. */
const FOR_EVER = 0;

/**
 * A Keyv that throws when it fails. By itself it does not: what its backend could not read is "not there", and what it
 * could not write counts as written. So entries are read in a way in which Keyv throws, events count, whatever is
 * written is read back, and an entry that is always there is asked for with all others: where even that is not there,
 * the answer is worth nothing.
 */
export class OutspokenKeyv {
  readonly #failures: KeyvFailures;
  readonly #landmark: string;

  constructor(
    private readonly client: KeyvClient,
    prefix: string,
  ) {
    this.#failures = new KeyvFailures(client);
    this.#landmark = `${prefix}landmark`;
  }

  /** @throws Error - when the store fails, in whichever way */
  async read(names: readonly string[]): Promise<readonly (string | null)[]> {
    const asked = [...names, this.#landmark];
    const answers = await this.#answers(asked);
    if (answers.pop() !== null) return answers;
    // The store is new, or was emptied, or is down and does not say so.
    await this.#set(this.#landmark, 'here', FOR_EVER);
    const secondAnswers = await this.#answers(asked);
    if (secondAnswers.pop() !== null) return secondAnswers;
    throw new Error('KeyvBlocklistStore: the store does not give what was just written');
  }

  /**
   * @param life - in milliseconds; `null` for ever
   * @returns what is there now, which another may have written meanwhile
   */
  async write(name: string, value: string, life: number | null): Promise<string> {
    await this.#set(name, value, life ?? FOR_EVER);
    const [kept] = await this.read([name]);
    if (typeof kept === 'string') return kept;
    throw new Error('KeyvBlocklistStore: the store does not keep what was written');
  }

  async delete(name: string): Promise<void> {
    await this.#failures.during(() => this.client.delete(name));
    const [left] = await this.read([name]);
    if (left !== null) throw new Error('KeyvBlocklistStore: the store keeps what was deleted');
  }

  async #set(name: string, value: string, life: number): Promise<void> {
    const isSet = await this.#failures.during(() => this.client.set(name, value, life));
    if (isSet === false) throw new Error('KeyvBlocklistStore: the store has not written');
  }

  async #answers(names: string[]): Promise<(string | null)[]> {
    const answers = await this.#failures.during(() => this.#ask(names));
    return readAnswers(answers, names.length);
  }

  /** Keyv throws what its backend throws in `getRaw`, and in `getMany` only if the backend has a `getMany` itself. */
  #ask(names: string[]): Promise<unknown> {
    const { client } = this;
    if (hasMethod(client, 'getRaw') && !hasMethod(client.store, 'getMany')) {
      return Promise.all(names.map((name) => client.getRaw(name)));
    }
    return client.getMany(names, { raw: true });
  }
}
