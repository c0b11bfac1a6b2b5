import { expect, it } from '@jest/globals';
import type { JwtExtendedLoaders } from '../../../src/index.js';
import type { ConfiguredKeys } from '../../../src/keys/configure-keys.js';
import { Outages } from '../../../src/events/outages.js';
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

/** Token keys of a ring that has an algorithm, and no key. */
function keysWith(loaders: JwtExtendedLoaders = {}): TokenKeys {
  const clock = () => NOW;
  const contents = new RingContents(new RingKey(KEYLESS));
  const ring = new KeyRing(contents, { maxTokenLifetime: undefined, clock });
  return new TokenKeys(ring, new LoadedKeys(), new LoaderCalls(loaders, 50, new Outages()));
}

it('A ring without keys verifies nothing, not even a token signed with an empty key (R4)', async () => {
  const parsed = parseToken(forgeToken({}, undefined, ''), 8192);

  const verifying = (async () => keysWith().forVerifying(parsed, NOW, {}))();
  expect(await rejectionOf(verifying)).toMatchObject({
    code: 'TOKEN_INVALID',
    message: 'Signature verification failed',
  });
});

it('A key of a loader comes with the algorithms of the options, and no others (R2)', async () => {
  const keys = keysWith({ decodeKey: () => SECRET });
  const parsed = parseToken(forgeToken({}, { alg: 'HS512' }), 8192);

  const { key, algorithms } = await keys.forVerifying(parsed, NOW, {});

  expect(key.type).toBe('secret');
  expect(algorithms).toEqual(KEYLESS.algorithms);
});
