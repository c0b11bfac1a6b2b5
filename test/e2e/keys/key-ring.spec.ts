import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type Type, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { Test, type TestingModule } from '@nestjs/testing';
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import {
  AccessGuard,
  type Algorithm,
  CurrentIdentity,
  JwtExtendedModule,
  KeyRing,
  type KeyRingOptions,
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
import { mistakesOf } from '../../unit/keys/mistake.js';
import { after, configMistake, mistakeIn, ringKey, ringOptions } from './ring-keys.js';

const REFUSED = invalid('Signature verification failed');
const NOT_ALLOWED = invalid('The specified alg value is not allowed');
const NAMELESS = invalid('Token has no kid');
const BAD_KID = invalid('Key ID header parameter must be a string');
const BAD_SIGNATURE = { code: 'TOKEN_INVALID', message: 'Signature verification failed' };
/** Members of a header without a key id. */
const NO_KID = { kid: undefined };

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

const named = (kid: unknown) => String(JSON.stringify(kid)).slice(0, 12);
const BAD_KIDS = [undefined, null, 7, '', 'k'.repeat(257), 'ключ', 'a\nb', '\0', ['a'], {}];
const withCurrent = (members: object) => ({ current: { ...current.signing, ...members } });
const withOthers = (...others: readonly unknown[]) => ({ current: current.signing, others });
const ofRsa = (publicKey: unknown) => withOthers({ kid: 's', algorithm: 'RS256', publicKey });
const retiringAt = (retireAt: unknown) => withOthers({ ...rsa.verifying, retireAt });
const ALL =
  'HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA';

describe('A mistake in the option keys is refused at start', () => {
  const mistakes = mistakesOf({
    'keys.current is missing: name the key that signs': {
      'no current key': { others: [rsa.verifying] },
      'an empty ring': {},
    },
    'keys must be an object: { current: { kid, algorithm, … } }': {
      'null for the ring': null,
      'text for the ring': 'secret',
      'an array for the ring': [current.signing],
    },
    'keys.current must be an object: { kid, algorithm, … }': {
      'null for the current key': { current: null },
      'empty text for the current key': { current: '' },
      'false for the current key': { current: false },
      'a secret for the current key': { current: SECRET },
    },
    'keys.current needs secret or privateKey, because it signs': {
      'a current key that cannot sign': { current: current.verifying },
    },
    'keys.current must have no retireAt, because it signs: put a key that retires into keys.others':
      { 'a current key that retires': withCurrent({ retireAt: after(60) }) },
    "keys has two keys with the kid '2026-11': give each its own": {
      'one id for two keys': withOthers(ringKey(kid, 'ES256', 'another').verifying),
    },
    "keys has two keys with the kid 'rsa': give each its own": {
      'one id for two of the others': withOthers(rsa.verifying, ringKey('rsa', 'ES256').verifying),
    },
    'keys.others must be an array of keys': {
      'one key for the others': { current: current.signing, others: rsa.verifying },
      'null for the others': { current: current.signing, others: null },
    },
    'keys.others[1] must be an object: { kid, algorithm, … }': {
      'null among the others': withOthers(rsa.verifying, null),
    },
    'keys.others[0] must be an object: { kid, algorithm, … }': {
      'undefined among the others': withOthers(undefined),
      // One comma too many.
      'a hole among the others': { current: current.signing, others: [, rsa.verifying] },
      'an array among the others': withOthers([rsa.verifying]),
    },
    'keys.curent is not an option; did you mean keys.current?': {
      'an unknown name in the ring': { curent: current.signing },
    },
    'keys.current.retiresAt is not an option; did you mean keys.current.retireAt?': {
      'an unknown name in the current key': withCurrent({ retiresAt: after(1) }),
    },
    ['keys.current.decodeAlgorithms is not an option; remove it, or use one of keys.current.kid, ' +
    'keys.current.algorithm, keys.current.secret, keys.current.privateKey, keys.current.publicKey, ' +
    'keys.current.passphrase, keys.current.retireAt']: {
      'decodeAlgorithms on a key': withCurrent({ decodeAlgorithms: ['ES256'] }),
    },
    'keys.others[0].key is not an option; did you mean keys.others[0].kid?': {
      'an unknown name in one of the others': withOthers({ ...rsa.verifying, key: 1 }),
    },
    "keys.current.algorithm is missing: with a key pair it is required, such as 'RS256'": {
      'no algorithm': { current: { kid, privateKey, publicKey } },
    },
    [`keys.current.algorithm is not a known algorithm; expected one of ${ALL}`]: {
      'an unknown algorithm': withCurrent({ algorithm: 'ES257' }),
    },
    [`keys.current.algorithm is 'none': tokens without a signature are never accepted; expected one of ${ALL}`]:
      { 'the algorithm none (R1)': withCurrent({ algorithm: 'none' }) },
    ['no key is given, or it is undefined: set keys.others[0].secret, or keys.others[0].privateKey ' +
    'and keys.others[0].publicKey']: { 'no key': withOthers({ kid: 'k', algorithm: 'ES256' }) },
    'keys.current.secret and a key pair are both given: leave out the one that tokens do not use': {
      'a secret beside a pair (R18)': withCurrent({ secret: SECRET }),
    },
    ['keys.current.algorithm ES256 needs keys.current.privateKey or keys.current.publicKey; ' +
    'keys.current.secret is for HS256, HS384 and HS512']: {
      'a secret for an algorithm of key pairs (R18)': {
        current: { kid, algorithm, secret: SECRET },
      },
    },
    'keys.others[0].publicKey is an RSA key of 1024 bits; RS256 needs at least 2048': {
      'a short RSA key that only verifies (R16)': ofRsa(shortRsaPair().publicKey),
    },
    'keys.others[0].publicKey is an EC key on secp384r1; ES256 needs one on prime256v1': {
      'a key of another curve (R16)': withOthers({
        kid: 's',
        algorithm: 'ES256',
        publicKey: ecPair('P-384').publicKey,
      }),
    },
    ['keys.current.privateKey and keys.current.publicKey are not a pair: the public key does not ' +
    'verify what the private key signs']: {
      'a private and a public key of two pairs (R17)': withCurrent({
        publicKey: announced.verifying.publicKey,
      }),
    },
    ['keys.current.privateKey is not encrypted: leave keys.current.passphrase out, or give the ' +
    'encrypted key']: {
      'a passphrase for a key that is not encrypted': withCurrent({ passphrase: 'x' }),
    },
    ['keys.others[0].secret is empty; expected a secret for HS256: text, bytes, a secret KeyObject ' +
    'or an oct JWK']: {
      'an empty secret (R4)': withOthers({ kid: 's', algorithm: 'HS256', secret: '' }),
    },
    'keys.current.kid must be 1 to 256 characters of printable ASCII': Object.fromEntries(
      BAD_KIDS.map((kid) => [`${named(kid)} for the kid of the current key`, withCurrent({ kid })]),
    ),
    'keys.others[1].kid must be 1 to 256 characters of printable ASCII': Object.fromEntries(
      BAD_KIDS.map((kid) => [
        `${named(kid)} for the kid of another key`,
        withOthers(rsa.verifying, { ...current.signing, kid }),
      ]),
    ),
    'keys.others[0].retireAt must be a valid Date': {
      'text for retireAt': retiringAt('2026-12-15'),
      'a number for retireAt': retiringAt(1_795_000_000_000),
      'an invalid date for retireAt': retiringAt(new Date(NaN)),
      'null for retireAt': retiringAt(null),
    },
  });
  it.each(mistakes)('%s', async (_, keys, message) => {
    expect(await mistakeIn({ keys })).toEqual(configMistake(message));
  });

  const besideKeys = [
    ['secret', SECRET],
    ['privateKey', rsaPair().privateKey],
    ['publicKey', rsaPair().publicKey],
    ['passphrase', 'correct horse'],
    ['algorithm', 'HS256'],
    ['decodeAlgorithms', ['ES256']],
    ['secret', null],
  ] as const;
  it.each<[string, object, string]>([
    ...besideKeys.map(([name, value]): [string, object, string] => [
      `${name} beside keys`,
      { keys: ring, [name]: value },
      `keys and ${name} are both given: leave out ${name}`,
    ]),
    [
      'allowWeakSecret as text, which has no path',
      { keys: ring, allowWeakSecret: 'yes' },
      'allowWeakSecret must be true or false',
    ],
  ])('%s', async (_, options, message) => {
    expect(await mistakeIn(options)).toEqual(configMistake(message));
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

/** A module with these keys, whose clock stands at `NOW`. */
async function startRing(keys: KeyRingOptions, clock = new Clock()) {
  return (await startTokens({ ...ringOptions(keys), clock: clock.now })).tokens;
}

describe('A weak secret in a ring', () => {
  const keys = withOthers({ kid: 'weak', algorithm: 'HS256', secret: 'changeme'.repeat(5) });

  it('is refused in production with its path, unless allowWeakSecret is set (R15)', async () => {
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    const { message } = await mistakeIn({ keys });
    const options = { ...ringOptions(keys as KeyRingOptions), allowWeakSecret: true };
    const { tokens } = await startTokens(options);
    process.env.NODE_ENV = NODE_ENV;

    expect(message).toMatch(/^keys\.others\[0\]\.secret is easy to guess/);
    expect(headerOf(await tokens.createAccessToken('alice')).kid).toBe(kid);
  });
});

describe('The current key of a ring', () => {
  it.each([current, announced, hmac, rsa, ed])(
    'signs, and its id is in the header: $kid',
    async ({ kid, signing }) => {
      const { tokens } = await startTokens(ringOptions({ current: signing }));

      const pair = await tokens.createTokenPair('alice');

      const made = { access: pair.accessToken, refresh: pair.refreshToken };
      for (const type of ['access', 'refresh'] as const) {
        expect(headerOf(made[type])).toEqual({ alg: signing.algorithm, typ: 'JWT', kid });
        expect(await tokens.verifyToken(made[type], { type })).toBe(true);
      }
    },
  );

  it('may have an id of 256 printable characters of any kind', async () => {
    const longest = ' !"#$%&()*+,-./:;<=>?@[\\]^_`{|}~ __proto__ '.padEnd(256, '~');
    const tokens = await startRing({ current: { ...current.signing, kid: longest } });

    const token = await tokens.createAccessToken('alice');

    expect(headerOf(token).kid).toBe(longest);
    expect(await tokens.verifyToken(token)).toBe(true);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'may be called %s, and no other key answers to that name (R6)',
    async (name) => {
      const own = ringKey(name, 'ES256', 'own');
      const tokens = await startRing({ current: own.signing });
      const strange = stranger.token({}, { kid: name });

      expect(await tokens.decodeToken(own.token())).toMatchObject({ header: { kid: name } });
      expect(await refusalOf(tokens.decodeToken(strange))).toMatchObject(BAD_SIGNATURE);
    },
  );

  it('does not change, nor does retireAt, if the given objects change later', async () => {
    const retireAt = after(60);
    const others = [{ ...retiring.verifying, retireAt }];
    const tokens = await startRing({ current: current.signing, others });
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
    ['accepts a token of the current key without a key id', current.token({}, NO_KID), LET_IN],
    ...[announced, retiring, stranger].map((key): Row => [
      `refuses a token of ${key.kid}, which is not current, without a key id`,
      key.token({}, NO_KID),
      NAMELESS,
    ]),
    ...[hmac, rsa, ed].map((key): Row => [
      `refuses a token of ${key.kid}, which has another algorithm than the current key, without a key id`,
      key.token({}, NO_KID),
      NAMELESS,
    ]),
  ],
);

/** Tokens of every key of the ring under the id of every other. */
function underOtherIds(): Row[] {
  const keys = [current, announced, hmac, rsa, ed];
  return keys.flatMap((key) =>
    keys
      .filter((other) => other !== key)
      .map((other): Row => [
        `of ${key.kid} is refused under the id ${other.kid}`,
        key.token({}, { kid: other.kid }),
        key.signing.algorithm === other.signing.algorithm ? REFUSED : NOT_ALLOWED,
      ]),
  );
}

const rsaKeys = rsaPair(rsa.kid);
const rsaPem = rsaKeys.publicKey.export({ format: 'pem', type: 'spki' });
const forged = (alg: Algorithm, kid: string, key: KeyObject) =>
  forgeAs(alg, claimsAtNow(), { header: { alg, typ: 'JWT', kid }, key });

describeTokens('A token (R25)', { isVariant: true, options: ringOptions(ring) }, [
  ...underOtherIds(),
  [
    'signed with a public key as a secret is refused (R3)',
    forged('HS256', rsa.kid, createSecretKey(Buffer.from(rsaPem))),
    NOT_ALLOWED,
  ],
  [
    'signed with a public key as a secret, under the id of a secret, is refused (R3)',
    forged('HS256', hmac.kid, createSecretKey(Buffer.from(rsaPem))),
    REFUSED,
  ],
  [
    'of an RSA key under PS256, which no key of the ring allows, is refused (R2)',
    forged('PS256', rsa.kid, rsaKeys.privateKey),
    NOT_ALLOWED,
  ],
]);

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
    forged('HS256', '/dev/null', createSecretKey(Buffer.alloc(0))),
    REFUSED,
  ],
]);

describe('A key of a ring that retires', () => {
  it('verifies until retireAt, and nothing from then on (R25)', async () => {
    const clock = new Clock();
    const others = [{ ...retiring.verifying, retireAt: after(60) }];
    const tokens = await startRing({ current: current.signing, others }, clock);
    const token = retiring.token();

    clock.forward(59.999);
    expect(await tokens.decodeToken(token)).toMatchObject({ identity: 'alice' });

    clock.forward(0.001);
    expect(await refusalOf(tokens.decodeToken(token))).toMatchObject(BAD_SIGNATURE);
    expect(await tokens.verifyToken(current.token())).toBe(true);

    // If the clock is set back, its time counts.
    clock.forward(-1);
    expect(await tokens.verifyToken(token)).toBe(true);
  });

  it('is not replaced by the current key for a token of its id', async () => {
    const tokens = await startRing(ring);

    expect(await tokens.verifyToken(current.token({}, { kid: retired.kid }))).toBe(false);
  });
});

describe('A module without the option keys', () => {
  it.each(['2026-11', '__proto__', 'k'.repeat(256)])(
    'ignores the key id %s, because it has only one key',
    async (id) => {
      const options = { secret: undefined, algorithm, privateKey, publicKey };
      const { tokens } = await startTokens({ ...options, clock: new Clock().now });
      const header = { kid: id };

      expect(await tokens.decodeToken(current.token({}, header))).toMatchObject({ header });
      expect(await tokens.verifyToken(stranger.token({}, header))).toBe(false);
    },
  );
});

describe('A ring', () => {
  it('hides its keys from inspect and JSON (R79)', async () => {
    const { module } = await startTokens(ringOptions({ current: hmac.signing }));
    const keyRing = module.get(KeyRing);
    const shown = { depth: Infinity, showHidden: true };

    const printed =
      inspect(keyRing, shown) + inspect(keyRing.contents, shown) + JSON.stringify(keyRing.contents);

    expect(printed).not.toMatch(/KeyObject|"k"|secret/i);
  });
});

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

  const jwt = JwtExtendedModule.forRoot({ ...keysFor(index), isGlobal: false });
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

  it('sign with different keys, and publish different keys', () => {
    expect(services).toHaveLength(COUNT);
    expect(new Set(tokens.map((token) => token.split('.')[2])).size).toBe(COUNT);
    expect(tokens.map((token) => headerOf(token).kid)).toEqual(
      tokens.map((_, index) => (index % 10 === 9 ? undefined : 'key')),
    );
    const rings = testing.get(KeyRing, { strict: false, each: true });
    const points = rings.flatMap((keyRing) => keyRing.jwks().keys.map(({ x }) => x));
    expect(new Set(points).size).toBe(points.length);
    expect(points.length).toBeGreaterThan(10);
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
});
