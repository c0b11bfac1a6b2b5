import { describe, expect, it } from '@jest/globals';
import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { InvalidTokenError } from '../../../src/errors/token-errors.js';
import type { Algorithm } from '../../../src/options/key-options.js';
import { parseToken } from '../../../src/tokens/compact-jws.js';
import { headerFor, sign as signClaims, verifySignature } from '../../../src/tokens/signature.js';
import type { SigningKey } from '../../../src/keys/ring-key.js';
import { segment } from '../../support/forge.js';
import { ed25519Pair, rsaPair } from '../../support/keys.js';
import {
  ALGORITHMS,
  type AlgorithmKeys,
  claimsOf,
  forgeAs,
  headerOf,
  keysOf,
  withSignature,
} from '../../support/tokens.js';

const EVERY: readonly Algorithm[] = [...ALGORITHMS, 'EdDSA'];
type Halves = Pick<AlgorithmKeys, 'signing' | 'verifying'>;

const halvesOf = (algorithm: Algorithm, name = 'first'): Halves => {
  if (algorithm !== 'EdDSA') return keysOf(algorithm, name);
  const { privateKey: signing, publicKey: verifying } = ed25519Pair(name);
  return { signing, verifying };
};

/** `undefined` for a good signature; otherwise what the error says. */
const faultOf = (encoded: string, key: KeyObject, ...algorithms: readonly Algorithm[]) => {
  try {
    verifySignature(parseToken(encoded, 8192), { key, algorithms });
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidTokenError);
    return (error as InvalidTokenError).message;
  }
};
const FAILED = 'Signature verification failed';

/** Signs claims under a header with additional parameters. */
const sign = (claims: object, additional: object, key: SigningKey) =>
  signClaims(claims, headerFor(key, additional), key);

describe.each(EVERY)('A signature of %s', (algorithm) => {
  const { signing: key, verifying } = halvesOf(algorithm);

  it('is made under its name, and verified under no other (R2)', () => {
    const encoded = sign({ sub: 'alice' }, {}, { key, algorithm });
    const others = EVERY.filter((name) => name !== algorithm);

    expect(headerOf(encoded)).toEqual({ alg: algorithm, typ: 'JWT' });
    expect(faultOf(encoded, verifying, algorithm)).toBeUndefined();
    expect(faultOf(encoded, verifying, ...EVERY)).toBeUndefined();
    expect(faultOf(encoded, verifying, ...others)).toBe(FAILED);
  });

  it('covers the claims as they are, nothing added and nothing left out (F27)', () => {
    const claims = { sub: 'ä', exp: 1, nbf: 'x', roles: ['a'], empty: null, toString: 1 };

    const encoded = sign(claims, { region: 'eu' }, { key, algorithm, kid: 'k' });

    expect(headerOf(encoded)).toEqual({ alg: algorithm, typ: 'JWT', kid: 'k', region: 'eu' });
    expect(claimsOf(encoded)).toEqual(claims);
    // That the token has expired is reported by a later check.
    expect(faultOf(encoded, verifying, algorithm)).toBeUndefined();
  });

  it.each<[string, (signature: Buffer) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['one byte long', (bytes) => bytes.subarray(0, 1)],
    ['31 bytes long', (bytes) => bytes.subarray(0, 31)],
    ['a byte too short', (bytes) => bytes.subarray(0, -1)],
    ['a byte too long', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['all zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['twice itself', (bytes) => Buffer.concat([bytes, bytes])],
  ])('is refused if it is %s (R14)', (_, change) => {
    const encoded = sign({ sub: 'alice' }, {}, { key, algorithm });

    expect(faultOf(withSignature(encoded, change), verifying, algorithm)).toBe(FAILED);
  });

  it('is refused with the claims of another token, and with another key', () => {
    const encoded = sign({ sub: 'alice' }, {}, { key, algorithm });
    const other = sign({ sub: 'bob' }, {}, { key, algorithm });
    const [header, payload] = other.split('.');

    const grafted = [header, payload, encoded.split('.')[2]].join('.');
    expect(faultOf(grafted, verifying, algorithm)).toBe(FAILED);
    expect(faultOf(encoded, halvesOf(algorithm, 'second').verifying, algorithm)).toBe(FAILED);
  });
});

it('EdDSA gives the same signature every time (RFC 8032 section 5.1.6)', () => {
  const { signing: key } = halvesOf('EdDSA');
  const signed = () => sign({ sub: 'alice' }, {}, { key, algorithm: 'EdDSA' });

  expect(signed()).toBe(signed());
});

describe('A key', () => {
  const { privateKey, publicKey } = rsaPair();

  it.each<[Algorithm, allowed: Algorithm[], fault?: string]>([
    ['RS256', ['RS256', 'PS256']],
    ['PS256', ['RS256', 'PS256']],
    ['PS256', ['PS256']],
    ['PS256', ['RS256'], FAILED],
    ['RS256', ['PS256'], FAILED],
  ])('verifies %s only if the list has it: %j', (...[algorithm, allowed, fault]) => {
    const encoded = forgeAs(algorithm, { sub: 'alice' }, { key: privateKey });

    expect(faultOf(encoded, publicKey, ...allowed)).toBe(fault);
  });

  const KINDS: Readonly<Record<string, Halves>> = {
    'a secret': halvesOf('HS512'),
    'an RSA key': halvesOf('RS256'),
    'an EC key on P-256': halvesOf('ES256'),
    'an EC key on P-384': halvesOf('ES384'),
    'an EC key on P-521': halvesOf('ES512'),
    'an Ed25519 key': halvesOf('EdDSA'),
  };

  /** What `node:crypto` itself signs with the key, whatever the algorithm is called. */
  const signatureBy = (input: string, { signing }: Halves, hash: string | null): Buffer =>
    signing.type === 'secret'
      ? createHmac(hash ?? 'sha256', signing)
          .update(input)
          .digest()
      : signBytes(signing.asymmetricKeyType === 'ed25519' ? null : hash, Buffer.from(input), {
          key: signing,
          dsaEncoding: 'ieee-p1363',
        });

  it.each(
    EVERY.flatMap((algorithm) =>
      Object.entries(KINDS).flatMap(([kind, halves]) =>
        canServe(algorithm, halves) ? [] : [[kind, algorithm, halves] as const],
      ),
    ),
  )('that is %s verifies nothing under %s, its own signatures included', (_, alg, halves) => {
    const input = `${segment({ alg, typ: 'JWT' })}.${segment({ sub: 'alice' })}`;
    const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
    const forged = `${input}.${signatureBy(input, halves, hash).toString('base64url')}`;

    expect(faultOf(forged, halves.verifying, alg)).toBe(FAILED);
    expect(faultOf(signedAs(alg), halves.verifying, alg)).toBe(FAILED);
  });

  it('that is bound to PSS verifies no PKCS1 signature, nor its own under that name', () => {
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    const under = (name: string) =>
      forgeAs('PS256', { sub: 'alice' }, { header: { alg: name }, key: pss.privateKey });

    expect(faultOf(under('PS256'), pss.publicKey, 'PS256')).toBeUndefined();
    expect(faultOf(under('RS256'), pss.publicKey, 'RS256')).toBe(FAILED);
  });
});

function canServe(algorithm: Algorithm, { verifying }: Halves): boolean {
  const { asymmetricKeyType: type = 'oct', asymmetricKeyDetails: details } = verifying;
  const curves = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' } as const;
  switch (algorithm) {
    case 'EdDSA':
      return type === 'ed25519';
    case 'ES256':
    case 'ES384':
    case 'ES512':
      return details?.namedCurve === curves[algorithm];
    default:
      return type === (algorithm.startsWith('HS') ? 'oct' : 'rsa');
  }
}

function signedAs(algorithm: Algorithm): string {
  return sign({ sub: 'alice' }, {}, { key: halvesOf(algorithm).signing, algorithm });
}
