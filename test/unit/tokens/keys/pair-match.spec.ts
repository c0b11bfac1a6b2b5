import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { halvesMatch } from '../../../../src/keys/key-pair.js';
import { ecPair, ed25519Pair, rsaPair } from '../../../support/keys.js';

describe('Two halves', () => {
  it('match if the one verifies what the other signs', () => {
    const { privateKey, publicKey } = rsaPair();

    expect(halvesMatch(privateKey, publicKey, 'RS256')).toBe(true);
    expect(halvesMatch(privateKey, publicKey, 'PS512')).toBe(true);
    expect(halvesMatch(privateKey, rsaPair('second').publicKey, 'PS512')).toBe(false);
    expect(halvesMatch(ecPair().privateKey, ecPair('P-256', 'second').publicKey, 'ES256')).toBe(
      false,
    );
    expect(halvesMatch(ed25519Pair().privateKey, ed25519Pair().publicKey, 'EdDSA')).toBe(true);
    expect(halvesMatch(ed25519Pair().privateKey, ed25519Pair('second').publicKey, 'EdDSA')).toBe(
      false,
    );
  });

  it('do not match if the private one cannot even sign', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 512 });

    expect(halvesMatch(privateKey, publicKey, 'PS512')).toBe(false);
  });
});
