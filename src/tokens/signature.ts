import type { KeyObject } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import type { Awaitable } from '../contracts/awaitable.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { Algorithm } from '../options/token-options.js';
import { signEdDsa, verifyEdDsa } from './eddsa.js';
import type { ParsedToken } from './parse-token.js';

/** A key that signs, and what the header says of it. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
  readonly kid?: string | undefined;
}

/** A key that verifies, and the algorithms it may be used with. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithms: readonly Algorithm[];
}

/** Its own, unconfigured one: whatever key or option the application gave its `JwtService` stays there. */
const jwt = new JwtService({});

/** Signs claims as they are (RFC 7515 section 5.1). */
export function sign(
  claims: object,
  headers: object,
  { key, algorithm, kid }: SigningKey,
): Awaitable<string> {
  const header = { alg: algorithm, typ: 'JWT', ...(kid !== undefined && { kid }), ...headers };
  return algorithm === 'EdDSA'
    ? signEdDsa(claims, header, key)
    : jwt.sign(claims, { privateKey: key, algorithm, header });
}

/**
 * Verifies the signature and nothing else: the libraries' own claim checks are off, since ours are stricter. Whatever
 * they throw at hostile input, `TypeError` and `RangeError` included, is the same refusal.
 */
export async function verifySignature(token: ParsedToken, key: VerificationKey): Promise<void> {
  try {
    if (token.header.alg === 'EdDSA') await verifyEdDsa(token.encoded, key);
    else verifyWithJwtService(token.encoded, key);
  } catch (error) {
    throw new InvalidTokenError('Signature verification failed', error);
  }
}

function verifyWithJwtService(encoded: string, { key, algorithms }: VerificationKey): void {
  jwt.verify(encoded, {
    // A KeyObject, which costs a fortieth of what text does; the declared type is older than the feature.
    publicKey: key as unknown as Buffer,
    algorithms: algorithms as Exclude<Algorithm, 'EdDSA'>[],
    ignoreExpiration: true,
    ignoreNotBefore: true,
  });
}
