import { readBounded, usableKeys } from './remote-jwks.js';

/** After a failure the next attempt waits this long, in milliseconds: an issuer in trouble is not hammered. */
const RETRY_MS = 1_000;
/** How long the last good set stands in for one that cannot be had. */
const STALE_MS = 60 * 60 * 1_000;

/** As `jose` asks for a key set: with its time-out as the signal, and following no redirect. */
type FetchJwks = (address: string, init: { readonly signal: AbortSignal }) => Promise<Response>;

/** Fetches a key set, holds it to what a key set may be, and lets the last good one stand in for a while. */
export function steadyFetch(): FetchJwks {
  let good: { readonly body: string; readonly at: number } | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;

  const attempt = async (address: string, init: RequestInit): Promise<string> => {
    if (failure && Date.now() - failure.at < RETRY_MS) throw failure.error;
    try {
      return await fetchJwks(address, init);
    } catch (error) {
      failure = { error, at: Date.now() };
      throw error;
    }
  };

  return async (address, init) => {
    try {
      good = { body: await attempt(address, init), at: Date.now() };
    } catch (error) {
      if (!good || Date.now() - good.at > STALE_MS) throw error;
    }
    return new Response(good.body, { headers: { 'Content-Type': 'application/json' } });
  };
}

async function fetchJwks(address: string, init: RequestInit): Promise<string> {
  // A redirect would let whoever controls one page choose the keys.
  const response = await fetch(address, { ...init, redirect: 'manual' });
  if (response.status !== 200) {
    throw new TypeError(`The key set was answered with status ${response.status}`);
  }
  return JSON.stringify({ keys: usableKeys(await readBounded(response)) });
}
