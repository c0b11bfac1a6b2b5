import type { KeyObject } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import type { TokenHeader } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { Algorithm } from '../options/token-options.js';
import type { ParsedToken } from './parse-token.js';

/** A key that signs, and what the header says of it. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
  readonly kid?: string;
}

/** A key that verifies, and the algorithms it may be used with. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithms: readonly Algorithm[];
}

/** Its own, unconfigured one: whatever key or option the application gave its `JwtService` stays there. */
const jwt = new JwtService({});

/** Signs claims as they are (RFC 7515 section 5.1). */
export function sign(claims: object, headers: object, { key, algorithm, kid }: SigningKey): string {
  const header: TokenHeader = {
    alg: algorithm,
    typ: 'JWT',
    ...(kid !== undefined && { kid }),
    ...headers,
  };
  return jwt.sign(claims, { privateKey: key, algorithm, header });
}

/**
 * Verifies the signature and nothing else: the library's own claim checks are off, since ours are stricter. Whatever
 * it throws at hostile input, `TypeError` and `RangeError` included, is the same refusal.
 */
export function verifySignature(
  { encoded }: ParsedToken,
  { key, algorithms }: VerificationKey,
): void {
  try {
    jwt.verify(encoded, {
      // A KeyObject, which costs a fortieth of what text does; the declared type is older than the feature.
      publicKey: key as unknown as Buffer,
      algorithms: algorithms as Algorithm[],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  } catch (error) {
    throw new InvalidTokenError('Signature verification failed', error);
  }
}
