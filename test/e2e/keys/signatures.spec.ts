import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Clock } from '../../support/forge.js';
import { NODE_TAKES_SMALL_ORDER } from '../../support/keys.js';
import {
  attackedKeys,
  describeAttacks,
  describeAttacksOverHttp,
  EVERY_ALGORITHM,
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

/** Attacks that need to know how the algorithm works, by the first letters of its name. */
const OWN_ATTACKS = {
  HS: hmacAttacks,
  RS: rsaPkcs1Attacks,
  PS: rsaPssAttacks,
  ES: ecdsaAttacks,
  Ed: eddsaAttacks,
};

for (const algorithm of EVERY_ALGORITHM) {
  const { options } = attackedKeys(algorithm);
  const ownAttacks = OWN_ATTACKS[algorithm.slice(0, 2) as keyof typeof OWN_ATTACKS];
  const attacks = [
    ...signatureAttacks(algorithm),
    ...confusionAttacks(algorithm),
    ...ownAttacks(algorithm as never),
  ];
  describeAttacks(`A module that verifies ${algorithm}`, options, attacks);
  if (ONE_OF_EACH_KIND.includes(algorithm)) {
    describeAttacksOverHttp(`A route under ${algorithm}`, options, attacks);
  }
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

  it.each(Object.entries(oddSignatures(algorithm)))(
    'is accepted although %s',
    async (_, signature) => {
      const { tokens } = await startTokens({ ...attackedKeys(algorithm).options, clock });

      expect(await verdictOn(tokens, joined(input, signature()))).toBe(ACCEPTED);
    },
  );

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

    for (const verdict of [ACCEPTED, REFUSED, ACCEPTED]) {
      expect(await verdictOn(tokens, token)).toBe(verdict);
    }
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

    const unavailable = '503 CHECK_UNAVAILABLE: Token could not be checked';
    expect(await verdictOn(tokens, forged)).toBe(unavailable);
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
