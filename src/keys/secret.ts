import { Logger } from '@nestjs/common';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { isProduction } from '../common/environment.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, JsonWebKey } from '../options/key-options.js';
import { type KeyUse, requireJwkFits } from './jwk.js';
import { isBlank, keyText, parseJsonObject } from './pem.js';
import { unexpectedKey, recognizeKey } from './recognize-key.js';
import { findSecretWeakness } from './secret-strength.js';

/**
 * The secret of HMAC algorithms: the UTF-8 bytes of text, unchanged, or the decoded `k` of an `oct` JWK, which may be an
 * object or JSON text.
 *
 * @throws {JwtExtendedConfigError} if it is empty, not a secret, or part of a key pair, because everyone who has the
 *   public key could sign with it (RFC 8725 section 3.1).
 */
export function importSecret(
  input: unknown,
  algorithms: readonly Algorithm[],
  where: string,
  uses: readonly KeyUse[] = ['sign', 'verify'],
): KeyObject {
  const jwk = readOctJwk(input);
  if (jwk) requireJwkFits(jwk, uses, algorithms, where);
  const bytes = jwk ? decodeOctJwk(jwk, where) : readBytes(input);
  const expected = `a secret for ${algorithms.join(' or ')}: text, bytes, a secret KeyObject or an oct JWK`;
  if (bytes === undefined) throw unexpectedKey(where, input, expected);
  if (isBlank(bytes)) throw new JwtExtendedConfigError(`${where} is empty; expected ${expected}`);
  if (recognizeKey(bytes) !== undefined) throw unexpectedKey(where, bytes, expected);
  return types.isKeyObject(input) ? input : createSecretKey(bytes);
}

function readOctJwk(input: unknown): JsonWebKey | undefined {
  if (types.isKeyObject(input)) return undefined;
  const isText = typeof input === 'string' || types.isUint8Array(input);
  const jwk = (isText ? parseJsonObject(keyText(input)) : input) as JsonWebKey | null | undefined;
  return jwk?.kty === 'oct' ? jwk : undefined;
}

function decodeOctJwk({ k }: JsonWebKey, where: string): Buffer {
  // RFC 7518 section 6.4.1: base64url without padding. Node would silently ignore other characters.
  if (typeof k !== 'string' || !/^[A-Za-z0-9_-]*$/.test(k))
    throw new JwtExtendedConfigError(`${where} is an oct JWK whose "k" is not base64url text`);
  return Buffer.from(k, 'base64url');
}

function readBytes(input: unknown): Buffer | undefined {
  if (typeof input === 'string' || types.isUint8Array(input)) return Buffer.from(input);
  return types.isKeyObject(input) && input.type === 'secret' ? input.export() : undefined;
}

/** Refuses a weak secret in production, and logs a warning in development and in tests. */
export function refuseWeakSecret(
  secret: KeyObject,
  algorithms: readonly Algorithm[],
  where: string,
  warn: (message: string) => void = logWarning,
): void {
  const weakness = findSecretWeakness(secret, algorithms);
  if (weakness === undefined) return;
  const strongest = [...algorithms].sort().at(-1);
  const message =
    `${where} is ${weakness}. It is refused unless NODE_ENV is 'development' or 'test'. ` +
    `Generate a strong one: npx nestjs-jwt-extended keygen --alg ${strongest}`;
  if (isProduction()) throw new JwtExtendedConfigError(message);
  warn(message);
}

/** White space, quotes, and characters that cannot be seen, such as a byte order mark or a zero-width space. */
const STRAY = /^[\s\p{Cf}"'`“”‘’]|[\s\p{Cf}"'`“”‘’]$/u;

/** Logs a warning for text that was probably copied with more than the secret. Bytes and keys are what they are. */
export function warnAboutStrayCharacters(
  input: unknown,
  where: string,
  warn: (message: string) => void = logWarning,
): void {
  if (typeof input !== 'string' || !STRAY.test(input) || readOctJwk(input)) return;
  warn(
    `${where} begins or ends with white space, an invisible character or a quote, which is then part of the secret: ` +
      'remove it where the secret is set, or give Buffer.from(secret) if it is meant',
  );
}

export function logWarning(message: string): void {
  new Logger('JwtExtendedModule').warn(message);
}
