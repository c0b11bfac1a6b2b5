import { KeyObject } from 'node:crypto';
import { isObject } from '../common/checks.js';
import { safeMessage } from '../common/fault-message.js';
import type { TokenHeader } from '../contracts/token.js';
import { InvalidTokenError, TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { Outages } from '../events/outages.js';
import { checkAddress, type ResolvedIssuer } from '../options/issuer-options.js';
import type { Algorithm } from '../options/key-options.js';
import { isPrivateJwk } from './jwk.js';
import { requireStrongPair } from './key-pair-strength.js';
import type { VerificationKey } from './ring-key.js';

/** How long the fetch of a key set may take, with its discovery. */
const TIMEOUT_MS = 5_000;
/** After this time, a set is fetched again while it is used. */
const FRESH_MS = 10 * 60 * 1_000;
/** How long the last good set is used while fetches fail. */
const STALE_MS = 60 * 60 * 1_000;
/** An unknown key id, or a set that is no longer fresh, causes one fetch in this time at most. */
const COOLDOWN_MS = 30_000;
/** Without a set, the next attempt after a failed one waits this long, to spare an overloaded issuer. */
const RETRY_MS = 1_000;

const BAD_SIGNATURE = 'Signature verification failed';

/** Imported dynamically, so that an application without other issuers never loads it. */
async function loadJose() {
  const jose = await import('jose');
  return jose;
}

type Jose = Awaited<ReturnType<typeof loadJose>>;
type PickKey = ReturnType<Jose['createLocalJWKSet']>;
type ImportedKey = Awaited<ReturnType<PickKey>>;

/** The public keys of another issuer: fetched when they are needed, and cached. */
export class RemoteKeys {
  #set: { readonly pick: PickKey; readonly at: number } | undefined;
  #attempt: { readonly at: number; readonly error?: unknown } | undefined;
  #pending: Promise<void> | undefined;
  /** The address of the key set; `undefined` until it was discovered. */
  #address: string | undefined;
  /** `jose` returns the same object for the same key and algorithm. */
  readonly #imported = new WeakMap<object, KeyObject>();

  private constructor(
    readonly options: ResolvedIssuer,
    private readonly outages: Outages,
    private readonly jose: Jose,
  ) {}

  static async create(options: ResolvedIssuer, outages: Outages): Promise<RemoteKeys> {
    return new RemoteKeys(options, outages, await loadJose());
  }

  /**
   * The key that a token's header names or, without a key id, the only one of the set for the algorithm.
   *
   * @throws InvalidTokenError - if the issuer has no such key, or the key cannot be trusted
   * @throws TokenCheckUnavailableError - if the key set cannot be fetched
   */
  async find(header: TokenHeader): Promise<VerificationKey> {
    const { algorithms } = this.options;
    const { kid }: { readonly kid?: string } = header;
    const algorithm = algorithms.find((allowed) => allowed === header.alg);
    if (!algorithm) throw new InvalidTokenError('The specified alg value is not allowed');
    const found = await this.#find(header).catch((error: unknown) => {
      if (this.#isRefusal(error))
        throw new InvalidTokenError(kid === undefined ? 'Token has no kid' : BAD_SIGNATURE, error);
      if (error instanceof TokenCheckUnavailableError) throw error;
      throw new TokenCheckUnavailableError(error);
    });
    return { key: this.#import(found, algorithm), algorithms };
  }

  /** @throws InvalidTokenError - for a weak key */
  #import(found: ImportedKey, algorithm: Algorithm): KeyObject {
    const known = this.#imported.get(found);
    if (known) return known;
    const key = KeyObject.from(found);
    try {
      requireStrongPair(key, [algorithm], this.options.path);
    } catch (error) {
      throw new InvalidTokenError(BAD_SIGNATURE, error);
    }
    this.#imported.set(found, key);
    return key;
  }

  /** A set that is not fresh any more is used while it is fetched again, so that a slow issuer delays no known key. */
  async #find(header: TokenHeader): Promise<ImportedKey> {
    const { JWKSNoMatchingKey } = this.jose.errors;
    if (!this.#set || age(this.#set) > STALE_MS) return (await this.#require())(header);
    // The next token is told of a failure once the set is too old.
    if (age(this.#set) > FRESH_MS) void this.#refreshOrLog();
    const { pick } = this.#set;
    try {
      return await pick(header);
    } catch (error) {
      if (!(error instanceof JWKSNoMatchingKey)) throw error;
      await this.#refreshOrLog();
      if (this.#set.pick === pick) throw error;
      return this.#set.pick(header);
    }
  }

  async #require(): Promise<PickKey> {
    await this.#refresh(RETRY_MS).catch(() => undefined);
    const set = this.#set;
    if (set && age(set) <= STALE_MS) return set.pick;
    throw this.outages.failed(this.#source, this.#attempt?.error);
  }

  async #refreshOrLog(): Promise<void> {
    await this.#refresh(COOLDOWN_MS).catch((error: unknown) => {
      this.outages.failed(this.#source, error);
    });
  }

  /** The name of this source of keys in the log. */
  get #source(): string {
    return `The issuer ${this.options.issuer}`;
  }

  /** One fetch at a time, and none within the pause after the last one. */
  #refresh(pause: number): Promise<void> {
    const isTooEarly = this.#attempt !== undefined && age(this.#attempt) < pause;
    if (!this.#pending && isTooEarly) return Promise.resolve();
    this.#pending ??= this.#fetch().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #fetch(): Promise<void> {
    const { issuer, jwksUri } = this.options;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      this.#address ??= jwksUri ?? (await this.#discover(signal));
      const keys = usableKeys(await fetchText(this.#address, 'The key set', signal));
      this.#set = { pick: this.jose.createLocalJWKSet({ keys }), at: Date.now() };
      this.#attempt = { at: Date.now() };
      this.outages.answered(this.#source);
    } catch (cause) {
      const message = `The keys of ${issuer} could not be fetched: ${safeMessage(cause)}`;
      const error = new TypeError(message, { cause });
      // The issuer may have moved its keys.
      this.#address = undefined;
      this.#attempt = { at: Date.now(), error };
      throw error;
    }
  }

  /** OpenID Connect Discovery section 4.3: the document must name the very issuer that it was fetched for. */
  async #discover(signal: AbortSignal): Promise<string> {
    const { discoveryUri, issuer, allowHttp } = this.options;
    const what = 'The discovery document';
    const document: unknown = JSON.parse(await fetchText(discoveryUri as string, what, signal));
    if (!isObject(document) || document.issuer !== issuer)
      throw new TypeError(`${what} names another issuer`);
    return checkAddress(document.jwks_uri, `jwks_uri of ${discoveryUri}`, allowHttp);
  }

  #isRefusal(error: unknown): boolean {
    const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = this.jose.errors;
    const kinds = [JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported];
    return kinds.some((kind) => error instanceof kind);
  }
}

/** In milliseconds. If the clock is set back, entries from before count as old. */
function age({ at }: { readonly at: number }): number {
  return Math.abs(Date.now() - at);
}

async function fetchText(address: string, what: string, signal: AbortSignal): Promise<string> {
  const headers = { accept: 'application/json' };
  // A redirect would let the owner of another page choose the keys.
  const response = await fetch(address, { headers, signal, redirect: 'manual' });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new TypeError(`${what} was answered with status ${response.status}`);
  }
  return readBounded(response, what);
}

const MAX_BYTES = 512 * 1024;
const MAX_KEYS = 100;
const KNOWN_TYPES = ['RSA', 'EC', 'OKP'];

/** @throws TypeError - if the body is longer than a key set can be */
export async function readBounded(response: Response, what: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).byteLength;
    if (length > MAX_BYTES) throw new TypeError(`${what} is too large`);
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
