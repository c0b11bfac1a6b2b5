import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Calamities, Output } from '../../support/faults.js';

const CHANNELS = ['store-down', 'store-up'] as const;

/** All that is noticed from now on. */
export class Noticed {
  /** Of `store-down` and `store-up`, in order. */
  readonly events: string[] = [];
  readonly output = new Output();
  readonly #calamities = new Calamities();
  readonly #listeners = CHANNELS.map((name) => {
    const listener = () => this.events.push(name);
    subscribe(`nestjs-jwt-extended:${name}`, listener);
    return () => unsubscribe(`nestjs-jwt-extended:${name}`, listener);
  });

  /** Gives what would have ended the process meanwhile. */
  async stop(): Promise<readonly unknown[]> {
    for (const stop of this.#listeners) stop();
    this.output.restore();
    const calamities = await this.#calamities.settled();
    this.#calamities.stop();
    return calamities;
  }
}
