import { readBounded, usableKeys } from './remote-jwks.js';

/** After a failure the next attempt waits this long, in milliseconds: an issuer in trouble is not hammered. */
const RETRY_MS = 1_000;
/** How long the last good set stands in for one that cannot be had. */
const STALE_MS = 60 * 60 * 1_000;

/** Fetches a key set, holds it to what a key set may be, and lets the last good one stand in for a while. */
export class SteadyFetch {
  #good: { readonly body: string; readonly at: number } | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;

  /** Whether the last good set is older than it may be. */
  get isOutdated(): boolean {
    return this.#good !== undefined && age(this.#good) > STALE_MS;
  }

  /** As `jose` asks for a key set, with its time-out as the signal. */
  readonly fetch = async (
    address: string,
    init: { readonly signal: AbortSignal },
  ): Promise<Response> => {
    try {
      this.#good = { body: await this.#attempt(address, init), at: Date.now() };
    } catch (error) {
      if (!this.#good || this.isOutdated) throw error;
    }
    return new Response(this.#good.body, { headers: { 'Content-Type': 'application/json' } });
  };

  async #attempt(address: string, init: RequestInit): Promise<string> {
    if (this.#failure && age(this.#failure) < RETRY_MS) throw this.#failure.error;
    try {
      return await fetchJwks(address, init);
    } catch (error) {
      this.#failure = { error, at: Date.now() };
      throw error;
    }
  }
}

/** In milliseconds. A clock that was set back makes what came before it old, not young. */
function age({ at }: { readonly at: number }): number {
  return Math.abs(Date.now() - at);
}

async function fetchJwks(address: string, init: RequestInit): Promise<string> {
  // A redirect would let whoever controls one page choose the keys.
  const response = await fetch(address, { ...init, redirect: 'manual' });
  if (response.status !== 200) {
    throw new TypeError(`The key set was answered with status ${response.status}`);
  }
  return JSON.stringify({ keys: usableKeys(await readBounded(response)) });
}
