import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm, JwtExtendedOptions } from '../../../../src/index.js';
import { SECRET, segment } from '../../../support/forge.js';
import {
  attackedKeys,
  BAD_ALGORITHM,
  BAD_SIGNATURE,
  byName,
  EVERY_ALGORITHM,
  familiesOf,
  type Family,
  inputOf,
  joined,
  mapped,
  signatureOf,
  signedToken,
} from '../../../support/mutations.js';

export const HMACS = ['HS256', 'HS384', 'HS512'] as const;
export const RSAS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;

/** Signatures of another algorithm than the one that is named or allowed. */
export function confusionAttacks(algorithm: Algorithm): readonly Family[] {
  const others = EVERY_ALGORITHM.filter((name) => name !== algorithm);
  const twin = signedToken(algorithm);
  const input = inputOf(algorithm);
  const noneLast = `{"alg":"${algorithm}","alg":"none"}`;
  const families = [
    ...familiesOf(twin, BAD_ALGORITHM, {
      'a valid token of any other algorithm (R2)': byName(others, (other) => signedToken(other)),
      'its own signature under the name of any other algorithm': byName(others, (other) =>
        signedToken(algorithm, inputOf(other)),
      ),
      'the algorithm none in any spelling (R1)': unsecured(algorithm, twin),
      'a name that is almost the name of the algorithm (R2)': Object.fromEntries(
        nearly(algorithm).map((alg) => [
          JSON.stringify(alg),
          signedToken(algorithm, inputOf(algorithm, { alg })),
        ]),
      ),
    }),
    ...familiesOf(twin, BAD_SIGNATURE, {
      'a signature of any other algorithm under the name of this one': byName(others, (other) =>
        signatureOf(input, other),
      ),
    }),
    ...familiesOf(withHeader(`{"alg":"none","alg":"${algorithm}"}`, algorithm), BAD_ALGORITHM, {
      'a header whose last alg member is none': {
        'and the signature is good': withHeader(noneLast, algorithm),
        'and there is no signature': `${segment(noneLast)}.${input.split('.')[1]}.`,
      },
    }),
    ...familiesOf(twin, 'Algorithm not specified', {
      'a header without an algorithm': {
        'under a good signature': withHeader('{"typ":"JWT"}', algorithm),
        'but in a prototype': withHeader(`{"__proto__":{"alg":"${algorithm}"}}`, algorithm),
        'but under a name in capitals': withHeader(`{"ALG":"${algorithm}"}`, algorithm),
      },
    }),
  ];
  if (algorithm.startsWith('HS')) return families;
  return [
    ...families,
    ...familiesOf(twin, BAD_ALGORITHM, {
      'HMAC with any form of the public key as the secret (R3)': withPublicKeyAsSecret(
        algorithm,
        (hmac) => inputOf(hmac),
      ),
    }),
    ...familiesOf(twin, BAD_SIGNATURE, {
      'HMAC with the public key as the secret, under the name of the algorithm (R3)':
        withPublicKeyAsSecret(algorithm, () => input),
    }),
  ];
}

function unsecured(algorithm: Algorithm, twin: string): Record<string, string> {
  const names = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\0', '', 'null', 'HS0'];
  const tokens = names.flatMap((alg) => {
    const input = inputOf(algorithm, { alg });
    const name = JSON.stringify(alg);
    return [
      [`${name} without a signature`, `${input}.`],
      [`${name} with a good signature`, signedToken(algorithm, input)],
      [`${name} with zeros`, joined(input, Buffer.alloc(32))],
      [`${name} with the signature of a good token`, input + twin.slice(twin.lastIndexOf('.'))],
    ];
  });
  return Object.fromEntries(tokens) as Record<string, string>;
}

function nearly(algorithm: Algorithm): unknown[] {
  return [
    algorithm.toLowerCase(),
    `${algorithm} `,
    ` ${algorithm}`,
    `${algorithm}\0`,
    `${algorithm}\n`,
    algorithm.slice(0, -1),
    algorithm.slice(0, 2),
    `${algorithm}.`,
    `${algorithm},none`,
    algorithm.replace('S', 'Ѕ'),
    'Ed25519',
    'ES256K',
    'RS1',
    'HS1',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    '*',
    null,
    true,
    256,
    [algorithm],
    { name: algorithm },
  ];
}

/** A valid signature of a header with exactly this text. */
function withHeader(header: string, algorithm: Algorithm): string {
  return signedToken(algorithm, `${segment(header)}.${inputOf(algorithm).split('.')[1]}`);
}

/** Every form of a public key that an attacker may use as a secret. */
function formsOf(key: KeyObject): Record<string, KeyObject> {
  const pem = key.export({ format: 'pem', type: 'spki' }) as string;
  const der = key.export({ format: 'der', type: 'spki' });
  const jwk = key.export({ format: 'jwk' });
  const body = pem.split('\n').slice(1, -2);
  const coordinates = [jwk.n, jwk.e, jwk.x, jwk.y].filter((member) => member !== undefined);
  const numbers = coordinates.map((member) => Buffer.from(member as string, 'base64url'));
  const forms: Record<string, string | Buffer> = {
    PEM: pem,
    'PEM without its last line feed': pem.trimEnd(),
    'PEM with two line feeds': `${pem}\n`,
    'PEM with the line ends of Windows': pem.replaceAll('\n', '\r\n'),
    'PEM with escaped line ends': pem.replaceAll('\n', '\\n'),
    'PEM in one line': pem.replaceAll('\n', ''),
    'PEM with spaces for line ends': pem.replaceAll('\n', ' '),
    'PEM in quotes': JSON.stringify(pem),
    'PEM without its armour': body.join('\n'),
    base64: der.toString('base64'),
    base64url: der.toString('base64url'),
    hexadecimal: der.toString('hex'),
    DER: der,
    JWK: JSON.stringify(jwk),
    'JWK, indented': JSON.stringify(jwk, null, 2),
    'JWK Set': JSON.stringify({ keys: [jwk] }),
    'its numbers, as text': coordinates.join(''),
    'its first number': numbers[0] as Buffer,
    'its numbers': Buffer.concat(numbers),
    ...(key.asymmetricKeyType === 'rsa' && {
      'PKCS#1 in PEM': key.export({ format: 'pem', type: 'pkcs1' }) as string,
      'PKCS#1 in DER': key.export({ format: 'der', type: 'pkcs1' }),
    }),
  };
  return mapped(forms, (material) => createSecretKey(Buffer.from(material as string)));
}

function withPublicKeyAsSecret(
  algorithm: Algorithm,
  inputFor: (hmac: Algorithm) => string,
): Record<string, string> {
  const secrets = Object.entries(formsOf(attackedKeys(algorithm).verifying));
  const tokens = HMACS.flatMap((hmac) =>
    secrets.map(([what, secret]) => {
      const input = inputFor(hmac);
      return [`${hmac} with ${what}`, joined(input, signatureOf(input, hmac, secret))];
    }),
  );
  return Object.fromEntries(tokens) as Record<string, string>;
}

/** Signatures of one allowed algorithm under the name of another. */
export function exchangedAttacks(algorithms: readonly Algorithm[]): readonly Family[] {
  return algorithms.flatMap((algorithm) => {
    const others = algorithms.filter((name) => name !== algorithm);
    return familiesOf(signedToken(algorithm), BAD_SIGNATURE, {
      [`the signature of another of them under the name of ${algorithm}`]: byName(others, (other) =>
        signatureOf(inputOf(algorithm), other),
      ),
    });
  });
}

const { privateKey, publicKey } = attackedKeys('RS256').options;
export const RING: JwtExtendedOptions = {
  secret: undefined,
  keys: {
    current: { kid: 'pair', algorithm: 'RS256', privateKey, publicKey },
    others: [
      { kid: 'secret', algorithm: 'HS256', secret: SECRET },
      { kid: 'curve', algorithm: 'ES256', publicKey: attackedKeys('ES256').verifying },
    ],
  },
};

function ofRing(kid: string | undefined, algorithm: Algorithm, key?: KeyObject): string {
  const input = inputOf(algorithm, kid === undefined ? {} : { kid });
  return joined(input, signatureOf(input, algorithm, key));
}

/** HMAC under a key id of the ring, with every form of the public key of an algorithm as the secret. */
function confusedInRing(kid: string | undefined, algorithm: Algorithm): Record<string, string> {
  const secrets = formsOf(attackedKeys(algorithm).verifying);
  return mapped(secrets, (secret) => ofRing(kid, 'HS256', secret));
}

/** Several keys may verify a token without a key id. */
const NAMELESS = 'Token has no kid';

export const RING_ATTACKS: readonly Family[] = [
  ...familiesOf(ofRing('pair', 'RS256'), BAD_ALGORITHM, {
    'the algorithm of one key under the id of another (R3)': {
      'HMAC under the id of the pair': ofRing('pair', 'HS256'),
      'HMAC under the id of the curve': ofRing('curve', 'HS256'),
      'RSA under the id of the secret': ofRing('secret', 'RS256'),
      'RSA under the id of the curve': ofRing('curve', 'RS256'),
      'ECDSA under the id of the pair': ofRing('pair', 'ES256'),
      'ECDSA under the id of the secret': ofRing('secret', 'ES256'),
    },
  }),
  ...familiesOf(ofRing(undefined, 'RS256'), NAMELESS, {
    'the algorithm of one key under no id (R3)': {
      HMAC: ofRing(undefined, 'HS256'),
      ECDSA: ofRing(undefined, 'ES256'),
    },
  }),
  ...(['pair', 'curve', undefined] as const).flatMap((kid) => {
    const algorithm = kid === 'curve' ? 'ES256' : 'RS256';
    const title = `HMAC with the public key of ${kid ?? 'the current key'} as the secret (R3)`;
    const attacks = { [title]: confusedInRing(kid, algorithm) };
    const reason = kid === undefined ? NAMELESS : BAD_ALGORITHM;
    return familiesOf(ofRing(kid, algorithm), reason, attacks);
  }),
  ...familiesOf(ofRing('secret', 'HS256'), BAD_SIGNATURE, {
    'HMAC with a public key as the secret, under the id of a secret (R3)': confusedInRing(
      'secret',
      'RS256',
    ),
    'a valid signature under an unknown key id (R6)': byName(
      ['Pair', 'pair ', '__proto__', 'constructor', '0', '../secret', "' OR 1=1 --"],
      (kid) => ofRing(kid, 'RS256'),
    ),
  }),
];
