import { describe, expect, it } from '@jest/globals';
import {
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { Algorithm } from '../../../../src/options/key-options.js';
import { importPrivateKey, importPublicKey } from '../../../../src/keys/key-pair.js';
import { requireStrongPair } from '../../../../src/keys/key-pair-strength.js';
import {
  NODE_TAKES_SMALL_ORDER,
  ecPair,
  ed25519Pair,
  rsaPair,
  rsaPssPair,
  shortRsaPair,
  type KeyPair,
} from '../../../support/keys.js';
import { mistakeOf } from './mistake.js';

const expectRefusal = (
  { privateKey, publicKey }: KeyPair,
  algorithms: Algorithm[],
  said: string,
) => {
  expect(mistakeOf(() => importPrivateKey(privateKey, algorithms, 'privateKey'))).toContain(said);
  expect(mistakeOf(() => importPublicKey(publicKey, algorithms, 'publicKey'))).toContain(said);
};
const expectAccepted = ({ privateKey, publicKey }: KeyPair, algorithms: Algorithm[]) => {
  expect(importPrivateKey(privateKey, algorithms, 'privateKey')).toBe(privateKey);
  expect(importPublicKey(publicKey, algorithms, 'publicKey')).toBe(publicKey);
};

describe('An RSA pair', () => {
  it('serves RS and PS algorithms alike (R16)', () => {
    expectAccepted(rsaPair(), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
  });

  it('below 2048 bits neither signs nor verifies (R16)', () => {
    expectRefusal(
      shortRsaPair(),
      ['RS256'],
      'is an RSA key of 1024 bits; RS256 needs at least 2048',
    );
    expectRefusal(
      shortRsaPair(),
      ['PS256'],
      'is an RSA key of 1024 bits; PS256 needs at least 2048',
    );
  });

  it.each([
    ['1', 'AQ', false],
    ['2', 'Ag', false],
    ['65536', 'AQAA', false],
    ['3', 'Aw', true],
  ])('with the public exponent %s is judged by it (R16)', (_, e, isFine) => {
    const jwk = { ...rsaPair().publicKey.export({ format: 'jwk' }), e };
    const act = () => importPublicKey(jwk, ['RS256'], 'publicKey');

    if (isFine) expect(act().type).toBe('public');
    else expect(mistakeOf(act)).toContain('whose public exponent is even or below 3');
  });

  it('bound to PSS does not serve RS algorithms (R16)', () => {
    expectRefusal(
      rsaPssPair(),
      ['RS256'],
      'is an RSA-PSS key; RS256 needs an RSA key that is not bound to PSS',
    );
    expectRefusal(
      rsaPssPair('sha256'),
      ['PS256', 'RS256'],
      'RS256 needs an RSA key that is not bound to PSS',
    );
  });

  it('bound to PSS serves the algorithm with its parameters (R16)', () => {
    expectAccepted(rsaPssPair(), ['PS256', 'PS384']);
    expectAccepted(rsaPssPair('sha256'), ['PS256']);
    expectRefusal(rsaPssPair('sha256'), ['PS384'], 'is an RSA-PSS key bound to other parameters');
    expectRefusal(rsaPssPair('sha384'), ['PS256'], 'is an RSA-PSS key bound to other parameters');
    expectRefusal(rsaPssPair('sha256', 64), ['PS256'], 'PS256 needs sha256 and its salt');
  });

  it('bound to another hash for the mask is refused (R16)', () => {
    const options = { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha1' };
    const pair = generateKeyPairSync('rsa-pss', options as never) as unknown as KeyPair;

    expectRefusal(pair, ['PS256'], 'is an RSA-PSS key bound to other parameters');
  });
});

describe('An RSA modulus', () => {
  /** 65537 to some power modulo the product of the first odd primes, as the flawed chips made it. */
  const flawed = (bits: number): bigint => {
    const primes = Array.from({ length: 167 }, (_, n) => BigInt(n)).filter(
      (n) => n > 2n && [2n, 3n, 5n, 7n, 11n].every((p) => n === p || n % p !== 0n),
    );
    const product = primes.reduce((all, prime) => all * prime, 167n);
    let power = 1n;
    for (let steps = randomBytes(2).readUInt16BE(); steps >= 0; steps--) {
      power = (power * 65537n) % product;
    }
    const multiple = (2n ** BigInt(bits - 1) / product + 1n) * product;
    return multiple % 2n === power % 2n ? multiple + power + product : multiple + power;
  };
  const publicKeyOf = (modulus: bigint) => {
    const n = Buffer.from(modulus.toString(16), 'hex').toString('base64url');
    return { kty: 'RSA', n, e: 'AQAB' };
  };

  it.each([2048, 3072, 4096])('of the flawed kind is refused at %i bits too (R16)', (bits) => {
    const modulus = flawed(bits);
    const act = (n: bigint) => importPublicKey(publicKeyOf(n), ['RS256'], 'publicKey');

    expect(mistakeOf(() => act(modulus), publicKeyOf(modulus).n)).toBe(
      'publicKey is an RSA key whose factors can be found (ROCA, CVE-2017-15361); RS256 needs another one',
    );
    // The same number plus two has other remainders.
    expect(act(modulus + 2n).asymmetricKeyDetails?.modulusLength).toBe(bits);
  });
});

describe('An Ed25519 pair', () => {
  it('serves EdDSA and no other algorithm (R16)', () => {
    expectAccepted(ed25519Pair(), ['EdDSA']);
    expectRefusal(ed25519Pair(), ['RS256'], 'is an Ed25519 key; RS256 needs an RSA key');
    expectRefusal(ed25519Pair(), ['ES256'], 'is an Ed25519 key; ES256 needs an EC key');
    expectRefusal(ed25519Pair(), ['HS256'], 'is an Ed25519 key; HS256 needs a secret');
  });

  it('is the only kind that serves EdDSA (R16)', () => {
    expectRefusal(rsaPair(), ['EdDSA'], 'is an RSA key; EdDSA needs an Ed25519 key');
    expectRefusal(ecPair(), ['EdDSA'], 'is an EC key; EdDSA needs an Ed25519 key');
    expectRefusal(
      generateKeyPairSync('ed448'),
      ['EdDSA'],
      'is an Ed448 key, for which no algorithm is supported; EdDSA needs an Ed25519 key',
    );
    expectRefusal(
      generateKeyPairSync('x25519'),
      ['EdDSA'],
      'is an X25519 key, which agrees on secrets and signs nothing; EdDSA needs an Ed25519 key',
    );
  });

  const zeros = '00'.repeat(30);
  const ones = 'ff'.repeat(30);
  const points = [
    ['zero', `01${zeros}00`],
    ['zero, written as p + 1', `ee${ones}7f`],
    ['order 2', `ec${ones}7f`],
    ['order 4', `00${zeros}00`],
    ['order 4, written as p', `ed${ones}7f`],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['another order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
  ] as const;
  it.each(points)('is refused as a point of %s, under which anybody signs (R16)', (_, hex) => {
    for (const sign of [0x00, 0x80]) {
      const point = Buffer.from(hex, 'hex');
      point[31] = (point[31] as number) | sign;
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
      const messages = Array.from({ length: 400 }, (__, index) => Buffer.from(`message ${index}`));

      const isForgeable = messages.some((message) => verify(null, message, key, forged));
      expect(isForgeable).toBe(NODE_TAKES_SMALL_ORDER);
      for (const form of [jwk, key, key.export({ format: 'pem', type: 'spki' })]) {
        expect(mistakeOf(() => importPublicKey(form, ['EdDSA'], 'publicKey'))).toBe(
          'publicKey is an Ed25519 key of small order, under which anybody can sign; EdDSA needs a generated one',
        );
      }
    }
  });
});

describe('An EC pair', () => {
  it.each([
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
  ] as const)('on %s serves %s and no other algorithm (R16)', (curve, algorithm) => {
    expectAccepted(ecPair(curve), [algorithm]);
    const others = (['ES256', 'ES384', 'ES512'] as const).filter((other) => other !== algorithm);
    for (const other of others) expectRefusal(ecPair(curve), [other], `${other} needs one on`);
  });

  it('on secp256k1 is refused (R16)', () => {
    expectRefusal(
      ecPair('secp256k1'),
      ['ES256'],
      'is an EC key on secp256k1; ES256 needs one on prime256v1',
    );
  });

  it('on a curve without a name is refused (R16)', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });

    expect(
      mistakeOf(() => requireStrongPair(nameless(pair.publicKey), ['ES256'], 'publicKey')),
    ).toContain('an EC key on a curve without a name');
  });

  it('does not serve RSA or HMAC algorithms, nor RSA the others (R16)', () => {
    expectRefusal(ecPair(), ['RS256'], 'is an EC key; RS256 needs an RSA key');
    expectRefusal(ecPair(), ['HS256'], 'is an EC key; HS256 needs a secret');
    expectRefusal(rsaPair(), ['ES256'], 'is an RSA key; ES256 needs an EC key on prime256v1');
    expectRefusal(rsaPssPair(), ['HS256'], 'is an RSA-PSS key; HS256 needs a secret');
  });
});

describe('A pair of any other kind', () => {
  it.each([
    ['a DSA key', generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })],
    ['a Diffie-Hellman key', generateKeyPairSync('dh' as 'x448', { group: 'modp14' } as object)],
    ['an X25519 key', generateKeyPairSync('x25519')],
    ['an X448 key', generateKeyPairSync('x448')],
    ['an Ed448 key', generateKeyPairSync('ed448')],
  ] as const)('is refused as %s (R16)', (kind, pair) => {
    expectRefusal(pair, ['RS256'], `is ${kind}, `);
    expectRefusal(pair, ['ES256'], `is ${kind}, `);
    const { publicKey } = pair as KeyPair;
    const pem = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));
    expect(mistakeOf(() => importPublicKey(pem, ['PS256'], 'publicKey'))).toContain(`is ${kind}, `);
  });

  it('is refused even if Node knows kinds that we do not (R16)', () => {
    const unheardOf = { asymmetricKeyType: 'ml-dsa-44' } as unknown as KeyObject;
    const typeless = {} as KeyObject;

    expect(mistakeOf(() => requireStrongPair(unheardOf, ['RS256'], 'publicKey'))).toContain(
      'a key of unknown kind',
    );
    expect(mistakeOf(() => requireStrongPair(typeless, ['ES256'], 'publicKey'))).toContain(
      'a key of unknown kind',
    );
  });

  it('is refused if its numbers cannot be told (R16)', () => {
    const rsa = { asymmetricKeyType: 'rsa' } as KeyObject;
    const ec = { asymmetricKeyType: 'ec' } as KeyObject;

    expect(mistakeOf(() => requireStrongPair(rsa, ['RS256'], 'publicKey'))).toContain(
      'an RSA key of 0 bits',
    );
    expect(mistakeOf(() => requireStrongPair(ec, ['ES256'], 'publicKey'))).toContain(
      'a curve without a name',
    );
  });
});

/** OpenSSL recognizes explicit parameters of a known curve; other ones it does not name. */
function nameless(key: KeyObject): KeyObject {
  return { asymmetricKeyType: key.asymmetricKeyType, asymmetricKeyDetails: {} } as KeyObject;
}
