import { JwtService } from '@nestjs/jwt';
import {
  constants,
  createHmac,
  type KeyObject,
  sign as signBytes,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { TokenHeader } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { traitsOf } from '../keys/algorithms.js';
import type { SigningKey, VerificationKey } from '../keys/ring-key.js';
import type { Algorithm } from '../options/key-options.js';
import type { ParsedToken } from './compact-jws.js';

/** This library's own, without options: the application's `JwtService` keeps its keys and options to itself. */
const signer = new JwtService({});

/** The header of a new token. */
export function headerFor({ algorithm, kid }: SigningKey, additional: object = {}): TokenHeader {
  return { alg: algorithm, typ: 'JWT', ...(kid !== undefined && { kid }), ...additional };
}

/**
 * Signs claims exactly as given (RFC 7515 section 5.1). `JwtService` gets them as bytes, because it would add an `iat`
 * to an object, and would reject an object that has a claim called `constructor`.
 */
export function sign(claims: object, header: TokenHeader, { key, algorithm }: SigningKey): string {
  const payload = Buffer.from(JSON.stringify(claims));
  if (algorithm !== 'EdDSA') return signer.sign(payload, { privateKey: key, algorithm, header });
  // The library under `JwtService` lacks EdDSA (RFC 8037 section 3.1).
  const headerText = Buffer.from(JSON.stringify(header)).toString('base64url');
  const input = `${headerText}.${payload.toString('base64url')}`;
  return `${input}.${signBytes(null, Buffer.from(input), key).toString('base64url')}`;
}

/**
 * Verifies the signature and nothing else (RFC 7515 section 5.2). A signature that does not fit, a key of another kind
 * and any error of `node:crypto` give the same error.
 *
 * @throws InvalidTokenError
 */
export function verifySignature(
  { encoded, header }: ParsedToken,
  { key, algorithms, isGuess }: VerificationKey,
): void {
  const algorithm = algorithms.find((allowed) => allowed === header.alg);
  const end = encoded.lastIndexOf('.');
  const signature = Buffer.from(encoded.slice(end + 1), 'base64url');
  const input = encoded.slice(0, end);
  let cause: unknown;
  try {
    if (algorithm && isSignature(signature, input, key, algorithm)) return;
  } catch (error) {
    cause = error;
  }
  throw new InvalidTokenError(
    isGuess ? 'Token has no kid' : 'Signature verification failed',
    cause,
  );
}

/** RFC 7518 sections 3.3 and 3.5: the salt of PSS is exactly as long as the hash. */
const PADDINGS = {
  PKCS1: { padding: constants.RSA_PKCS1_PADDING },
  PSS: {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  },
};

/**
 * Each case checks the kind of the key first: `node:crypto` would otherwise verify with what the key can do, an RSA
 * signature under the name ES256 for instance.
 */
function isSignature(
  signature: Buffer,
  text: string,
  key: KeyObject,
  algorithm: Algorithm,
): boolean {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  const traits = traitsOf(algorithm);
  const input = () => Buffer.from(text, 'latin1');
  switch (traits.family) {
    case 'HMAC': {
      const expected = createHmac(traits.hash, key).update(text).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    }
    case 'RSA': {
      const isRsa = kind === 'rsa' || kind === 'rsa-pss';
      return isRsa && verify(traits.hash, input(), { key, ...PADDINGS[traits.padding] }, signature);
    }
    case 'EC': {
      const isOnCurve = details?.namedCurve === traits.curve;
      return (
        isOnCurve && verify(traits.hash, input(), { key, dsaEncoding: 'ieee-p1363' }, signature)
      );
    }
    case 'EdDSA':
      return kind === 'ed25519' && verify(traits.hash, input(), key, signature);
  }
}
