import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Algorithm } from '../../../src/index.js';
import { Clock } from '../../support/forge.js';
import { NODE_TAKES_SMALL_ORDER } from '../../support/keys.js';
import {
  attackedKeys,
  describeAttacks,
  describeAttacksOverHttp,
  EVERY_ALGORITHM,
  type Family,
  inputOf,
  joined,
  ONE_OF_EACH_KIND,
  signedToken,
  verdictOn,
} from '../../support/mutations.js';
import { startTokens } from '../../support/tokens.js';
import {
  confusionAttacks,
  exchangedAttacks,
  HMACS,
  RING,
  RING_ATTACKS,
  RSAS,
} from './attacks/algorithm-confusion.js';
import { signatureAttacks } from './attacks/any-signature.js';
import { ecdsaAttacks, extremeSignatures, oddSignatures } from './attacks/ecdsa.js';
import { eddsaAttacks } from './attacks/eddsa.js';
import { hmacAttacks } from './attacks/hmac.js';
import { rsaPkcs1Attacks } from './attacks/rsa-pkcs1.js';
import { rsaPssAttacks } from './attacks/rsa-pss.js';

const clock = new Clock().now;
const ACCEPTED = 'let in as alice';
const REFUSED = '422 TOKEN_INVALID: Signature verification failed';

/** Attacks that need to know how the algorithm works. */
const OWN_ATTACKS: Readonly<Record<Algorithm, () => readonly Family[]>> = {
  HS256: () => hmacAttacks('HS256'),
  HS384: () => hmacAttacks('HS384'),
  HS512: () => hmacAttacks('HS512'),
  RS256: () => rsaPkcs1Attacks('RS256'),
  RS384: () => rsaPkcs1Attacks('RS384'),
  RS512: () => rsaPkcs1Attacks('RS512'),
  PS256: () => rsaPssAttacks('PS256'),
  PS384: () => rsaPssAttacks('PS384'),
  PS512: () => rsaPssAttacks('PS512'),
  ES256: () => ecdsaAttacks('ES256'),
  ES384: () => ecdsaAttacks('ES384'),
  ES512: () => ecdsaAttacks('ES512'),
  EdDSA: () => eddsaAttacks(),
};

const attacksOn = (algorithm: Algorithm) => [
  ...signatureAttacks(algorithm),
  ...confusionAttacks(algorithm),
  ...OWN_ATTACKS[algorithm](),
];

for (const algorithm of EVERY_ALGORITHM) {
  const { options } = attackedKeys(algorithm);
  describeAttacks(`A module that verifies ${algorithm}`, options, attacksOn(algorithm));
}

for (const algorithm of ONE_OF_EACH_KIND) {
  const { options } = attackedKeys(algorithm);
  describeAttacksOverHttp(`A route under ${algorithm}`, options, attacksOn(algorithm));
}

describeAttacks(
  'A module that verifies every RSA algorithm',
  { ...attackedKeys('RS256').options, decodeAlgorithms: [...RSAS] },
  exchangedAttacks(RSAS),
);
describeAttacks(
  'A module that verifies every HMAC algorithm',
  { ...attackedKeys('HS256').options, decodeAlgorithms: [...HMACS] },
  exchangedAttacks(HMACS),
);

describeAttacks('A module whose keys have different algorithms', RING, RING_ATTACKS);
describeAttacksOverHttp(
  'A route of a module whose keys have different algorithms',
  RING,
  RING_ATTACKS,
);

describe.each(['ES256', 'ES384', 'ES512'] as const)('A valid signature of %s', (algorithm) => {
  const input = inputOf(algorithm);

  it.each(oddSignatures(algorithm))('is accepted although %s', async (_, signature) => {
    const { tokens } = await startTokens({ ...attackedKeys(algorithm).options, clock });

    expect(await verdictOn(tokens, joined(input, signature()))).toBe(ACCEPTED);
  });

  it.each(extremeSignatures(algorithm))(
    'is accepted although s is $what',
    async ({ options, valid, invalid }) => {
      const { tokens } = await startTokens({ ...options, clock });

      expect(await verdictOn(tokens, joined(input, valid))).toBe(ACCEPTED);
      expect(await verdictOn(tokens, joined(input, invalid))).toBe(REFUSED);
    },
  );
});

describe.each(ONE_OF_EACH_KIND)('A token of %s that was accepted', (algorithm) => {
  it('is refused while a loader returns another key, and accepted again with its own', async () => {
    const keys = ['first', 'other', 'first'].map((name) => attackedKeys(algorithm, name).verifying);
    const loaders = { decodeKey: () => keys.shift() as KeyObject };
    const { tokens } = await startTokens({ secret: undefined, algorithm, loaders, clock });
    const token = signedToken(algorithm);

    const verdicts = [
      await verdictOn(tokens, token),
      await verdictOn(tokens, token),
      await verdictOn(tokens, token),
    ];

    expect(verdicts).toEqual([ACCEPTED, REFUSED, ACCEPTED]);
  });
});

describe('An Ed25519 key of small order, under which zeros sign one text of a few', () => {
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).toString('base64url') },
    format: 'jwk',
  });

  it('is refused at start (R16)', async () => {
    const options = { secret: undefined, publicKey, algorithm: 'EdDSA' } as const;

    await expect(startTokens(options)).rejects.toThrow(
      'publicKey is an Ed25519 key of small order, which accepts forged signatures',
    );
  });

  it('verifies nothing if a loader returns it (R16)', async () => {
    const forged = forgedUnder(publicKey);
    let given: KeyObject = publicKey;
    const loaders = { decodeKey: () => given };
    const options = { secret: undefined, algorithm: 'EdDSA', loaders, clock } as const;
    const { tokens } = await startTokens(options);

    expect(await verdictOn(tokens, forged)).toBe(
      '503 CHECK_UNAVAILABLE: Token could not be checked',
    );
    given = attackedKeys('EdDSA').verifying;
    expect(await verdictOn(tokens, signedToken('EdDSA'))).toBe(ACCEPTED);
    expect(await verdictOn(tokens, forged)).toBe(REFUSED);
  });
});

/** The first of some tokens that Node itself verifies; any of them if Node refuses such keys, as version 24 does. */
function forgedUnder(key: KeyObject): string {
  const signature = Buffer.alloc(64);
  const inputs = Array.from({ length: 400 }, (_, attempt) => inputOf('EdDSA', {}, { attempt }));
  const forged = inputs.find((input) => verify(null, Buffer.from(input), key, signature));
  expect(forged !== undefined).toBe(NODE_TAKES_SMALL_ORDER);
  return joined(forged ?? inputOf('EdDSA'), signature);
}
