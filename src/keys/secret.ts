import { Logger } from '@nestjs/common';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, JsonWebKey } from '../options/key-options.js';
import { type KeyUse, requireJwkFits } from './jwk.js';
import { isBlank, keyText, parseJsonObject } from './pem.js';
import { unexpectedKey, recognizeKey } from './recognize-key.js';
import { findSecretWeakness } from './secret-strength.js';

const BOTH_USES: readonly KeyUse[] = ['sign', 'verify'];

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
  uses: readonly KeyUse[] = BOTH_USES,
): KeyObject {
  const jwk = readOctJwk(input);
  if (jwk) requireJwkFits(jwk, uses, algorithms, where);
  const bytes = jwk ? decodeOctJwk(jwk, where) : readBytes(input);
  if (bytes === undefined) throw unexpectedKey(where, input, expectedSecret(algorithms));
  if (isBlank(bytes))
    throw new JwtExtendedConfigError(`${where} is empty; expected ${expectedSecret(algorithms)}`);
  if (recognizeKey(bytes) !== undefined)
    throw unexpectedKey(where, bytes, expectedSecret(algorithms));
  return types.isKeyObject(input) ? input : createSecretKey(bytes);
}

function readOctJwk(input: unknown): JsonWebKey | undefined {
  if (types.isKeyObject(input)) return undefined;
  const object =
    typeof input === 'string' || types.isUint8Array(input)
      ? parseJsonObject(keyText(input))
      : input;
  return isOctJwk(object) ? object : undefined;
}

function isOctJwk(object: unknown): object is JsonWebKey {
  return typeof object === 'object' && object !== null && 'kty' in object && object.kty === 'oct';
}

function decodeOctJwk({ k }: JsonWebKey, where: string): Buffer {
  // RFC 7518 section 6.4.1: base64url without padding. Node would silently ignore other characters.
  if (typeof k !== 'string' || !/^[A-Za-z0-9_-]*$/.test(k)) {
    throw new JwtExtendedConfigError(`${where} is an oct JWK whose "k" is not base64url text`);
  }
  return Buffer.from(k, 'base64url');
}

function readBytes(input: unknown): Buffer | undefined {
  if (typeof input === 'string') return Buffer.from(input);
  if (types.isUint8Array(input)) return Buffer.from(input);
  return types.isKeyObject(input) && input.type === 'secret' ? input.export() : undefined;
}

function expectedSecret(algorithms: readonly Algorithm[]): string {
  return `a secret for ${algorithms.join(' or ')}: text, bytes, a secret KeyObject or an oct JWK`;
}

const FIX =
  'Generate a strong one: ' +
  `node -e "console.log(require('node:crypto').randomBytes(64).toString('base64url'))"`;

/** Refuses a weak secret in production, and logs a warning elsewhere. */
export function refuseWeakSecret(
  secret: KeyObject,
  algorithms: readonly Algorithm[],
  where: string,
  warn: (message: string) => void = logWarning,
): void {
  const weakness = findSecretWeakness(secret, algorithms);
  if (weakness === undefined) return;
  const message = `${where} is ${weakness}. It is refused in production. ${FIX}`;
  if (process.env.NODE_ENV === 'production') {
    throw new JwtExtendedConfigError(message);
  }
  warn(message);
}

export function logWarning(message: string): void {
  new Logger('JwtExtendedModule').warn(message);
}
