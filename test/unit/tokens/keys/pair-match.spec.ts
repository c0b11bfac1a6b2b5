import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { isKeyPair } from '../../../../src/keys/key-pair.js';
import { ecPair, ed25519Pair, rsaPair } from '../../../support/keys.js';

describe('Two halves', () => {
  it('match if the one verifies what the other signs', () => {
    const { privateKey, publicKey } = rsaPair();

    expect(isKeyPair(privateKey, publicKey, 'RS256')).toBe(true);
    expect(isKeyPair(privateKey, publicKey, 'PS512')).toBe(true);
    expect(isKeyPair(privateKey, rsaPair('second').publicKey, 'PS512')).toBe(false);
    expect(isKeyPair(ecPair().privateKey, ecPair('P-256', 'second').publicKey, 'ES256')).toBe(
      false,
    );
    expect(isKeyPair(ed25519Pair().privateKey, ed25519Pair().publicKey, 'EdDSA')).toBe(true);
    expect(isKeyPair(ed25519Pair().privateKey, ed25519Pair('second').publicKey, 'EdDSA')).toBe(
      false,
    );
  });

  it('do not match if the private one cannot even sign', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 512 });

    expect(isKeyPair(privateKey, publicKey, 'PS512')).toBe(false);
  });
});
