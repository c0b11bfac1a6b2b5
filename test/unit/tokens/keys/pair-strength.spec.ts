import { describe, expect, it } from '@jest/globals';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../../src/options/token-options.js';
import { importPrivateKey, importPublicKey } from '../../../../src/tokens/keys/import-key-pair.js';
import { requireStrongPair } from '../../../../src/tokens/keys/pair-strength.js';
import { ecPair, rsaPair, rsaPssPair, shortRsaPair, type KeyPair } from '../../../support/keys.js';
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
    ['an Ed25519 key', generateKeyPairSync('ed25519')],
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
