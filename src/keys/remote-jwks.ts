import { KeyObject } from 'node:crypto';
import { isObject } from '../common/checks.js';
import type { TokenHeader } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { InvalidTokenError, TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { Algorithm } from '../options/key-options.js';
import { isPrivateJwk } from './jwk.js';
import { requireStrongPair } from './key-pair-strength.js';
import type { VerificationKey } from './ring-key.js';

/** A fetch may take 5 s, a key set counts as new for 10 min, and an unknown key id causes a fetch every 30 s at most. */
const JOSE_TIMES = { timeoutDuration: 5_000, cacheMaxAge: 600_000, cooldownDuration: 30_000 };

type FindKey = (header: TokenHeader, algorithm: Algorithm) => Promise<KeyObject>;

/** The public keys of another issuer: fetched when they are needed, and cached. */
export class RemoteKeys {
  private constructor(
    readonly address: URL,
    /** The algorithms of that issuer's tokens. The key set itself does not decide them (RFC 8725 section 3.1). */
    readonly algorithms: readonly Algorithm[],
    private readonly findKey: FindKey,
  ) {}

  static async create(address: URL, algorithms: readonly Algorithm[]): Promise<RemoteKeys> {
    return new RemoteKeys(address, algorithms, await createLookUp(address));
  }

  /**
   * The key that a token's header names.
   *
   * @throws InvalidTokenError - if the issuer has no such key, or the key cannot be trusted
   * @throws TokenCheckUnavailableError - if the key set cannot be fetched
   */
  async find(header: TokenHeader): Promise<VerificationKey> {
    const algorithm = this.algorithms.find((allowed) => allowed === header.alg);
    if (!algorithm) throw new InvalidTokenError('The specified alg value is not allowed');
    return { key: await this.findKey(header, algorithm), algorithms: this.algorithms };
  }
}

async function createLookUp(address: URL): Promise<FindKey> {
  // Imported dynamically, so that an application without a remote key set never loads it.
  const { createRemoteJWKSet, customFetch, errors } = await import('jose');
  const source = new StaleIfErrorFetch();
  const getKey = createRemoteJWKSet(address, { ...JOSE_TIMES, [customFetch]: source.fetch });
  const refusals = [
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
    errors.JOSENotSupported,
    JwtExtendedConfigError,
  ];
  /** `jose` returns the same object for the same key and algorithm. */
  const imported = new WeakMap<object, KeyObject>();

  return async (header, algorithm) => {
    try {
      if (source.isOutdated) await getKey.reload();
      const found = await getKey(header);
      const known = imported.get(found);
      if (known) return known;
      const key = KeyObject.from(found);
      requireStrongPair(key, [algorithm], 'keys.jwksUri');
      imported.set(found, key);
      return key;
    } catch (error) {
      throw refusals.some((kind) => error instanceof kind)
        ? new InvalidTokenError('Signature verification failed', error)
        : new TokenCheckUnavailableError(error);
    }
  };
}

/** After a failed fetch, the next attempt waits this long, in milliseconds, to spare an overloaded issuer. */
const RETRY_MS = 1_000;
/** How long the last good key set is used while fetches fail. */
const STALE_MS = 60 * 60 * 1_000;

/** Fetches and checks a key set. If that fails, it returns the last good one for a while. */
export class StaleIfErrorFetch {
  #good: { readonly body: string; readonly at: number } | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;

  /** Whether the last good set is too old to be used. */
  get isOutdated(): boolean {
    return this.#good !== undefined && age(this.#good) > STALE_MS;
  }

  /** Called by `jose`; the signal is its time-out. */
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

/** In milliseconds. If the clock is set back, entries from before count as old. */
function age({ at }: { readonly at: number }): number {
  return Math.abs(Date.now() - at);
}

async function fetchJwks(address: string, init: RequestInit): Promise<string> {
  // A redirect would let the owner of another page choose the keys.
  const response = await fetch(address, { ...init, redirect: 'manual' });
  if (response.status !== 200)
    throw new TypeError(`The key set was answered with status ${response.status}`);
  return JSON.stringify({ keys: usableKeys(await readBounded(response)) });
}

const MAX_BYTES = 512 * 1024;
const MAX_KEYS = 100;
const KNOWN_TYPES = ['RSA', 'EC', 'OKP'];

/** @throws TypeError - if the body is longer than a key set can be */
export async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).byteLength;
    if (length > MAX_BYTES) throw new TypeError('The key set is too large');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The usable keys of a key set (RFC 7517 section 5). A set with a private or secret key was not meant to be published,
 * and of two keys with one id it is unclear which one counts: such a set is refused as a whole.
 */
export function usableKeys(text: string): object[] {
  const document: unknown = JSON.parse(text);
  const keys: unknown = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError('The key set has no keys');
  if (keys.length > MAX_KEYS) throw new TypeError('The key set has too many keys');
  if (!keys.every(isKey)) throw new TypeError('The key set has a key that is not an object');
  if (keys.some(isPrivateJwk)) throw new TypeError('The key set has a private or secret key');
  const ids = keys.map(({ kid }) => kid).filter((kid) => kid !== undefined);
  if (new Set(ids).size < ids.length) throw new TypeError('The key set has two keys with one kid');
  return keys.filter(({ kty }) => KNOWN_TYPES.some((known) => known === kty));
}

function isKey(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && !Array.isArray(value);
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The address of a key set: https, or http on a loopback address. */
export function jwksAddress(given: unknown): URL {
  const address = typeof given === 'string' && URL.canParse(given) ? new URL(given) : given;
  if (!(address instanceof URL))
    throw new JwtExtendedConfigError('keys.jwksUri must be an absolute address: https://…');
  const isLoopback = address.protocol === 'http:' && LOOPBACK.test(address.hostname);
  if (address.protocol !== 'https:' && !isLoopback)
    throw new JwtExtendedConfigError(
      'keys.jwksUri must be an https address; http is allowed for loopback addresses only',
    );
  if (address.username || address.password)
    throw new JwtExtendedConfigError(
      'keys.jwksUri must not contain a user name or password: key sets are public',
    );
  return address;
}
