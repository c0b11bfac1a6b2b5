import { JwtExtendedConfigError } from '../../errors/config.error.js';
import { isPrivateJwk } from './jwk-members.js';

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
