import type * as Jose from 'jose';
import { KeyObject } from 'node:crypto';
import type { TokenHeader } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { InvalidTokenError, TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { Algorithm } from '../options/key-options.js';
import { isPrivateJwk } from './jwk.js';
import { requireStrongPair } from './key-pair-strength.js';
import type { VerificationKey } from './ring-key.js';

let loading: Promise<typeof Jose> | undefined;

/**
 * The library for what `jsonwebtoken` does not have: EdDSA, and other issuers' key sets. It is loaded by those who use
 * that, when their application starts: it is an ES module, which some CommonJS test runners cannot load.
 */
export function loadJose(): Promise<typeof Jose> {
  return (loading ??= import('jose'));
}

/** Larger documents and longer lists than these are nobody's key set. */
const LARGEST_DOCUMENT = 512 * 1024;
const MOST_KEYS = 100;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const KNOWN_TYPES = ['RSA', 'EC', 'OKP'];

/**
 * The address of a key set: by https, or from this machine.
 *
 * @throws {JwtExtendedConfigError} for what is no such address
 */
export function jwksAddress(given: unknown): URL {
  const address = typeof given === 'string' && URL.canParse(given) ? new URL(given) : given;
  if (!(address instanceof URL)) {
    throw new JwtExtendedConfigError('keys.jwksUri must be an absolute address: https://…');
  }
  const isPlain = address.protocol === 'http:' && LOOPBACK.test(address.hostname);
  if (address.protocol !== 'https:' && !isPlain) {
    throw new JwtExtendedConfigError(
      'keys.jwksUri must be an https address; http is for this machine alone',
    );
  }
  if (address.username || address.password) {
    throw new JwtExtendedConfigError(
      'keys.jwksUri must be without a user name and a password: key sets are public',
    );
  }
  return address;
}

/**
 * The body of an answer, as long as it is no longer than a key set can be.
 *
 * @throws TypeError - when it is
 */
export async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).byteLength;
    if (length > LARGEST_DOCUMENT) throw new TypeError('The key set is too large');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The usable keys of a key set (RFC 7517 section 5). One that holds a private or a secret key was not made for
 * publication, and of two keys with one id nobody knows which counts: such a set is refused whole.
 *
 * @throws TypeError
 */
export function usableKeys(text: string): object[] {
  const document: unknown = JSON.parse(text);
  const keys: unknown = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError('The key set has no keys');
  if (keys.length > MOST_KEYS) throw new TypeError('The key set has too many keys');
  if (!keys.every(isObject)) throw new TypeError('The key set has a key that is no object');
  if (keys.some(isPrivateJwk)) throw new TypeError('The key set holds a private or a secret key');
  const ids = keys.map(({ kid }) => kid).filter((kid) => kid !== undefined);
  if (new Set(ids).size < ids.length) throw new TypeError('The key set has two keys with one kid');
  return keys.filter(({ kty }) => KNOWN_TYPES.some((known) => known === kty));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** After a failure the next attempt waits this long, in milliseconds: an issuer in trouble is not hammered. */
const RETRY_MS = 1_000;
/** How long the last good set stands in for one that cannot be had. */
const STALE_MS = 60 * 60 * 1_000;

/** Fetches a key set, holds it to what a key set may be, and lets the last good one stand in for a while. */
export class StaleIfErrorFetch {
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

/** How long one answer may take, how long a set counts as new, and how soon an unknown key id asks again. */
const TIMES = { timeoutDuration: 5_000, cacheMaxAge: 600_000, cooldownDuration: 30_000 };

type FindKey = (header: TokenHeader, algorithm: Algorithm) => Promise<KeyObject>;

/** Another issuer's public keys: fetched when they are wanted, and kept until they have changed. */
export class RemoteKeys {
  private constructor(
    readonly address: URL,
    /** What tokens of that issuer may be signed with; the set itself has no say in it (RFC 8725 section 3.1). */
    readonly algorithms: readonly Algorithm[],
    private readonly lookUp: FindKey,
  ) {}

  static async at(address: URL, algorithms: readonly Algorithm[]): Promise<RemoteKeys> {
    return new RemoteKeys(address, algorithms, await createLookUp(address));
  }

  /**
   * The key that a token's header names.
   *
   * @throws InvalidTokenError - when the issuer has no such key, or none that may be trusted
   * @throws TokenCheckUnavailableError - when the issuer cannot be asked
   */
  async find(header: TokenHeader): Promise<VerificationKey> {
    const algorithm = this.algorithms.find((allowed) => allowed === header.alg);
    if (!algorithm) throw new InvalidTokenError('The specified alg value is not allowed');
    return { key: await this.lookUp(header, algorithm), algorithms: this.algorithms };
  }
}

async function createLookUp(address: URL): Promise<FindKey> {
  const { createRemoteJWKSet, customFetch, errors } = await loadJose();
  const source = new StaleIfErrorFetch();
  const getKey = createRemoteJWKSet(address, { ...TIMES, [customFetch]: source.fetch });
  const useless = [
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
    errors.JOSENotSupported,
    JwtExtendedConfigError,
  ];
  /** `jose` makes one of each key and algorithm, and keeps it. */
  const imported = new WeakMap<object, KeyObject>();

  return async (header, algorithm) => {
    try {
      if (source.isOutdated) await getKey.reload();
      const found = await getKey(header);
      const key = imported.get(found) ?? strongKey(KeyObject.from(found), algorithm);
      imported.set(found, key);
      return key;
    } catch (error) {
      throw useless.some((kind) => error instanceof kind)
        ? new InvalidTokenError('Signature verification failed', error)
        : new TokenCheckUnavailableError(error);
    }
  };
}

function strongKey(key: KeyObject, algorithm: Algorithm): KeyObject {
  requireStrongPair(key, [algorithm], 'keys.jwksUri');
  return key;
}
