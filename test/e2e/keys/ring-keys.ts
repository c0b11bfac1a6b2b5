import { sign as signBytes } from 'node:crypto';
import type {
  Algorithm,
  JwtExtendedOptions,
  KeyInput,
  KeyRingOptions,
} from '../../../src/index.js';
import { NOW, segment } from '../../support/forge.js';
import { published } from '../../support/jwks-server.js';
import { ed25519Pair } from '../../support/keys.js';
import { claimsAtNow, forgeAs, keysOf, refusalOf, startTokens } from '../../support/tokens.js';

/** A key for a ring and for a key set, and tokens that are signed with it without this library. */
export interface RingKey {
  readonly kid: string;
  /** With the private key. */
  readonly signing: KeyInput;
  /** With the public key only, if it is a pair. */
  readonly verifying: KeyInput;
  jwk(members?: Readonly<Record<string, unknown>>): object;
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): string;
}

/** A key with an id. Another name makes another key, even with the same id. */
export function ringKey(kid: string, algorithm: Algorithm, name = kid): RingKey {
  const { signing: privateKey, verifying: publicKey } = keyObjectsOf(algorithm, name);
  const bound = { kid, algorithm };
  const isSecret = privateKey.type === 'secret';
  return {
    kid,
    signing: isSecret ? { ...bound, secret: privateKey } : { ...bound, privateKey, publicKey },
    verifying: isSecret ? { ...bound, secret: publicKey } : { ...bound, publicKey },
    jwk: (members) => published(publicKey, { kid, ...members }),
    token: (claims, header) => {
      const whole = { alg: algorithm, typ: 'JWT', kid, ...header };
      if (algorithm !== 'EdDSA') {
        return forgeAs(algorithm, claimsAtNow(claims), { header: whole, key: privateKey });
      }
      const input = `${segment(whole)}.${segment(claimsAtNow(claims))}`;
      return `${input}.${signBytes(null, Buffer.from(input), privateKey).toString('base64url')}`;
    },
  };
}

/** The options of a module with a ring, without the default secret of test applications. */
export function ringOptions(keys: KeyRingOptions): JwtExtendedOptions {
  return { secret: undefined, keys };
}

/** Seconds after `NOW`, as a date. */
export function after(seconds: number): Date {
  return new Date((NOW + seconds) * 1000);
}

/** The error of an application that does not start because of its options. */
export function mistakeIn(options: unknown): Promise<{ name: string; message: string }> {
  const given = { secret: undefined, ...(options as JwtExtendedOptions) };
  return refusalOf(startTokens(given)).then(({ name, message }) => ({ name, message }));
}

export function configMistake(message: string) {
  return { name: 'JwtExtendedConfigError', message };
}

function keyObjectsOf(algorithm: Algorithm, name: string) {
  if (algorithm !== 'EdDSA') return keysOf(algorithm, name);
  const { privateKey, publicKey } = ed25519Pair(name);
  return { signing: privateKey, verifying: publicKey };
}
