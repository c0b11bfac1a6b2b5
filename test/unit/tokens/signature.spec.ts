import { describe, expect, it } from '@jest/globals';
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../src/options/key-options.js';
import { parseToken } from '../../../src/tokens/compact-jws.js';
import { sign, verifySignature } from '../../../src/tokens/signature.js';
import { ed25519Pair, rsaPair } from '../../support/keys.js';
import {
  ALGORITHMS,
  claimsOf,
  forgeAs,
  headerOf,
  keysOf,
  rejectionOf,
  withSignature,
} from '../../support/tokens.js';

const EVERY: readonly Algorithm[] = [...ALGORITHMS, 'EdDSA'];
const halvesOf = (algorithm: Algorithm) => {
  if (algorithm !== 'EdDSA') return keysOf(algorithm);
  const { privateKey: signing, publicKey: verifying } = ed25519Pair();
  return { signing, verifying };
};

const verified = async (encoded: string, key: KeyObject, ...algorithms: readonly Algorithm[]) => {
  await verifySignature(parseToken(encoded, 8192), { key, algorithms });
  return 'verified';
};
const refused = async (encoded: string, key: KeyObject, ...algorithms: readonly Algorithm[]) => {
  const error = await rejectionOf(verified(encoded, key, ...algorithms));
  expect(error).toMatchObject({
    name: 'InvalidTokenError',
    message: 'Signature verification failed',
    cause: expect.anything(),
  });
};

describe.each(EVERY)('A signature of %s', (algorithm) => {
  const { signing: key, verifying } = halvesOf(algorithm);

  it('is made under its name, and verified under no other (R2)', async () => {
    const encoded = await sign({ sub: 'alice' }, {}, { key, algorithm });

    expect(headerOf(encoded)).toEqual({ alg: algorithm, typ: 'JWT' });
    expect(await verified(encoded, verifying, algorithm)).toBe('verified');
    for (const other of EVERY.filter((name) => name !== algorithm)) {
      await refused(encoded, verifying, other);
    }
    expect(await verified(encoded, verifying, algorithm)).toBe('verified');
  });

  it('covers the claims as they are, nothing added and nothing left out (F27)', async () => {
    const claims = { sub: 'ä', exp: 1, nbf: 'x', roles: ['a'], empty: null, toString: 1 };

    const encoded = await sign(claims, { region: 'eu' }, { key, algorithm, kid: 'k' });

    expect(headerOf(encoded)).toEqual({ alg: algorithm, typ: 'JWT', kid: 'k', region: 'eu' });
    expect(claimsOf(encoded)).toEqual(claims);
    // That it has expired is for later checks to say.
    expect(await verified(encoded, verifying, algorithm)).toBe('verified');
  });

  it('is refused in one way, whatever is wrong with it (R14)', async () => {
    const encoded = await sign({ sub: 'alice' }, {}, { key, algorithm });

    for (const length of [0, 1, 31]) {
      await refused(
        withSignature(encoded, (bytes) => bytes.subarray(0, length)),
        verifying,
        algorithm,
      );
    }
    await refused(
      withSignature(encoded, (bytes) => Buffer.alloc(bytes.length)),
      verifying,
      algorithm,
    );
    await refused(
      withSignature(encoded, (bytes) => Buffer.concat([bytes, bytes])),
      verifying,
      algorithm,
    );
  });
});

describe('A key', () => {
  const { privateKey, publicKey } = rsaPair();

  it('of several algorithms verifies under each of them, as long as it is told so', async () => {
    const ps256 = forgeAs('PS256', { sub: 'alice' }, { key: privateKey });
    const rs256 = forgeAs('RS256', { sub: 'alice' }, { key: privateKey });

    expect(await verified(rs256, publicKey, 'RS256', 'PS256')).toBe('verified');
    expect(await verified(ps256, publicKey, 'RS256', 'PS256')).toBe('verified');
    await refused(ps256, publicKey, 'RS256');
    expect(await verified(ps256, publicKey, 'PS256')).toBe('verified');
    await refused(rs256, publicKey, 'PS256');
  });

  it.each(['HS256', 'ES256', 'EdDSA'] as const)(
    'of the wrong kind is a refusal, and nothing worse: %s',
    async (algorithm) => {
      const { signing } = halvesOf(algorithm);
      const encoded = await sign({ sub: 'alice' }, {}, { key: signing, algorithm });

      await refused(encoded, publicKey, algorithm);
      await refused(encoded, createSecretKey(Buffer.alloc(64, 1)), algorithm);
    },
  );
});
