import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type Type, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { Test, type TestingModule } from '@nestjs/testing';
import { createHmac, createSecretKey } from 'node:crypto';
import { inspect } from 'node:util';
import {
  AccessGuard,
  type Algorithm,
  CurrentIdentity,
  JwtExtendedModule,
  type KeyInput,
  KeyRing,
  TokenService,
} from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { RunningApp } from '../../support/app.js';
import { Clock, SECRET } from '../../support/forge.js';
import { ecPair, rsaPair, shortRsaPair } from '../../support/keys.js';
import {
  claimsAtNow,
  describeTokens,
  forgeAs,
  headerOf,
  invalid,
  LET_IN,
  refusalOf,
  type Row,
  startTokens,
} from '../../support/tokens.js';
import { after, configMistake, mistakeIn, ringKey, ringOptions } from './ring-keys.js';

const REFUSED = invalid('Signature verification failed');
const NOT_ALLOWED = invalid('The specified alg value is not allowed');
const BAD_KID = invalid('Key ID header parameter must be a string');

const current = ringKey('2026-11', 'ES256');
const announced = ringKey('2026-12', 'ES256');
const hmac = ringKey('hmac', 'HS256');
const rsa = ringKey('rsa', 'RS256');
const ed = ringKey('ed', 'EdDSA');
const retiring = ringKey('2026-10', 'ES256');
const retired = ringKey('2026-09', 'ES256');
const stranger = ringKey('stranger', 'ES256');

const ring = {
  current: current.signing,
  others: [
    announced.verifying,
    hmac.signing,
    rsa.verifying,
    ed.verifying,
    { ...retiring.verifying, retireAt: after(1) },
    { ...retired.verifying, retireAt: after(0) },
  ],
};

const { kid, algorithm, privateKey, publicKey } = current.signing;

describe('A mistake in the option keys is refused at start', () => {
  it.each<[what: string, keys: unknown, message: string]>([
    [
      'no current key',
      { others: [rsa.verifying] },
      'keys.current is missing: name the key that signs',
    ],
    ['an empty ring', {}, 'keys.current is missing: name the key that signs'],
    ['null for the ring', null, 'keys must be an object: { current: { kid, algorithm, … } }'],
    ['text for the ring', 'secret', 'keys must be an object: { current: { kid, algorithm, … } }'],
    [
      'an array for the ring',
      [current.signing],
      'keys must be an object: { current: { kid, algorithm, … } }',
    ],
    [
      'null for the current key',
      { current: null },
      'keys.current must be an object: { kid, algorithm, … }',
    ],
    [
      'empty text for the current key',
      { current: '' },
      'keys.current must be an object: { kid, algorithm, … }',
    ],
    [
      'false for the current key beside jwksUri',
      { current: false, jwksUri: 'https://issuer.example/jwks.json' },
      'keys.current must be an object: { kid, algorithm, … }',
    ],
    [
      'a secret for the current key',
      { current: SECRET },
      'keys.current must be an object: { kid, algorithm, … }',
    ],
    [
      'a current key that cannot sign',
      { current: current.verifying },
      'keys.current needs secret or privateKey, because it signs',
    ],
    [
      'a current key that retires',
      { current: { ...current.signing, retireAt: after(60) } },
      'keys.current must have no retireAt, because it signs: put a key that retires into keys.others',
    ],
    [
      'one id for two keys',
      { current: current.signing, others: [ringKey(kid, 'ES256', 'another').verifying] },
      "keys has two keys with the kid '2026-11': give each its own",
    ],
    [
      'one id for two of the others',
      { current: current.signing, others: [rsa.verifying, ringKey('rsa', 'ES256').verifying] },
      "keys has two keys with the kid 'rsa': give each its own",
    ],
    [
      'one key for the others',
      { current: current.signing, others: rsa.verifying },
      'keys.others must be an array of keys',
    ],
    [
      'null for the others',
      { current: current.signing, others: null },
      'keys.others must be an array of keys',
    ],
    [
      'null among the others',
      { current: current.signing, others: [rsa.verifying, null] },
      'keys.others[1] must be an object: { kid, algorithm, … }',
    ],
    [
      'undefined among the others',
      { current: current.signing, others: [undefined] },
      'keys.others[0] must be an object: { kid, algorithm, … }',
    ],
    [
      'a hole among the others',
      // One comma too many.
      { current: current.signing, others: [, rsa.verifying] },
      'keys.others[0] must be an object: { kid, algorithm, … }',
    ],
    [
      'an array among the others',
      { current: current.signing, others: [[rsa.verifying]] },
      'keys.others[0] must be an object: { kid, algorithm, … }',
    ],
    [
      'an unknown name in the ring',
      { curent: current.signing },
      'keys.curent is not an option; did you mean keys.current?',
    ],
    [
      'an unknown name in the current key',
      { current: { ...current.signing, retiresAt: after(1) } },
      'keys.current.retiresAt is not an option; did you mean keys.current.retireAt?',
    ],
    [
      'decodeAlgorithms on a key',
      { current: { ...current.signing, decodeAlgorithms: ['ES256'] } },
      'keys.current.decodeAlgorithms is not an option; remove it, or use one of keys.current.kid, ' +
        'keys.current.algorithm, keys.current.secret, keys.current.privateKey, keys.current.publicKey, ' +
        'keys.current.passphrase, keys.current.retireAt',
    ],
    [
      'an unknown name in one of the others',
      { current: current.signing, others: [{ ...rsa.verifying, key: 1 }] },
      'keys.others[0].key is not an option; did you mean keys.others[0].kid?',
    ],
    [
      'no algorithm',
      { current: { kid, privateKey, publicKey } },
      "keys.current.algorithm is missing: with a key pair it is required, such as 'RS256'",
    ],
    [
      'an unknown algorithm',
      { current: { ...current.signing, algorithm: 'ES257' } },
      'keys.current.algorithm is not a known algorithm; expected one of HS256, HS384, HS512, RS256, RS384, ' +
        'RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA',
    ],
    [
      'the algorithm none (R1)',
      { current: { ...current.signing, algorithm: 'none' } },
      "keys.current.algorithm is 'none': tokens without a signature are never accepted; expected one of " +
        'HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA',
    ],
    [
      'no key',
      { current: current.signing, others: [{ kid: 'k', algorithm: 'ES256' }] },
      'no key is given, or it is undefined: set keys.others[0].secret, or keys.others[0].privateKey ' +
        'and keys.others[0].publicKey',
    ],
    [
      'a secret beside a pair (R18)',
      { current: { ...current.signing, secret: SECRET } },
      'keys.current.secret and a key pair are both given: leave out the one that tokens do not use',
    ],
    [
      'a secret for an algorithm of key pairs (R18)',
      { current: { kid, algorithm, secret: SECRET } },
      'keys.current.algorithm ES256 needs keys.current.privateKey or keys.current.publicKey; ' +
        'keys.current.secret is for HS256, HS384 and HS512',
    ],
    [
      'a short RSA key that only verifies (R16)',
      {
        current: current.signing,
        others: [{ kid: 's', algorithm: 'RS256', publicKey: shortRsaPair().publicKey }],
      },
      'keys.others[0].publicKey is an RSA key of 1024 bits; RS256 needs at least 2048',
    ],
    [
      'a key of another curve (R16)',
      {
        current: current.signing,
        others: [{ kid: 's', algorithm: 'ES256', publicKey: ecPair('P-384').publicKey }],
      },
      'keys.others[0].publicKey is an EC key on secp384r1; ES256 needs one on prime256v1',
    ],
    [
      'a private and a public key of two pairs (R17)',
      { current: { ...current.signing, publicKey: announced.verifying.publicKey } },
      'keys.current.privateKey and keys.current.publicKey are not a pair: the public key does not verify what the private key signs',
    ],
    [
      'a passphrase for a key that is not encrypted',
      { current: { ...current.signing, passphrase: 'x' } },
      'keys.current.privateKey is not encrypted: leave keys.current.passphrase out, or give the encrypted key',
    ],
    [
      'an empty secret (R4)',
      { current: current.signing, others: [{ kid: 's', algorithm: 'HS256', secret: '' }] },
      'keys.others[0].secret is empty; expected a secret for HS256: text, bytes, a secret KeyObject or an oct JWK',
    ],
    ...badKids(),
    ...badDates(),
  ])('%s', async (_, keys, message) => {
    expect(await mistakeIn({ keys })).toEqual(configMistake(message));
  });

  it.each([
    ['secret', SECRET],
    ['privateKey', rsaPair().privateKey],
    ['publicKey', rsaPair().publicKey],
    ['passphrase', 'correct horse'],
    ['algorithm', 'HS256'],
    ['secret', null],
  ])('%s beside keys', async (name, value) => {
    expect(await mistakeIn({ keys: ring, [name]: value })).toEqual(
      configMistake(`keys and ${name} are both given: leave out ${name}`),
    );
  });

  it('decodeAlgorithms beside keys without jwksUri', async () => {
    const message =
      'decodeAlgorithms beside keys is for jwksUri alone: each key has its own algorithm';

    expect(await mistakeIn({ keys: ring, decodeAlgorithms: ['ES256'] })).toEqual(
      configMistake(message),
    );
  });

  it('null for keys beside decodeAlgorithms', async () => {
    expect(await mistakeIn({ keys: null, decodeAlgorithms: ['ES256'] })).toEqual(
      configMistake('keys must be an object: { current: { kid, algorithm, … } }'),
    );
  });

  it('allowWeakSecret as text, which has no path', async () => {
    expect(await mistakeIn({ keys: ring, allowWeakSecret: 'yes' })).toEqual(
      configMistake('allowWeakSecret must be true or false'),
    );
  });

  it('and no part of any key is in the message (R70)', async () => {
    const secret = `${SECRET}\n`;
    const { message } = await mistakeIn({
      keys: { current: { kid, algorithm: 'HS256', secret, privateKey: secret } },
    });

    expect(message).toContain('keys.current.secret');
    expect(message).not.toContain(SECRET.slice(0, 14));
  });
});

describe('A weak secret in a ring', () => {
  const keys = {
    current: current.signing,
    others: [{ kid: 'weak', algorithm: 'HS256', secret: 'changeme'.repeat(5) } as const],
  };

  it('is refused in production with its path, unless allowWeakSecret is set (R15)', async () => {
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    const { message } = await mistakeIn({ keys });
    const { tokens } = await startTokens({ ...ringOptions(keys), allowWeakSecret: true });
    process.env.NODE_ENV = NODE_ENV;

    expect(message).toMatch(/^keys\.others\[0\]\.secret is easy to guess/);
    expect(headerOf(await tokens.createAccessToken('alice')).kid).toBe(kid);
  });
});

describe('The current key of a ring', () => {
  it.each([current, announced, hmac, rsa, ed])(
    'signs, and its id is in the header: $kid',
    async (key) => {
      const { tokens } = await startTokens(ringOptions({ current: key.signing }));

      const pair = await tokens.createTokenPair('alice');

      for (const token of [pair.accessToken, pair.refreshToken]) {
        expect(headerOf(token)).toEqual({
          alg: key.signing.algorithm,
          typ: 'JWT',
          kid: key.kid,
        });
        expect(await tokens.verifyToken(token)).toBe(true);
      }
    },
  );

  it('may have an id of 256 printable characters of any kind', async () => {
    const longest = ' !"#$%&()*+,-./:;<=>?@[\\]^_`{|}~ __proto__ '.padEnd(256, '~');
    const { tokens } = await startTokens(
      ringOptions({ current: { ...current.signing, kid: longest } }),
    );

    const token = await tokens.createAccessToken('alice');

    expect(headerOf(token).kid).toBe(longest);
    expect(await tokens.verifyToken(token)).toBe(true);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'may be called %s, and no other key answers to that name (R6)',
    async (name) => {
      const own = ringKey(name, 'ES256', 'own');
      const { tokens } = await startTokens({
        ...ringOptions({ current: own.signing }),
        clock: new Clock().now,
      });

      expect(await tokens.decodeToken(own.token())).toMatchObject({ header: { kid: name } });
      expect(await refusalOf(tokens.decodeToken(stranger.token({}, { kid: name })))).toMatchObject({
        code: 'TOKEN_INVALID',
        message: 'Signature verification failed',
      });
    },
  );

  it('does not change, nor does retireAt, if the given objects change later', async () => {
    const clock = new Clock();
    const retireAt = after(60);
    const others = [{ ...retiring.verifying, retireAt }];
    const { tokens } = await startTokens({
      ...ringOptions({ current: current.signing, others }),
      clock: clock.now,
    });
    const token = retiring.token();

    others.length = 0;
    retireAt.setTime(0);

    expect(await tokens.decodeToken(token)).toMatchObject({ identity: 'alice' });
  });
});

describeTokens(
  'A ring of keys with different algorithms (R25)',
  { isVariant: true, options: ringOptions(ring) },
  [
    ['accepts a token of the current key', current.token(), LET_IN],
    ['accepts a token of an announced key', announced.token(), LET_IN],
    ['accepts a token of a key of HS256', hmac.token(), LET_IN],
    ['accepts a token of a key of RS256', rsa.token(), LET_IN],
    ['accepts a token of a key of EdDSA', ed.token(), LET_IN],
    ['accepts a token of a key that retires in a second', retiring.token(), LET_IN],
    ['refuses a token of a key that retires now', retired.token(), REFUSED],
    ['refuses a token of an unknown key', stranger.token(), REFUSED],
    ['accepts a token of the current key without a key id', current.token({}, noKid()), LET_IN],
    ...[announced, retiring, stranger].map((key): Row => [
      `refuses a token of ${key.kid}, which is not current, without a key id`,
      key.token({}, noKid()),
      REFUSED,
    ]),
    ...[hmac, rsa, ed].map((key): Row => [
      `refuses a token of ${key.kid}, which has another algorithm than the current key, without a key id`,
      key.token({}, noKid()),
      NOT_ALLOWED,
    ]),
  ],
);

/** Tokens of every key of the ring under the id of every other. */
function underOtherIds(): Row[] {
  const keys = [current, announced, hmac, rsa, ed];
  return keys.flatMap((key) =>
    keys
      .filter((other) => other !== key)
      .map((other): Row => {
        const sameAlgorithm = key.signing.algorithm === other.signing.algorithm;
        const token = key.token({}, { kid: other.kid });
        return [
          `of ${key.kid} is refused under the id ${other.kid}`,
          token,
          sameAlgorithm ? REFUSED : NOT_ALLOWED,
        ];
      }),
  );
}

describeTokens(
  'A token (R25)',
  { isVariant: true, options: ringOptions(ring) },
  underOtherIds().concat([
    [
      'signed with a public key as a secret is refused (R3)',
      forgeAs('HS256', claimsAtNow(), {
        header: { alg: 'HS256', typ: 'JWT', kid: rsa.kid },
        key: createSecretKey(Buffer.from(rsaPublicPem())),
      }),
      NOT_ALLOWED,
    ],
    [
      'signed with a public key as a secret, under the id of a secret, is refused (R3)',
      forgeAs('HS256', claimsAtNow(), {
        header: { alg: 'HS256', typ: 'JWT', kid: hmac.kid },
        key: createSecretKey(Buffer.from(rsaPublicPem())),
      }),
      REFUSED,
    ],
    [
      'of an RSA key under PS256, which no key of the ring allows, is refused (R2)',
      forgeAs('PS256', claimsAtNow(), {
        header: { alg: 'PS256', typ: 'JWT', kid: rsa.kid },
        key: rsaKey(),
      }),
      NOT_ALLOWED,
    ],
  ]),
);

/** Ids with which an attacker tries to reach something other than a key of the ring. */
const STRANGE_IDS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'length',
  '0',
  'undefined',
  'null',
  "' OR '1'='1",
  "' UNION SELECT 'secret' --",
  '"; DROP TABLE keys; --',
  '../../../../../../dev/null',
  '/dev/null',
  '/proc/self/environ',
  'C:\\keys\\key.pem',
  'file:///dev/null',
  'http://127.0.0.1:1/jwks.json',
  '$(id)',
  '| sleep 10',
  '`id`',
  '%00',
  '*',
  '.*',
  '{"$ne":null}',
  ' 2026-11',
  '2026-11 ',
  '2026-1',
  '2026-111',
  'HMAC',
  'k'.repeat(256),
];

/** Values that are not key ids. */
const NO_IDS: readonly (readonly [string, unknown])[] = [
  ['empty', ''],
  ['longer than any', 'k'.repeat(257)],
  ['a kilobyte long', 'k'.repeat(1024)],
  ['a zero byte', '\0'],
  ["the current key's and a zero byte", '2026-11\0'],
  ["the current key's and a line end", '2026-11\n'],
  ['a line end and a header', 'k\r\nSet-Cookie: a=b'],
  ['binary', '\x01\x02\x7f'],
  ['beyond ASCII', 'ключ'],
  ['half a character', '\ud800'],
  ['null', null],
  ['a number', 202611],
  ['true', true],
  ['an array with the right one', ['2026-11']],
  ['an object', { toString: '2026-11' }],
];

describeTokens('A key id (R6)', { isVariant: true, options: ringOptions(ring) }, [
  ...STRANGE_IDS.map((id): Row => [
    `is refused if no key has it: ${id.slice(0, 40)}`,
    current.token({}, { kid: id }),
    REFUSED,
  ]),
  ...NO_IDS.map(([what, id]): Row => [
    `is refused as malformed: ${what}`,
    current.token({}, { kid: id }),
    BAD_KID,
  ]),
  [
    'is refused in a token that is too long (R7)',
    current.token({}, { kid: 'k'.repeat(5000) }),
    invalid('Token is too long'),
  ],
  [
    'of an empty file is refused with an empty secret (R4)',
    forgeAs('HS256', claimsAtNow(), {
      header: { alg: 'HS256', typ: 'JWT', kid: '/dev/null' },
      key: createSecretKey(Buffer.alloc(0)),
    }),
    REFUSED,
  ],
]);

describe('A key of a ring that retires', () => {
  it('verifies until retireAt, and nothing from then on (R25)', async () => {
    const clock = new Clock();
    const others = [{ ...retiring.verifying, retireAt: after(60) }];
    const { tokens } = await startTokens({
      ...ringOptions({ current: current.signing, others }),
      clock: clock.now,
    });
    const token = retiring.token();

    clock.forward(59.999);
    expect(await tokens.decodeToken(token)).toMatchObject({ identity: 'alice' });

    clock.forward(0.001);
    expect(await refusalOf(tokens.decodeToken(token))).toMatchObject({
      code: 'TOKEN_INVALID',
      message: 'Signature verification failed',
    });
    expect(await tokens.verifyToken(current.token())).toBe(true);

    // If the clock is set back, its time counts.
    clock.forward(-1);
    expect(await tokens.verifyToken(token)).toBe(true);
  });

  it('is not replaced by the current key for a token of its id', async () => {
    const { tokens } = await startTokens({ ...ringOptions(ring), clock: new Clock().now });
    const token = current.token({}, { kid: retired.kid });

    expect(await tokens.verifyToken(token)).toBe(false);
  });
});

describe('A module without the option keys', () => {
  it.each(['2026-11', '__proto__', 'k'.repeat(256)])(
    'ignores the key id %s, because it has only one key',
    async (id) => {
      const { tokens } = await startTokens({
        secret: undefined,
        algorithm,
        privateKey,
        publicKey,
        clock: new Clock().now,
      });

      expect(await tokens.decodeToken(current.token({}, { kid: id }))).toMatchObject({
        header: { kid: id },
      });
      expect(await tokens.verifyToken(stranger.token({}, { kid: id }))).toBe(false);
    },
  );
});

describe('A ring', () => {
  it('hides its keys from inspect and JSON (R79)', async () => {
    const { module } = await startTokens(ringOptions({ current: hmac.signing }));
    const keyRing = module.get(KeyRing);

    const printed =
      inspect(keyRing, { depth: Infinity, showHidden: true }) +
      inspect(keyRing.contents, { depth: Infinity, showHidden: true }) +
      JSON.stringify(keyRing.contents);

    expect(printed).not.toMatch(/KeyObject|"k"|secret/i);
  });
});

function badKids(): [string, unknown, string][] {
  const kids = [undefined, null, 7, '', 'k'.repeat(257), 'ключ', 'a\nb', '\0', ['a'], {}];
  const wrong = (value: unknown) => ({ ...current.signing, kid: value });
  return kids.flatMap((value) => [
    [
      `${String(JSON.stringify(value)).slice(0, 12)} for the kid of the current key`,
      { current: wrong(value) },
      'keys.current.kid must be 1 to 256 characters of printable ASCII',
    ],
    [
      `${String(JSON.stringify(value)).slice(0, 12)} for the kid of another key`,
      { current: current.signing, others: [rsa.verifying, wrong(value)] },
      'keys.others[1].kid must be 1 to 256 characters of printable ASCII',
    ],
  ]);
}

function badDates(): [string, unknown, string][] {
  const dates: readonly (readonly [string, unknown])[] = [
    ['text', '2026-12-15'],
    ['a number', 1_795_000_000_000],
    ['an invalid date', new Date(NaN)],
    ['null', null],
  ];
  return dates.map(([what, retireAt]) => [
    `${what} for retireAt`,
    { current: current.signing, others: [{ ...rsa.verifying, retireAt } as KeyInput] },
    'keys.others[0].retireAt must be a valid Date',
  ]);
}

function noKid() {
  return { kid: undefined };
}

function rsaKey() {
  return rsaPair(rsa.kid).privateKey;
}

function rsaPublicPem() {
  return rsaPair(rsa.kid).publicKey.export({ format: 'pem', type: 'spki' });
}

const COUNT = 20;
const ALGORITHMS: readonly Algorithm[] = ['HS256', 'ES256', 'EdDSA', 'ES384'];

/** Every tenth module has a secret and no ring; the others have rings, all with the same kid. */
const keysFor = (index: number) =>
  index % 10 === 9
    ? { secret: createHmac('sha512', SECRET).update(`module ${index}`).digest('hex') }
    : { keys: { current: ringFor(index).signing } };

const ringFor = (index: number) =>
  ringKey('key', ALGORITHMS[index % ALGORITHMS.length] as Algorithm, `module ${index}`);

/** A feature with its own keys and strategies. */
function feature(index: number): Type {
  @Controller(`feature-${index}`)
  class FeatureController {
    @UseGuards(AccessGuard)
    @Get('guarded')
    guarded(@CurrentIdentity() identity: string) {
      return { index, identity };
    }

    @UseGuards(AuthGuard(`feature-${index}-access`))
    @Get('passport')
    passport(@CurrentIdentity() identity: string) {
      return { index, identity };
    }
  }

  const jwt = JwtExtendedModule.forRoot({
    ...keysFor(index),
    isGlobal: false,
  });
  const strategies = JwtPassportModule.register({ prefix: `feature-${index}`, imports: [jwt] });

  @Module({ imports: [jwt, strategies], controllers: [FeatureController] })
  class FeatureModule {}
  return FeatureModule;
}

describe('Twenty modules of one application', () => {
  let testing: TestingModule;
  let app: RunningApp;
  let services: TokenService[];
  let tokens: string[];

  beforeAll(async () => {
    const imports = Array.from({ length: COUNT }, (_, index) => feature(index));
    testing = await Test.createTestingModule({ imports }).compile();
    app = await RunningApp.start(testing.createNestApplication());
    services = testing.get(TokenService, { strict: false, each: true });
    tokens = await Promise.all(services.map((service) => service.createAccessToken('alice')));
  });
  afterAll(() => app.close());

  it('sign with different keys', () => {
    expect(services).toHaveLength(COUNT);
    expect(new Set(tokens.map((token) => token.split('.')[2])).size).toBe(COUNT);
    expect(tokens.map((token) => headerOf(token).kid)).toEqual(
      tokens.map((_, index) => (index % 10 === 9 ? undefined : 'key')),
    );
  });

  it('accept no token of another module, whatever its key id and algorithm (R23)', async () => {
    const verdicts = await Promise.all(
      services.map((service) => Promise.all(tokens.map((token) => service.verifyToken(token)))),
    );

    expect(verdicts).toEqual(services.map((_, row) => tokens.map((_, column) => row === column)));
  });

  it.each(['guarded', 'passport'])(
    'refuse tokens of another module on routes with %s (R23, F17)',
    async (route) => {
      for (const [own] of services.entries()) {
        const statuses = await Promise.all(
          tokens.map(async (token) => {
            const { status, body } = await app.send('GET', `/feature-${own}/${route}`, { token });
            return status === 200 ? body : status;
          }),
        );
        expect(statuses).toEqual(
          tokens.map((_, index) => (index === own ? { index, identity: 'alice' } : 422)),
        );
      }
    },
  );

  it('rotate their keys independently (R23)', async () => {
    const rings = testing.get(KeyRing, { strict: false, each: true });
    expect(new Set(rings).size).toBe(COUNT);
    const successor = ringKey('successor', 'EdDSA');

    await rings[0]?.rotate({ current: successor.signing });

    const kids = await Promise.all(
      services.map(async (service) => headerOf(await service.createAccessToken('alice')).kid),
    );
    expect(kids[0]).toBe('successor');
    expect(new Set(kids.slice(1))).toEqual(new Set(['key', undefined]));
    const ofSuccessor = (await services[0]?.createAccessToken('alice')) ?? '';
    for (const [index, service] of services.entries()) {
      expect(await service.verifyToken(ofSuccessor)).toBe(index === 0);
      expect(await service.verifyToken(tokens[index] ?? '')).toBe(true);
    }
  });

  it('publish different keys', () => {
    const sets = testing
      .get(KeyRing, { strict: false, each: true })
      .map((ring) => ring.jwks().keys);
    const points = sets.flatMap((keys) => keys.map(({ x }) => x));

    expect(new Set(points).size).toBe(points.length);
    expect(points.length).toBeGreaterThan(10);
  });
});
