import { describe, expect, it } from '@jest/globals';
import type { ConfiguredKeys } from '../../../src/keys/configure-keys.js';
import { KeyRing, RingContents } from '../../../src/keys/key-ring.js';
import { LoadedKeys } from '../../../src/keys/loaded-keys.js';
import { RingKey } from '../../../src/keys/ring-key.js';
import { LoaderCalls } from '../../../src/tokens/loaders.js';
import { parseToken } from '../../../src/tokens/compact-jws.js';
import { TokenKeys } from '../../../src/tokens/token-keys.js';
import { forgeToken, SECRET } from '../../support/forge.js';
import { rejectionOf } from '../../support/tokens.js';

const KEYLESS: ConfiguredKeys = {
  algorithm: 'HS256',
  algorithms: Object.freeze(['HS256'] as const),
  signingKey: undefined,
  verificationKey: undefined,
};

const NOW = new Date();

/** A ring that has an algorithm, and no key. */
const RING = new KeyRing(new RingContents(new RingKey(KEYLESS)), {
  maxTokenLifetime: undefined,
  clock: () => NOW,
});

describe('A ring without keys', () => {
  const keys = new TokenKeys(RING, new LoadedKeys(), new LoaderCalls({}, 50));

  it('verifies nothing, not even a token signed with an empty key (R4)', async () => {
    const parsed = parseToken(forgeToken({}, undefined, ''), 8192);

    expect(await rejectionOf((async () => keys.forVerifying(parsed, NOW, {}))())).toMatchObject({
      code: 'TOKEN_INVALID',
      message: 'Signature verification failed',
    });
  });

  it('signs nothing', async () => {
    expect(await rejectionOf(keys.forSigning('alice', {}))).toMatchObject({
      name: 'TokenCreationError',
    });
  });
});

describe('Keys of loaders', () => {
  it('come with the algorithms of the options, and no others (R2)', async () => {
    const loaders = new LoaderCalls({ decodeKey: () => SECRET }, 50);
    const keys = new TokenKeys(RING, new LoadedKeys(), loaders);

    const { key, algorithms } = await keys.forVerifying(
      parseToken(forgeToken({}, { alg: 'HS512' }), 8192),
      NOW,
      {},
    );

    expect(key.type).toBe('secret');
    expect(algorithms).toBe(keys.algorithms);
    expect(algorithms).toEqual(KEYLESS.algorithms);
  });

  it('can come with a key id', async () => {
    const loaders = new LoaderCalls({ encodeKey: () => ({ key: SECRET, kid: 'k1' }) }, 50);
    const keys = new TokenKeys(RING, new LoadedKeys(), loaders);

    expect(await keys.forSigning('alice', {})).toMatchObject({ algorithm: 'HS256', kid: 'k1' });
  });
});
