/** How many calls may be overdue before nobody else is sent to wait; and how long one counts. */
const MOST = 64;
const COUNTED_FOR_MS = 30_000;

/**
 * The calls of a store that did not answer in time, and may yet. While there are many of them the store is not asked
 * again, or an outage would fill the memory with questions; each that ends, or is half a minute old, makes room for one.
 */
export class OverdueCalls {
  #count = 0;

  get areTooMany(): boolean {
    return this.#count >= MOST;
  }

  add(pending: unknown): void {
    this.#count += 1;
    let isCounted = true;
    const forget = () => {
      if (isCounted) this.#count -= 1;
      isCounted = false;
      clearTimeout(timer);
    };
    const timer = setTimeout(forget, COUNTED_FOR_MS).unref();
    Promise.resolve(pending).then(forget, forget);
  }
}
