import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { JsonWebKey } from '../../../src/index.js';
import type { Algorithm, KeyOptions } from '../../../src/options/key-options.js';
import { configureKeys } from '../../../src/keys/configure-keys.js';
import { LoadedKeys } from '../../../src/keys/loaded-keys.js';
import { ecPair, ed25519Pair, rsaPair, type KeyPair } from '../../support/keys.js';
import { mistakeOf } from './mistake.js';

/** A key with one defect, which is refused, and the same key without it, which is accepted. */
interface Twins {
  readonly hostile: unknown;
  readonly sound: unknown;
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const numberText = (number: bigint) => {
  const hex = number.toString(16);
  return base64url(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));
};
const changed = (jwk: JsonWebKey, hostile: fc.Arbitrary<object>, sound: object = {}) =>
  hostile.map((members) => ({ hostile: { ...jwk, ...members }, sound: { ...jwk, ...sound } }));
const notText = fc.constantFrom<unknown[]>(null, 7, true, [], {}, ['AQAB']);
const bytesOf = (jwk: JsonWebKey, member: 'x' | 'y') =>
  Buffer.from(String(jwk[member]), 'base64url');

const families = [
  ['RS256', rsaPair()],
  ['PS384', rsaPair()],
  ['ES256', ecPair('P-256')],
  ['ES384', ecPair('P-384')],
  ['ES512', ecPair('P-521')],
  ['EdDSA', ed25519Pair()],
] as const;
const jwksOf = ({ privateKey, publicKey }: KeyPair) =>
  [
    ['private', privateKey.export({ format: 'jwk' })],
    ['public', publicKey.export({ format: 'jwk' })],
  ] as const;

const keys = families.flatMap(([algorithm, pair]) =>
  jwksOf(pair).map(([half, jwk]) => ({ algorithm, half, jwk })),
);

/** Through the options and through a loader, as an object or as its text. */
function expectVerdicts(
  algorithm: Algorithm,
  half: 'private' | 'public',
  { hostile, sound }: Twins,
  isText: boolean,
): void {
  const loaded = new LoadedKeys();
  const ways = [
    (key: unknown) => configureKeys({ [`${half}Key`]: key, algorithm } as KeyOptions),
    (key: unknown) =>
      half === 'private' ? loaded.signing(key, algorithm) : loaded.verification(key, [algorithm]),
  ];
  const form = (key: unknown) => (isText ? JSON.stringify(key) : key);
  for (const way of ways) {
    expect(() => way(form(sound))).not.toThrow();
    mistakeOf(() => way(form(hostile)), JSON.stringify(hostile));
  }
}

function expectAllVerdicts(
  algorithm: Algorithm,
  half: 'private' | 'public',
  twins: fc.Arbitrary<Twins>,
): void {
  const verdicts = fc.property(twins, fc.boolean(), (pair, isText) =>
    expectVerdicts(algorithm, half, pair, isText),
  );
  fc.assert(verdicts, { numRuns: 10 });
}

const OPERATIONS = ['sign', 'verify', 'encrypt', 'decrypt', 'wrapKey', 'unwrapKey', 'deriveKey'];

describe.each(keys)('A hostile $half key for $algorithm', ({ algorithm, half, jwk }) => {
  const operation = half === 'private' ? 'sign' : 'verify';
  const members = fc.constantFrom(...Object.keys(jwk));
  const otherThan = (right: string) => fc.string().filter((text) => text !== right);
  const textOf = (member: string) => String((jwk as Record<string, unknown>)[member]);

  it.each<[what: string, twins: fc.Arbitrary<Twins>]>([
    [
      'made for another use ("use")',
      changed(
        jwk,
        fc.record({
          use: fc.oneof(
            fc.constantFrom('enc', 'SIG', 'sig ', '', 'signature', 'sig,enc'),
            otherThan('sig'),
            fc.constantFrom<unknown[]>(null, ['sig'], true),
          ),
        }),
        { use: 'sig' },
      ),
    ],
    [
      'not made for this operation ("key_ops")',
      fc
        .subarray(OPERATIONS.filter((each) => each !== operation))
        .chain((others) =>
          changed(
            jwk,
            fc.record({ key_ops: fc.constantFrom<unknown[]>(others, operation, null, {}) }),
            { key_ops: [...others, operation] },
          ),
        ),
    ],
    [
      'made for another algorithm ("alg")',
      changed(
        jwk,
        fc.record({
          alg: fc.oneof(
            fc.constantFrom('none', 'HS256', 'RS512', 'ES521', 'ES224', 'A256GCM', 'RSA1_5'),
            otherThan(algorithm),
            fc.constantFrom<unknown[]>(null, [algorithm], algorithm.toLowerCase()),
          ),
        }),
        { alg: algorithm },
      ),
    ],
    [
      'of another kind ("kty")',
      changed(
        jwk,
        fc
          .constantFrom<unknown[]>('RSA', 'EC', 'OKP', 'oct', 'AKP', 'rsa', 'ec', '', null, 1)
          .filter((kty) => kty !== jwk.kty)
          .map((kty) => ({ kty })),
      ),
    ],
    [
      'in a set of keys',
      fc
        .constantFrom<unknown[]>({ keys: [jwk] }, { keys: [jwk, jwk] }, { keys: jwk }, [jwk])
        .map((hostile) => ({ hostile, sound: jwk })),
    ],
    [
      'without one of its members',
      members.map((member) => {
        const rest = Object.entries(jwk).filter(([name]) => name !== member);
        return { hostile: Object.fromEntries(rest), sound: jwk };
      }),
    ],
    [
      'with a member that is not text',
      changed(
        jwk,
        fc.tuple(members, notText).map(([member, value]) => ({ [member]: value })),
      ),
    ],
    [
      'with a member that is not base64url',
      changed(
        jwk,
        fc
          .tuple(members, fc.constantFrom('=', '==', ' ', '\n', '!', '+', '/'))
          .map(([member, stray]) => ({ [member]: textOf(member) + stray })),
      ),
    ],
    [
      'with an empty member',
      changed(
        jwk,
        members.map((member) => ({ [member]: '' })),
      ),
    ],
  ])('is refused %s, and its twin is accepted (R16, R24)', (_, twins) => {
    expectAllVerdicts(algorithm, half, twins);
  });

  it('is refused as a PEM text cut short anywhere, and the whole one is accepted (R17)', () => {
    const [, pair] = families.find(([name]) => name === algorithm) as (typeof families)[number];
    const key = pair[`${half}Key`];
    const type = half === 'private' ? 'pkcs8' : 'spki';
    const pem = key.export({ format: 'pem', type }) as string;

    expectAllVerdicts(
      algorithm,
      half,
      // Only the last dashes may be missing.
      fc
        .integer({ min: 0, max: pem.trimEnd().length - 6 })
        .map((length) => ({ hostile: pem.slice(0, length), sound: pem })),
    );
  });
});

type Attack = readonly [what: string, twins: fc.Arbitrary<Twins>];

/** An odd number of so many bits, as the product of two primes. */
const modulus = (bits: number) =>
  (BigInt(`0x${randomBytes(Math.ceil(bits / 8)).toString('hex')}`) % 2n ** BigInt(bits - 1)) |
  (2n ** BigInt(bits - 1)) |
  1n;

const ATTACKS: Readonly<Record<string, (jwk: JsonWebKey) => readonly Attack[]>> = {
  RSA: (jwk) => [
    [
      'if its exponent is even',
      fc.bigInt({ min: 1n, max: 2n ** 31n }).map((half) => ({
        hostile: { ...jwk, e: numberText(2n * half) },
        sound: { ...jwk, e: numberText(2n * half + 1n) },
      })),
    ],
    ...['AQ', 'AAAB', 'AA'].map((e): Attack => [
      `if its exponent is 1 or 0: ${e}`,
      changed(jwk, fc.constant({ e })),
    ]),
    [
      'if its modulus is short',
      fc
        .tuple(fc.integer({ min: 8, max: 2047 }), fc.integer({ min: 2048, max: 4096 }))
        .map(([few, many]) => ({
          hostile: { ...jwk, n: numberText(modulus(few)) },
          sound: { ...jwk, n: numberText(modulus(many)) },
        })),
    ],
  ],
  EC: (jwk) => {
    const { length } = bytesOf(jwk, 'x');
    const zero = base64url(Buffer.alloc(length));
    const curves = (['P-256', 'P-384', 'P-521', 'secp256k1'] as const).filter(
      (crv) => crv !== jwk.crv,
    );
    return [
      [
        'if its point is not on the curve',
        changed(
          jwk,
          fc
            .tuple(fc.constantFrom<('x' | 'y')[]>('x', 'y'), fc.nat({ max: 8 * length - 1 }))
            .map(([member, bit]) => {
              const bytes = bytesOf(jwk, member);
              bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
              return { [member]: base64url(bytes) };
            }),
        ),
      ],
      ['at the origin', changed(jwk, fc.constant({ x: zero, y: zero }))],
      ['with exchanged coordinates', changed(jwk, fc.constant({ x: jwk.y, y: jwk.x }))],
      ...curves.map((crv): Attack => [
        `on the curve ${crv}`,
        changed(jwk, fc.constantFrom<object[]>(jwksOf(ecPair(crv))[1][1], { crv })),
      ]),
    ];
  },
  OKP: (jwk) => [
    [
      'if it is not 32 bytes long',
      changed(
        jwk,
        fc
          .uint8Array({ maxLength: 64 })
          .filter(({ length }) => length !== 32)
          .map((x) => ({ x: base64url(x) })),
      ),
    ],
    ...['X25519', 'Ed448', 'X448', 'P-256', 'ed25519', ''].map((crv): Attack => [
      `on the curve "${crv}"`,
      changed(jwk, fc.constant({ crv })),
    ]),
  ],
};

describe.each(families)('A hostile public key for %s', (algorithm, pair) => {
  const [[, privateJwk], [, jwk]] = jwksOf(pair);
  const owned = Object.keys(privateJwk).filter((member) => !(member in jwk));
  const secrets: Record<string, unknown> = { ...privateJwk, k: 'AQAB', oth: [] };
  const leaks = fc
    .subarray([...owned, 'k', 'oth'], { minLength: 1 })
    .map((members) => Object.fromEntries(members.map((member) => [member, secrets[member]])));

  it.each<Attack>([
    ['with any private member', changed(jwk, leaks)],
    ...(ATTACKS[jwk.kty as string] as (typeof ATTACKS)[string])(jwk),
  ])('is refused %s, and its twin is accepted (R16, R17, R24)', (_, twins) => {
    expectAllVerdicts(algorithm, 'public', twins);
  });
});

const hashes = [
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
] as const;

describe.each(hashes)('A hostile secret for %s, in production', (algorithm, bytes) => {
  beforeAll(() => {
    process.env.NODE_ENV = 'production';
  });
  afterAll(() => {
    process.env.NODE_ENV = 'test';
  });
  const loaded = new LoadedKeys();
  const ways = [
    (secret: unknown) => configureKeys({ secret, algorithm } as KeyOptions),
    (secret: unknown) => loaded.signing(secret, algorithm),
    (secret: unknown) => loaded.verification(secret, [algorithm]),
  ];
  const expectSecretVerdicts = ({ hostile, sound }: Twins) => {
    for (const way of ways) {
      expect(() => way(sound)).not.toThrow();
      mistakeOf(
        () => way(hostile),
        typeof hostile === 'string' ? hostile : JSON.stringify(hostile),
      );
    }
  };
  const jwk = { kty: 'oct', k: base64url(randomBytes(bytes)) };
  const lengths = fc.integer({ min: 1, max: bytes - 1 });

  it('is refused if it is shorter than the hash, and its twin is accepted (R15)', () => {
    fc.assert(
      fc.property(lengths, (length) => {
        const [short, long] = [randomBytes(length), randomBytes(bytes)];
        expectSecretVerdicts({ hostile: short, sound: long });
        expectSecretVerdicts({
          hostile: { kty: 'oct', k: base64url(short) },
          sound: { kty: 'oct', k: base64url(long) },
        });
      }),
      { numRuns: 25 },
    );
    expectSecretVerdicts({ hostile: randomBytes(bytes - 1), sound: randomBytes(bytes) });
  });

  it('is refused if its "k" is empty or not base64url (R4, R24)', () => {
    const hostile = [
      ...['', ' ', 'A', 'AAAA', 'ICAg', `${jwk.k}=`, `${jwk.k} `, ` ${jwk.k}`, `${jwk.k}\n`],
      ...[`+/${jwk.k}`, null, undefined, 5, [jwk.k], { k: jwk.k }],
    ];
    for (const k of hostile) {
      expectSecretVerdicts({ hostile: { ...jwk, k }, sound: jwk });
      expectSecretVerdicts({ hostile: JSON.stringify({ ...jwk, k }), sound: JSON.stringify(jwk) });
    }
  });

  it('is refused if it is made for another use, and its twin is accepted (R24)', () => {
    const hostile = fc.oneof(
      fc.record({ use: fc.string().filter((use) => use !== 'sig') }),
      fc.record({ alg: fc.string().filter((alg) => alg !== algorithm) }),
      fc.record({ alg: fc.constantFrom('A256GCM', 'A256KW', 'dir', 'none', 'RS256') }),
      fc.record({ key_ops: fc.constantFrom<unknown[]>([], ['encrypt'], 'sign', null) }),
      fc.record({ kty: fc.constantFrom('RSA', 'EC', 'OKP', 'OCT', 'oct ', '') }),
    );
    const sound = { use: 'sig', alg: algorithm, key_ops: ['sign', 'verify'] };

    fc.assert(
      fc.property(changed({ ...jwk, ...sound }, hostile), (twins) => expectSecretVerdicts(twins)),
      { numRuns: 60 },
    );
  });

  it('is refused in a set of keys, and its twin is accepted (R24)', () => {
    for (const set of [{ keys: [jwk] }, { keys: [jwk, jwk] }, [jwk]]) {
      expectSecretVerdicts({ hostile: set, sound: jwk });
    }
  });

  it.each(families)('is refused if it is a key of %s renamed to oct (R3)', (_, pair) => {
    for (const [, key] of jwksOf(pair)) {
      expectSecretVerdicts({ hostile: { ...key, kty: 'oct' }, sound: jwk });
      const k = base64url(Buffer.from(JSON.stringify(key)));
      expectSecretVerdicts({ hostile: { kty: 'oct', k }, sound: jwk });
    }
  });
});
