import { JwtService } from '@nestjs/jwt';
import type { KeyObject } from 'node:crypto';
import type { Awaitable } from '../contracts/awaitable.js';
import type { TokenHeader } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { loadJose } from '../keys/remote-jwks.js';
import type { SigningKey, VerificationKey } from '../keys/ring-key.js';
import type { Algorithm } from '../options/key-options.js';
import type { ParsedToken } from './compact-jws.js';

/** EdDSA (RFC 8037 section 3.1), which the library under `JwtService` does not have. */
export async function signEdDsa(
  claims: object,
  header: TokenHeader,
  key: KeyObject,
): Promise<string> {
  const { CompactSign } = await loadJose();
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key);
}

/** @throws Error - when the signature is not the key's */
export async function verifyEdDsa(
  encoded: string,
  { key, algorithms }: { readonly key: KeyObject; readonly algorithms: readonly Algorithm[] },
): Promise<void> {
  const { compactVerify } = await loadJose();
  await compactVerify(encoded, key, { algorithms: [...algorithms] });
}

/** Its own, and unconfigured: whatever key or option the application gave its `JwtService` stays there. */
const signer = new JwtService({});

/**
 * Signs claims as they are (RFC 7515 section 5.1), whatever they say. The library underneath is given their text: to an
 * object it would add an `iat`, and it would take a claim that is called `constructor` for a mistake.
 */
export function sign(
  claims: object,
  headers: object,
  { key, algorithm, kid }: SigningKey,
): Awaitable<string> {
  const header = { alg: algorithm, typ: 'JWT', ...(kid !== undefined && { kid }), ...headers };
  return algorithm === 'EdDSA'
    ? signEdDsa(claims, header, key)
    : signer.sign(Buffer.from(JSON.stringify(claims)), { privateKey: key, algorithm, header });
}

/**
 * Verifies the signature and nothing else: the libraries' own claim checks are off, since ours are stricter. Whatever
 * they throw at hostile input, `TypeError` and `RangeError` included, is the same refusal.
 */
export function verifySignature(token: ParsedToken, key: VerificationKey): Awaitable<void> {
  if (token.header.alg === 'EdDSA') return verifyEdDsa(token.encoded, key).catch(refuse);
  try {
    verifierOf(key).verify(token.encoded);
  } catch (error) {
    refuse(error);
  }
}

function refuse(error: unknown): never {
  throw new InvalidTokenError('Signature verification failed', error);
}

interface Verifier {
  readonly algorithms: readonly Algorithm[];
  readonly jwt: JwtService;
}

/** One for each key: what it verifies with is settled once, and not spread out again for every token. */
const verifiers = new WeakMap<KeyObject, Verifier>();

function verifierOf({ key, algorithms }: VerificationKey): JwtService {
  const known = verifiers.get(key);
  if (known?.algorithms === algorithms) return known.jwt;
  const verifyOptions = {
    algorithms: algorithms as Exclude<Algorithm, 'EdDSA'>[],
    ignoreExpiration: true,
    ignoreNotBefore: true,
  };
  const jwt = new JwtService({ publicKey: key, verifyOptions });
  verifiers.set(key, { algorithms, jwt });
  return jwt;
}
