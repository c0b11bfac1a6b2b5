import { setTimeout as pause } from 'node:timers/promises';
import { jest } from '@jest/globals';

/** A duration that only the deadlines of the store have, which identifies their timers. */
const DEADLINE_MS = 3_600_000;

/** The deadlines of an application's store. They pass when the test says so, and not by themselves. */
export class Deadlines {
  /** For `blocklist.timeout`. */
  static readonly TIMEOUT = `${DEADLINE_MS}ms`;
  #passing: (() => void)[] = [];
  readonly #spy: { mockRestore(): void };

  constructor() {
    const start = globalThis.setTimeout;
    const startOrKeep = (act: () => void, milliseconds?: number, ...values: []) => {
      if (milliseconds !== DEADLINE_MS) return start(act, milliseconds, ...values);
      this.#passing.push(act);
      return start(() => undefined);
    };
    this.#spy = jest
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(startOrKeep as typeof start);
  }

  /** Lets each deadline pass until a promise is settled. */
  async pass<T>(waiting: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => (isOver = true);
    waiting.then(over, over);
    while (!isOver) {
      for (const act of this.#passing.splice(0)) act();
      await pause(5);
    }
    return waiting;
  }

  restore(): void {
    this.#spy.mockRestore();
  }
}
