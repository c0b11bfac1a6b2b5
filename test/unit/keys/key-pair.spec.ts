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
import { structuresOf, textForms } from './key-forms.js';
import { mistakeOf, mistakesOf } from './mistake.js';

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

type Importer = typeof importPublicKey;

/** The importer of a key's own half. */
const importerOf = ({ type }: KeyObject): Importer =>
  type === 'private' ? importPrivateKey : importPublicKey;

describe.each(families)('The import of keys for %s', (algorithm, { privateKey, publicKey }) => {
  it.each(
    [privateKey, publicKey].flatMap((key) =>
      structuresOf(key).map(([form, structure]) => [key.type, form, structure, key] as const),
    ),
  )('reads a %s %s (R17)', (_, __, structure, key) => {
    const texts = typeof structure === 'string' ? textForms(structure).map(([, text]) => text) : [];
    for (const form of [structure, ...texts, ...texts.map((text) => Buffer.from(text))]) {
      expect(importerOf(key)(form, [algorithm], 'key').equals(key)).toBe(true);
    }
  });

  it('returns a KeyObject unchanged (R17)', () => {
    for (const key of [privateKey, publicKey]) {
      expect(importerOf(key)(key, [algorithm], 'key')).toBe(key);
    }
  });
});

describe('A certificate', () => {
  const { publicKey, raw } = new X509Certificate(CERTIFICATE);

  it.each<[string, string | Buffer]>([
    ...textForms(CERTIFICATE).map(([form, text]): [string, string] => [form, text]),
    ['as DER', raw],
    ['as the first of a chain', CERTIFICATE + CERTIFICATE],
  ])('%s counts as the public key in it (R17)', (_, form) => {
    expect(importPublicKey(form, ['ES256'], 'publicKey').equals(publicKey)).toBe(true);
  });

  it('may stand beside a private key, which then counts (R17)', () => {
    const bundle = CERTIFICATE + pem(rsa.privateKey);
    const act = () => importPublicKey(bundle, ['RS256'], 'publicKey');

    expect(importPrivateKey(bundle, ['RS256'], 'privateKey').equals(rsa.privateKey)).toBe(true);
    expect(mistakeOf(act, bundle)).toContain('publicKey');
  });
});

describe('A PEM text', () => {
  it('may begin with the EC PARAMETERS that openssl writes (R17)', () => {
    const { privateKey } = ecPair();
    const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }) as string;
    const text = `${armoured('EC PARAMETERS', 'BggqhkjOPQMBBw==')}\n${sec1}`;

    expect(importPrivateKey(text, ['ES256'], 'privateKey').equals(privateKey)).toBe(true);
  });

  it('may be UTF-16, as PowerShell writes it (R17)', () => {
    const text = Buffer.from(`\uFEFF${pem(rsa.publicKey)}`, 'utf16le');

    expect(importPublicKey(text, ['RS256'], 'publicKey').equals(rsa.publicKey)).toBe(true);
  });
});

/** A PEM text with any label and body. */
function armoured(label: string, body: string): string {
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;
}

const publicPem = pem(rsa.publicKey);
const publicJwk = jwkOf(rsa.publicKey);
const privateJwk = jwkOf(rsa.privateKey);

const wrongPublic = mistakesOf({
  'a private key in PEM form': { 'a private PEM': pem(rsa.privateKey) },
  'a key or certificate in DER form': {
    'a private DER': rsa.privateKey.export({ format: 'der', type: 'pkcs8' }),
  },
  'a private RSA key in JWK form': { 'a private JWK': privateJwk },
  'a private KeyObject': { 'a private KeyObject': rsa.privateKey },
  'a secret KeyObject': { 'a secret KeyObject': strongSecretKey() },
  'an oct JWK, which is a secret': { 'an oct JWK': { kty: 'oct', k: strongSecret() } },
  'a set of JWKs': {
    'a set of JWKs': { keys: [publicJwk] },
    'the text of a set of JWKs': JSON.stringify({ keys: [publicJwk] }),
  },
  'a JWK of unknown kty': { 'a JWK of unknown kty': { kty: 'rsa', n: 'AQAB' } },
  'a public RSA key in JWK form': { 'a JWK with a number for a member': { ...publicJwk, n: 7 } },
  'a public EC key in JWK form': {
    'an EC JWK off its curve': { ...jwkOf(ecPair().publicKey), y: 'AQAB' },
  },
  'a public key in PEM form, cut short': {
    'a PEM cut short': publicPem.slice(0, 200),
    'the first words of a PEM': '-----BEGIN PUBLIC KEY',
  },
  'part of a PEM text': { 'the end of a PEM': publicPem.slice(200) },
  'without a key': { 'a PEM of parameters': armoured('DH PARAMETERS', 'MAYCAQ==') },
  'a public key in PEM': {
    'a PEM body that is no base64': armoured('PUBLIC KEY', '$$$'),
    'a PEM body that is no key': armoured('PUBLIC KEY', 'MAA='),
    'a PEM body that is no DER': armoured('PUBLIC KEY', 'AAAA'),
    'two PEM texts': publicPem + pem(rsaPair('second').publicKey),
  },
  'PEM form, encoded as text': {
    'base64 around a PEM': Buffer.from(publicPem).toString('base64'),
  },
  'base64 text': { 'base64 text': strongSecret() },
  'plain text': {
    'plain text': 'correct horse, battery staple',
    'text like JSON': '{ not json',
    'JSON that is no JWK': '{"a":1}',
  },
  'a file path': { 'a path': './keys/public.pem' },
  'an OpenSSH public key (ssh-keygen': {
    'an OpenSSH key': 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB user@host',
  },
  'empty text': { 'empty text': ' \n' },
  'empty bytes': { 'empty bytes': Buffer.alloc(0) },
  'bytes without a key': { 'other bytes': Buffer.from([1, 2, 3]) },
  'an object that is not a JWK': { 'an object': {} },
  'an array': { 'an array': [] },
  'a promise': { 'a promise': Promise.resolve('x') },
  'a number': { 'a number': 5 },
  null: { null: null },
  undefined: { undefined: undefined },
});
const wrongPrivate = mistakesOf({
  'key looks like a public key in PEM form': { 'a public PEM': publicPem },
  'key looks like a public RSA key in JWK form': { 'a public JWK': publicJwk },
  'key looks like a public OKP key in JWK form': {
    'a public OKP JWK': { kty: 'OKP', crv: 'Ed25519', x: 'AQAB' },
  },
  'key looks like a public KeyObject': { 'a public KeyObject': rsa.publicKey },
  'key looks like a certificate in PEM form': { 'a certificate': CERTIFICATE },
  'key looks like an OpenSSH private key (ssh-keygen': {
    'an OpenSSH key': armoured('OPENSSH PRIVATE KEY', 'b3BlbnNzaC1rZXktdjEAAAAA'),
  },
});

describe.each([
  ['public', importPublicKey, wrongPublic],
  ['private', importPrivateKey, wrongPrivate],
] as const)('A %s key', (half, importKey, wrong) => {
  it.each(wrong)('is refused if it is %s (R17)', (_, input, looks) => {
    const message = mistakeOf(() => importKey(input, ['RS256'], 'key'), textOf(input));

    expect(message).toContain('key looks like ');
    expect(message).toContain(looks);
    expect(message).toContain(`expected a ${half} key for RS256`);
  });

  it('is refused if it is a CryptoKey (R17)', async () => {
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);

    expect(mistakeOf(() => importKey(key, ['RS256'], 'key'))).toContain('a CryptoKey');
  });
});

/** Everything in the input that a message might leak. */
function textOf(input: unknown): string {
  if (typeof input === 'string') return input;
  return Buffer.isBuffer(input) ? input.toString('base64') : (JSON.stringify(input) ?? '');
}

describe('A JWK', () => {
  const take = (jwk: object, algorithms: readonly Algorithm[] = ['RS256']) =>
    ('d' in jwk ? importPrivateKey : importPublicKey)(jwk, algorithms, 'key');

  it.each([
    ['"use" is "sig"', { use: 'sig' }],
    ['"alg" is among the algorithms', { alg: 'RS256' }],
    ['"key_ops" allow what is needed', { key_ops: ['sign', 'verify'] }],
  ])('is accepted if %s, and is not changed (R24)', (_, members) => {
    const jwk = Object.freeze({ ...publicJwk, ...members });

    expect(take(jwk).equals(rsa.publicKey)).toBe(true);
    expect(take({ ...privateJwk, ...members }).equals(rsa.privateKey)).toBe(true);
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
});

it('Two halves are no pair if the private one cannot even sign', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 512 });

  expect(isKeyPair(privateKey, publicKey, 'PS512')).toBe(false);
  expect(isKeyPair(rsa.privateKey, rsa.publicKey, 'PS512')).toBe(true);
});

/** A pair of any kind, also of those that Node's types do not know. */
const generated = (...given: readonly unknown[]) =>
  (generateKeyPairSync as (...all: readonly unknown[]) => unknown)(...given) as KeyPair;

describe('Strength of key pairs', () => {
  const [ed448, x25519] = [generated('ed448'), generated('x25519')];
  const otherMask = generated('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm: 'sha256',
    mgf1HashAlgorithm: 'sha1',
  });

  it.each<[what: string, pair: KeyPair, algorithms: readonly Algorithm[]]>([
    ['an RSA key', rsaPair(), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['a key that is bound to PSS', rsaPssPair(), ['PS256', 'PS384']],
    ['a key that is bound to PSS and SHA-256', rsaPssPair('sha256'), ['PS256']],
    ['an EC key on P-256', ecPair('P-256'), ['ES256']],
    ['an EC key on P-384', ecPair('P-384'), ['ES384']],
    ['an EC key on P-521', ecPair('P-521'), ['ES512']],
    ['an Ed25519 key', ed25519Pair(), ['EdDSA']],
  ])('%s fits its algorithms (R16)', (_, { privateKey, publicKey }, algorithms) => {
    expect(importPrivateKey(privateKey, algorithms, 'privateKey')).toBe(privateKey);
    expect(importPublicKey(publicKey, algorithms, 'publicKey')).toBe(publicKey);
  });

  it.each<[algorithms: string, said: string, pair: KeyPair]>([
    ['RS256', 'is an RSA key of 1024 bits; RS256 needs at least 2048', shortRsaPair()],
    ['PS256', 'is an RSA key of 1024 bits; PS256 needs at least 2048', shortRsaPair()],
    ['RS256', 'is an RSA-PSS key; RS256 needs an RSA key that is not bound to PSS', rsaPssPair()],
    ['PS256,RS256', 'RS256 needs an RSA key that is not bound to PSS', rsaPssPair('sha256')],
    ['PS384', 'is an RSA-PSS key bound to other parameters', rsaPssPair('sha256')],
    ['PS256', 'is an RSA-PSS key bound to other parameters', rsaPssPair('sha384')],
    ['PS256', 'PS256 needs sha256 and its salt', rsaPssPair('sha256', 64)],
    ['PS256', 'is an RSA-PSS key bound to other parameters', otherMask],
    ['RS256', 'is an Ed25519 key; RS256 needs an RSA key', ed25519Pair()],
    ['ES256', 'is an Ed25519 key; ES256 needs an EC key', ed25519Pair()],
    ['HS256', 'is an Ed25519 key; HS256 needs a secret', ed25519Pair()],
    ['EdDSA', 'is an RSA key; EdDSA needs an Ed25519 key', rsaPair()],
    ['EdDSA', 'is an EC key; EdDSA needs an Ed25519 key', ecPair()],
    ['EdDSA', 'is an Ed448 key, which is not supported; EdDSA needs an Ed25519 key', ed448],
    [
      'EdDSA',
      'is an X25519 key, which is for key agreement and not for signatures; EdDSA needs an Ed25519 key',
      x25519,
    ],
    ['ES384', 'ES384 needs one on', ecPair('P-256')],
    ['ES512', 'ES512 needs one on', ecPair('P-256')],
    ['ES256', 'ES256 needs one on', ecPair('P-384')],
    ['ES512', 'ES512 needs one on', ecPair('P-384')],
    ['ES256', 'ES256 needs one on', ecPair('P-521')],
    ['ES384', 'ES384 needs one on', ecPair('P-521')],
    ['ES256', 'is an EC key on secp256k1; ES256 needs one on prime256v1', ecPair('secp256k1')],
    ['RS256', 'is an EC key; RS256 needs an RSA key', ecPair()],
    ['HS256', 'is an EC key; HS256 needs a secret', ecPair()],
    ['ES256', 'is an RSA key; ES256 needs an EC key on prime256v1', rsaPair()],
    ['HS256', 'is an RSA-PSS key; HS256 needs a secret', rsaPssPair()],
  ])('A pair is refused for %s: %s (R16)', (algorithms, said, pair) => {
    const names = algorithms.split(',') as Algorithm[];

    expect(mistakeOf(() => importPrivateKey(pair.privateKey, names, 'key'))).toContain(said);
    expect(mistakeOf(() => importPublicKey(pair.publicKey, names, 'key'))).toContain(said);
  });

  describe('An RSA key', () => {
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

  describe('A key of any other kind', () => {
    it.each<[kind: string, pair: KeyPair]>([
      ['a DSA key', generated('dsa', { modulusLength: 1024, divisorLength: 160 })],
      ['a Diffie-Hellman key', generated('dh', { group: 'modp14' })],
      ['an X25519 key', x25519],
      ['an X448 key', generated('x448')],
      ['an Ed448 key', ed448],
    ])('is refused: %s (R16)', (kind, { privateKey, publicKey }) => {
      const read = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));

      for (const [key, algorithm] of [
        [privateKey, 'RS256'],
        [publicKey, 'RS256'],
        [privateKey, 'ES256'],
        [publicKey, 'ES256'],
        [read, 'PS256'],
      ] as const) {
        expect(mistakeOf(() => importerOf(key)(key, [algorithm], 'key'))).toContain(`is ${kind}, `);
      }
    });

    it.each<[what: string, key: object, algorithm: Algorithm, said: string]>([
      ['its kind is new', { asymmetricKeyType: 'ml-dsa-44' }, 'RS256', 'a key of unknown kind'],
      ['its kind is unknown', {}, 'ES256', 'a key of unknown kind'],
      ['Node tells no length', { asymmetricKeyType: 'rsa' }, 'RS256', 'an RSA key of 0 bits'],
      ['Node tells no details', { asymmetricKeyType: 'ec' }, 'ES256', 'a curve without a name'],
      [
        // OpenSSL names a known curve even if its parameters are explicit; it names no other one.
        'its curve has no name',
        { asymmetricKeyType: 'ec', asymmetricKeyDetails: {} },
        'ES256',
        'an EC key on a curve without a name',
      ],
    ])('is refused if %s (R16)', (_, key, algorithm, said) => {
      const act = () => requireStrongPair(key as KeyObject, [algorithm], 'publicKey');

      expect(mistakeOf(act)).toContain(said);
    });
  });
});
