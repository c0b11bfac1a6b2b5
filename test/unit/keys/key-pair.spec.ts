import { describe, expect, it } from '@jest/globals';
import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
  X509Certificate,
} from 'node:crypto';
import type { JsonWebKey } from '../../../src/index.js';
import { requireStrongPair } from '../../../src/keys/key-pair-strength.js';
import { importPrivateKey, importPublicKey, isKeyPair } from '../../../src/keys/key-pair.js';
import type { Algorithm } from '../../../src/options/key-options.js';
import {
  CERTIFICATE,
  ecPair,
  ed25519Pair,
  type KeyPair,
  NODE_TAKES_SMALL_ORDER,
  rsaPair,
  rsaPssPair,
  shortRsaPair,
  strongSecret,
  strongSecretKey,
} from '../../support/keys.js';
import { privateStructures, publicStructures, textForms } from './key-forms.js';
import { mistakeOf } from './mistake.js';

const families = [
  ['RS256', rsaPair()],
  ['PS512', rsaPair()],
  ['ES256', ecPair('P-256')],
  ['ES384', ecPair('P-384')],
  ['ES512', ecPair('P-521')],
  ['EdDSA', ed25519Pair()],
] as const;
const rsa = rsaPair();
const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as string;
const jwkOf = (key: KeyObject): JsonWebKey => key.export({ format: 'jwk' });

describe.each(families)('The import of keys for %s', (algorithm, { privateKey, publicKey }) => {
  const importers = { private: importPrivateKey, public: importPublicKey };
  const expectKey = (expected: KeyObject, input: unknown) =>
    expect(importers[expected.type as 'private'](input, [algorithm], 'key').equals(expected)).toBe(
      true,
    );

  it.each(privateStructures(privateKey))('reads a private %s (R17)', (_, structure) => {
    expectKey(privateKey, structure);
    if (typeof structure !== 'string') return;
    for (const [, text] of textForms(structure)) {
      expectKey(privateKey, text);
      expectKey(privateKey, Buffer.from(text));
    }
  });

  it.each(publicStructures(publicKey))('reads a public %s (R17)', (_, structure) => {
    expectKey(publicKey, structure);
    if (typeof structure !== 'string') return;
    for (const [, text] of textForms(structure)) {
      expectKey(publicKey, text);
      expectKey(publicKey, Buffer.from(text));
    }
  });

  it('returns a KeyObject unchanged (R17)', () => {
    expect(importPrivateKey(privateKey, [algorithm], 'privateKey')).toBe(privateKey);
    expect(importPublicKey(publicKey, [algorithm], 'publicKey')).toBe(publicKey);
  });
});

describe('A certificate', () => {
  const { publicKey } = new X509Certificate(CERTIFICATE);

  it.each(textForms(CERTIFICATE))('%s counts as the public key in it (R17)', (_, text) => {
    expect(importPublicKey(text, ['ES256'], 'publicKey').equals(publicKey)).toBe(true);
  });

  it('may be DER, or the first of a chain (R17)', () => {
    const { raw } = new X509Certificate(CERTIFICATE);

    expect(importPublicKey(raw, ['ES256'], 'publicKey').equals(publicKey)).toBe(true);
    expect(
      importPublicKey(CERTIFICATE + CERTIFICATE, ['ES256'], 'publicKey').equals(publicKey),
    ).toBe(true);
  });

  it('may stand beside a private key, which then counts (R17)', () => {
    const bundle = CERTIFICATE + pem(rsa.privateKey);

    expect(importPrivateKey(bundle, ['RS256'], 'privateKey').equals(rsa.privateKey)).toBe(true);
    expect(mistakeOf(() => importPublicKey(bundle, ['RS256'], 'publicKey'), bundle)).toContain(
      'publicKey',
    );
  });
});

describe('A PEM text', () => {
  it('may begin with the EC PARAMETERS that openssl writes (R17)', () => {
    const { privateKey } = ecPair();
    const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }) as string;
    const text = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1}`;

    expect(importPrivateKey(text, ['ES256'], 'privateKey').equals(privateKey)).toBe(true);
  });

  it('may be UTF-16, as PowerShell writes it (R17)', () => {
    const text = Buffer.from(`\uFEFF${pem(rsa.publicKey)}`, 'utf16le');

    expect(importPublicKey(text, ['RS256'], 'publicKey').equals(rsa.publicKey)).toBe(true);
  });

  it('with two keys is refused (R18)', () => {
    const text = pem(rsa.publicKey) + pem(rsaPair('second').publicKey);

    expect(mistakeOf(() => importPublicKey(text, ['RS256'], 'publicKey'), text)).toContain(
      'publicKey looks like',
    );
  });
});

const wrongPublic: readonly (readonly [string, unknown, string])[] = [
  ['a private PEM', pem(rsa.privateKey), 'a private key in PEM form'],
  [
    'a private DER',
    rsa.privateKey.export({ format: 'der', type: 'pkcs8' }),
    'a key or certificate in DER form',
  ],
  ['a private JWK', jwkOf(rsa.privateKey), 'a private RSA key in JWK form'],
  ['a private KeyObject', rsa.privateKey, 'a private KeyObject'],
  ['a secret KeyObject', strongSecretKey(), 'a secret KeyObject'],
  ['an oct JWK', { kty: 'oct', k: strongSecret() }, 'an oct JWK, which is a secret'],
  ['a set of JWKs', { keys: [jwkOf(rsa.publicKey)] }, 'a set of JWKs'],
  ['the text of a set of JWKs', JSON.stringify({ keys: [jwkOf(rsa.publicKey)] }), 'a set of JWKs'],
  ['a JWK of unknown kty', { kty: 'rsa', n: 'AQAB' }, 'a JWK of unknown kty'],
  [
    'a JWK with a number for a member',
    { ...jwkOf(rsa.publicKey), n: 7 },
    'a public RSA key in JWK form',
  ],
  [
    'an EC JWK off its curve',
    { ...jwkOf(ecPair().publicKey), y: 'AQAB' },
    'a public EC key in JWK form',
  ],
  ['a PEM cut short', pem(rsa.publicKey).slice(0, 200), 'a public key in PEM form, cut short'],
  ['the first words of a PEM', '-----BEGIN PUBLIC KEY', 'a public key in PEM form, cut short'],
  ['the end of a PEM', pem(rsa.publicKey).slice(200), 'part of a PEM text'],
  [
    'a PEM of parameters',
    '-----BEGIN DH PARAMETERS-----\nMAYCAQ==\n-----END DH PARAMETERS-----',
    'without a key',
  ],
  [
    'a PEM body that is no base64',
    '-----BEGIN PUBLIC KEY-----\n$$$\n-----END PUBLIC KEY-----',
    'a public key in PEM',
  ],
  [
    'a PEM body that is no key',
    '-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----',
    'a public key in PEM',
  ],
  [
    'a PEM body that is no DER',
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    'a public key in PEM',
  ],
  [
    'base64 around a PEM',
    Buffer.from(pem(rsa.publicKey)).toString('base64'),
    'PEM form, encoded as text',
  ],
  ['base64 text', strongSecret(), 'base64 text'],
  ['plain text', 'correct horse, battery staple', 'plain text'],
  ['text like JSON', '{ not json', 'plain text'],
  ['JSON that is no JWK', '{"a":1}', 'plain text'],
  ['a path', './keys/public.pem', 'a file path'],
  [
    'an OpenSSH key',
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB user@host',
    'an OpenSSH public key (ssh-keygen',
  ],
  ['empty text', ' \n', 'empty text'],
  ['empty bytes', Buffer.alloc(0), 'empty bytes'],
  ['other bytes', Buffer.from([1, 2, 3]), 'bytes without a key'],
  ['an object', {}, 'an object that is not a JWK'],
  ['an array', [], 'an array'],
  ['a promise', Promise.resolve('x'), 'a promise'],
  ['a number', 5, 'a number'],
  ['null', null, 'null'],
  ['undefined', undefined, 'undefined'],
];

describe('A public key', () => {
  it.each(wrongPublic)('is refused if it is %s (R17)', (_, input, looks) => {
    const message = mistakeOf(() => importPublicKey(input, ['RS256'], 'publicKey'), textOf(input));

    expect(message).toContain('publicKey looks like ');
    expect(message).toContain(looks);
    expect(message).toContain('expected a public key for RS256');
  });

  it('is refused if it is a CryptoKey (R17)', async () => {
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);

    expect(mistakeOf(() => importPublicKey(key, ['RS256'], 'publicKey'))).toContain('a CryptoKey');
  });
});

describe('A private key', () => {
  const openSsh =
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----';

  it.each([
    ['a public PEM', pem(rsa.publicKey), 'a public key in PEM form'],
    ['a public JWK', jwkOf(rsa.publicKey), 'a public RSA key in JWK form'],
    ['a public OKP JWK', { kty: 'OKP', crv: 'Ed25519', x: 'AQAB' }, 'a public OKP key in JWK form'],
    ['a public KeyObject', rsa.publicKey, 'a public KeyObject'],
    ['a certificate', CERTIFICATE, 'a certificate in PEM form'],
    ['an OpenSSH key', openSsh, 'an OpenSSH private key (ssh-keygen'],
  ])('is refused if it is %s (R17)', (_, input, looks) => {
    const message = mistakeOf(
      () => importPrivateKey(input, ['RS256'], 'privateKey'),
      textOf(input),
    );

    expect(message).toContain(`privateKey looks like ${looks}`);
    expect(message).toContain('expected a private key for RS256');
  });
});

/** Everything in the input that a message might leak. */
function textOf(input: unknown): string {
  if (typeof input === 'string') return input;
  return Buffer.isBuffer(input) ? input.toString('base64') : (JSON.stringify(input) ?? '');
}

describe('JWK metadata', () => {
  const rsa = rsaPair();
  const jwkOf = (key: typeof rsa.publicKey): JsonWebKey => key.export({ format: 'jwk' });

  describe('A JWK', () => {
    const publicJwk = jwkOf(rsa.publicKey);
    const privateJwk = jwkOf(rsa.privateKey);
    const take = (jwk: object, algorithms: readonly Algorithm[] = ['RS256']) =>
      ('d' in jwk ? importPrivateKey : importPublicKey)(jwk, algorithms, 'key');

    it.each([
      ['"use" is "sig"', { use: 'sig' }],
      ['"alg" is among the algorithms', { alg: 'RS256' }],
      ['"key_ops" allow what is needed', { key_ops: ['sign', 'verify'] }],
    ])('is accepted if %s (R24)', (_, members) => {
      expect(
        take({ ...publicJwk, ...members }).equals(
          createPublicKey(rsa.publicKey.export({ format: 'pem', type: 'spki' })),
        ),
      ).toBe(true);
      expect(take({ ...privateJwk, ...members }).type).toBe('private');
    });

    it.each([
      ['"use" is "enc"', { ...publicJwk, use: 'enc' }, '"use"'],
      ['"use" is no text', { ...publicJwk, use: null }, '"use"'],
      ['"key_ops" lack "verify"', { ...publicJwk, key_ops: ['encrypt'] }, 'do not allow to verify'],
      ['"key_ops" lack "sign"', { ...privateJwk, key_ops: ['verify'] }, 'do not allow to sign'],
      ['"key_ops" are no array', { ...publicJwk, key_ops: 'verify' }, '"key_ops"'],
      ['"alg" is another', { ...publicJwk, alg: 'RSA-OAEP' }, '"alg" is not RS256'],
      ['"alg" is of the same family only', { ...publicJwk, alg: 'PS256' }, '"alg" is not RS256'],
    ])('is refused if %s (R24)', (_, jwk, said) => {
      expect(mistakeOf(() => take(jwk), JSON.stringify(jwk))).toContain(said);
    });

    it('is refused if its "kty" or "crv" does not fit the algorithm (R24)', () => {
      expect(mistakeOf(() => take(publicJwk, ['ES256']))).toBe(
        'key is an RSA key; ES256 needs an EC key on prime256v1',
      );
      expect(mistakeOf(() => take(jwkOf(ecPair('P-384').publicKey), ['ES256']))).toBe(
        'key is an EC key on secp384r1; ES256 needs one on prime256v1',
      );
    });

    it('is refused if its public part belongs to another pair, although Node accepts it (R17, R24)', () => {
      const { x } = jwkOf(ed25519Pair('second').publicKey);
      const mixed = { ...jwkOf(ed25519Pair().privateKey), x };

      expect(mistakeOf(() => take(mixed, ['EdDSA']), JSON.stringify(mixed))).toBe(
        'key is damaged: its public part does not verify what its private part signs',
      );
    });

    it('is not changed by the import', () => {
      const jwk = Object.freeze({ ...publicJwk });

      expect(take(jwk).type).toBe('public');
    });
  });
});

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

describe('Strength of key pairs', () => {
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

  describe('An RSA key', () => {
    it('fits RS and PS algorithms (R16)', () => {
      expectAccepted(rsaPair(), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
    });

    it('of fewer than 2048 bits is refused (R16)', () => {
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
    ])(
      'with the public exponent %s is accepted only if that is odd and at least 3 (R16)',
      (_, e, isFine) => {
        const jwk = { ...rsaPair().publicKey.export({ format: 'jwk' }), e };
        const act = () => importPublicKey(jwk, ['RS256'], 'publicKey');

        if (isFine) expect(act().type).toBe('public');
        else expect(mistakeOf(act)).toContain('whose public exponent is even or below 3');
      },
    );

    it('bound to PSS does not fit RS algorithms (R16)', () => {
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

    it('bound to PSS fits the algorithm with its parameters (R16)', () => {
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
    /** A power of 65537 modulo the product of the first odd primes, as the flawed chips made it. */
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

    it.each([2048, 3072, 4096])(
      'of a flawed generator is refused, at %i bits too (R16)',
      (bits) => {
        const modulus = flawed(bits);
        const act = (n: bigint) => importPublicKey(publicKeyOf(n), ['RS256'], 'publicKey');

        expect(mistakeOf(() => act(modulus), publicKeyOf(modulus).n)).toBe(
          'publicKey is an RSA key whose factors can be found (ROCA, CVE-2017-15361); RS256 needs a new key',
        );
        // The same number plus two has other remainders.
        expect(act(modulus + 2n).asymmetricKeyDetails?.modulusLength).toBe(bits);
      },
    );
  });

  describe('An Ed25519 key', () => {
    it('fits EdDSA and no other algorithm (R16)', () => {
      expectAccepted(ed25519Pair(), ['EdDSA']);
      expectRefusal(ed25519Pair(), ['RS256'], 'is an Ed25519 key; RS256 needs an RSA key');
      expectRefusal(ed25519Pair(), ['ES256'], 'is an Ed25519 key; ES256 needs an EC key');
      expectRefusal(ed25519Pair(), ['HS256'], 'is an Ed25519 key; HS256 needs a secret');
    });

    it('is the only kind that fits EdDSA (R16)', () => {
      expectRefusal(rsaPair(), ['EdDSA'], 'is an RSA key; EdDSA needs an Ed25519 key');
      expectRefusal(ecPair(), ['EdDSA'], 'is an EC key; EdDSA needs an Ed25519 key');
      expectRefusal(
        generateKeyPairSync('ed448'),
        ['EdDSA'],
        'is an Ed448 key, which is not supported; EdDSA needs an Ed25519 key',
      );
      expectRefusal(
        generateKeyPairSync('x25519'),
        ['EdDSA'],
        'is an X25519 key, which is for key agreement and not for signatures; EdDSA needs an Ed25519 key',
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
    it.each(points)(
      'is refused if it is a point of %s, which accepts forged signatures (R16)',
      (_, hex) => {
        for (const sign of [0x00, 0x80]) {
          const point = Buffer.from(hex, 'hex');
          point[31] = (point[31] as number) | sign;
          const jwk = { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
          const key = createPublicKey({ key: jwk, format: 'jwk' });
          const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
          const messages = Array.from({ length: 400 }, (__, index) =>
            Buffer.from(`message ${index}`),
          );

          const isForgeable = messages.some((message) => verify(null, message, key, forged));
          expect(isForgeable).toBe(NODE_TAKES_SMALL_ORDER);
          for (const form of [jwk, key, key.export({ format: 'pem', type: 'spki' })]) {
            expect(mistakeOf(() => importPublicKey(form, ['EdDSA'], 'publicKey'))).toBe(
              'publicKey is an Ed25519 key of small order, which accepts forged signatures; EdDSA needs a generated key',
            );
          }
        }
      },
    );
  });

  describe('An EC key', () => {
    it.each([
      ['P-256', 'ES256'],
      ['P-384', 'ES384'],
      ['P-521', 'ES512'],
    ] as const)('on %s fits %s and no other algorithm (R16)', (curve, algorithm) => {
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

    it('does not fit RSA or HMAC algorithms, nor an RSA key the others (R16)', () => {
      expectRefusal(ecPair(), ['RS256'], 'is an EC key; RS256 needs an RSA key');
      expectRefusal(ecPair(), ['HS256'], 'is an EC key; HS256 needs a secret');
      expectRefusal(rsaPair(), ['ES256'], 'is an RSA key; ES256 needs an EC key on prime256v1');
      expectRefusal(rsaPssPair(), ['HS256'], 'is an RSA-PSS key; HS256 needs a secret');
    });
  });

  describe('A key of any other kind', () => {
    it.each([
      ['a DSA key', generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })],
      ['a Diffie-Hellman key', generateKeyPairSync('dh' as 'x448', { group: 'modp14' } as object)],
      ['an X25519 key', generateKeyPairSync('x25519')],
      ['an X448 key', generateKeyPairSync('x448')],
      ['an Ed448 key', generateKeyPairSync('ed448')],
    ] as const)('is refused: %s (R16)', (kind, pair) => {
      expectRefusal(pair, ['RS256'], `is ${kind}, `);
      expectRefusal(pair, ['ES256'], `is ${kind}, `);
      const { publicKey } = pair as KeyPair;
      const pem = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));
      expect(mistakeOf(() => importPublicKey(pem, ['PS256'], 'publicKey'))).toContain(
        `is ${kind}, `,
      );
    });

    it('is refused if its kind is unknown (R16)', () => {
      const unheardOf = { asymmetricKeyType: 'ml-dsa-44' } as unknown as KeyObject;
      const typeless = {} as KeyObject;

      expect(mistakeOf(() => requireStrongPair(unheardOf, ['RS256'], 'publicKey'))).toContain(
        'a key of unknown kind',
      );
      expect(mistakeOf(() => requireStrongPair(typeless, ['ES256'], 'publicKey'))).toContain(
        'a key of unknown kind',
      );
    });

    it('is refused if Node tells nothing of its numbers (R16)', () => {
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

  /** OpenSSL names a known curve even if its parameters are explicit; it names no other one. */
  function nameless(key: KeyObject): KeyObject {
    return { asymmetricKeyType: key.asymmetricKeyType, asymmetricKeyDetails: {} } as KeyObject;
  }
});
