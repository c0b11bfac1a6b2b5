import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import type { KeyOptions } from '../../../../src/options/key-options.js';
import { configureKeys, importKeyInput } from '../../../../src/keys/configure-keys.js';
import {
  ecPair,
  ed25519Pair,
  rsaPair,
  rsaPssPair,
  shortRsaPair,
  strongSecret,
} from '../../../support/keys.js';
import { expectNothingOf, mistakeOf } from './mistake.js';

const secret = strongSecret();
const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as string;
const privateKey = pem(rsaPair().privateKey);
const publicKey = pem(rsaPair().publicKey);
const configure = (options: object, loaders?: { encodeKey: boolean; decodeKey: boolean }) =>
  configureKeys(options as KeyOptions, loaders);
const mistakeIn = (options: object, loaders?: { encodeKey: boolean; decodeKey: boolean }) =>
  mistakeOf(() => configure(options, loaders), secret, privateKey, publicKey);

let warn: ReturnType<typeof jest.spyOn>;
beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  delete process.env.NODE_ENV;
  jest.restoreAllMocks();
});

describe('Keys of the options', () => {
  it('are HS256 with a secret, which signs and verifies', () => {
    const keys = configure({ secret });

    expect(keys.algorithm).toBe('HS256');
    expect(keys.algorithms).toEqual(['HS256']);
    expect(keys.signingKey?.export()).toEqual(Buffer.from(secret));
    expect(keys.verificationKey).toBe(keys.signingKey);
    expect(warn).not.toHaveBeenCalled();
  });

  it.each([
    ['RS256', rsaPair()],
    ['PS384', rsaPair()],
    ['PS256', rsaPssPair('sha256')],
    ['ES256', ecPair('P-256')],
    ['ES384', ecPair('P-384')],
    ['ES512', ecPair('P-521')],
    ['EdDSA', ed25519Pair()],
  ] as const)('may be both halves of a pair, for %s', (algorithm, pair) => {
    const keys = configure({ ...pair, algorithm });

    expect(keys.signingKey).toBe(pair.privateKey);
    expect(keys.verificationKey).toBe(pair.publicKey);
  });

  it('may be a private half alone, from which the public one follows', () => {
    const keys = configure({ privateKey, algorithm: 'RS256' });

    expect(keys.verificationKey?.type).toBe('public');
    expect(keys.verificationKey?.equals(createPublicKey(publicKey))).toBe(true);
  });

  it('may be a public half alone, in a service that only verifies', () => {
    const keys = configure({ publicKey, algorithm: 'RS256' });

    expect(keys.signingKey).toBeUndefined();
    expect(keys.verificationKey?.type).toBe('public');
  });

  it.each([
    [
      'another pair',
      { privateKey, publicKey: pem(rsaPair('second').publicKey), algorithm: 'RS256' },
    ],
    [
      'another curve pair',
      { ...ecPair(), publicKey: ecPair('P-256', 'second').publicKey, algorithm: 'ES256' },
    ],
    [
      'another Edwards pair',
      { ...ed25519Pair(), publicKey: ed25519Pair('second').publicKey, algorithm: 'EdDSA' },
    ],
  ])('are refused if the halves are of %s (R17)', (_, options) => {
    expect(mistakeIn(options)).toContain('privateKey and publicKey are no pair');
  });

  it('are refused if the private half does not belong to itself (R17)', () => {
    const { n } = rsaPair('second').publicKey.export({ format: 'jwk' });
    const mixed = { ...rsaPair().privateKey.export({ format: 'jwk' }), n };

    expect(mistakeIn({ privateKey: mixed, algorithm: 'RS256' })).toContain('privateKey is damaged');
  });

  it('show themselves to nobody (R79)', () => {
    const keys = configure({ secret });
    const shown = [
      inspect(keys),
      JSON.stringify(keys),
      Object.keys(keys).join(),
      inspect({ keys }, { depth: 9 }),
    ];

    expectNothingOf(
      [secret, Buffer.from(secret).toString('hex')],
      inspect(keys, { showHidden: true }),
    );
    expect(shown.join()).not.toMatch(/signingKey|verificationKey|KeyObject/);
    expect(Object.isFrozen(keys)).toBe(true);
    expect(Object.isFrozen(keys.algorithms)).toBe(true);
  });
});

const mistakes: readonly (readonly [string, object, string])[] = [
  ['a secret beside a private key', { secret, privateKey, algorithm: 'HS256' }, 'both given'],
  ['a secret beside a public key', { secret, publicKey, algorithm: 'RS256' }, 'both given'],
  ['no key', {}, 'no key is given, or it is undefined: set secret, or privateKey and publicKey'],
  ['a secret that is undefined', { secret: undefined }, 'no key is given, or it is undefined'],
  ['an empty secret', { secret: '' }, 'secret is empty'],
  ['a secret that is null', { secret: null }, 'secret looks like null'],
  [
    'a public key for a secret',
    { secret: publicKey },
    'secret looks like a public key in PEM form',
  ],
  [
    'an asymmetric algorithm with a secret',
    { secret, algorithm: 'RS256' },
    'needs privateKey or publicKey',
  ],
  [
    'HS256 with a pair',
    { privateKey, publicKey, algorithm: 'HS256' },
    'algorithm HS256 needs secret',
  ],
  ['HS256 with a public key', { publicKey, algorithm: 'HS256' }, 'algorithm HS256 needs secret'],
  [
    'no algorithm with a pair',
    { privateKey, publicKey },
    "with a key pair it must be named, such as 'RS256'",
  ],
  [
    'halves the other way round',
    { privateKey: publicKey, publicKey: privateKey, algorithm: 'RS256' },
    'looks like',
  ],
];

describe('A mistake in the choice of keys', () => {
  it.each(mistakes)('is %s (R18)', (_, options, said) => {
    expect(mistakeIn(options)).toContain(said);
  });

  it('is allowWeakSecret as text, which concerns all keys together', () => {
    const input = { secret, allowWeakSecret: 'yes' };
    const among = () => importKeyInput(input as unknown as KeyOptions, 'keys.others[0]');

    expect(mistakeIn(input)).toBe('allowWeakSecret must be true or false');
    expect(mistakeOf(among, secret)).toBe('allowWeakSecret must be true or false');
  });
});

describe('One key among several', () => {
  const where = 'keys.others[0]';
  const take = (input: object) => importKeyInput(input as KeyOptions, where);
  const mistakeAmong = (input: object) => mistakeOf(() => take(input), secret, privateKey);

  it('is imported as if it were the only one', () => {
    expect(take({ secret }).signingKey?.export()).toEqual(Buffer.from(secret));
    expect(take({ ...ecPair(), algorithm: 'ES256' }).verificationKey).toBe(ecPair().publicKey);
    expect(take({ publicKey, algorithm: 'PS256' }).algorithms).toEqual(['PS256']);
  });

  it('may stand beside what only the ring reads', () => {
    expect(take({ kid: '2026-01', retireAt: new Date(), secret }).algorithm).toBe('HS256');
  });

  it.each([
    ...mistakes,
    ['an unknown algorithm', { secret, algorithm: 'HS1' }, ''],
    ['a list that is none', { secret, decodeAlgorithms: 'HS256' }, ''],
    ['a list of two families', { secret, decodeAlgorithms: ['RS256'] }, ''],
    ['a short key', { publicKey: shortRsaPair().publicKey, algorithm: 'RS256' }, ''],
    [
      'a damaged key',
      { ...ecPair(), publicKey: ecPair('P-256', 'second').publicKey, algorithm: 'ES256' },
      '',
    ],
    ['a needless passphrase', { secret, passphrase: 'open sesame' }, ''],
  ])('is refused with its path in the words of a lone key: %s (R18)', (_, options) => {
    const message = mistakeAmong(options);

    expect(message).toContain(`${where}.`);
    expect(message.replaceAll(`${where}.`, '')).toBe(mistakeIn(options));
  });

  it('is warned about, and refused in production, by its path if it is weak (R15)', () => {
    take({ secret: 'secret' });
    expect(String(warn.mock.calls[0]?.[0])).toContain('keys.others[0].secret is too short');

    process.env.NODE_ENV = 'production';
    expect(mistakeAmong({ secret: 'secret' })).toContain('keys.others[0].secret is too short');
    expect(take({ secret: 'secret', allowWeakSecret: true }).algorithm).toBe('HS256');
  });
});

describe('Loaders of keys', () => {
  it('both together make up for keys, if the algorithm is named', () => {
    const loaders = { encodeKey: true, decodeKey: true };
    const keys = configure({ algorithm: 'ES256' }, loaders);

    expect(keys.algorithms).toEqual(['ES256']);
    expect([keys.signingKey, keys.verificationKey]).toEqual([undefined, undefined]);
    expect(mistakeIn({}, loaders)).toContain('with keys that loaders give it must be named');
  });

  it('suffice for a service that only verifies if there is decodeKey', () => {
    expect(
      configure({ algorithm: 'RS256' }, { encodeKey: false, decodeKey: true }).signingKey,
    ).toBeUndefined();
  });

  it('do not suffice if there is only encodeKey', () => {
    expect(mistakeIn({ algorithm: 'RS256' }, { encodeKey: true, decodeKey: false })).toContain(
      'or loaders.decodeKey beside loaders.encodeKey',
    );
  });

  it('leave configured keys where they are', () => {
    expect(configure({ secret }, { encodeKey: true, decodeKey: true }).signingKey).toBeDefined();
  });
});

describe('A weak secret in the options', () => {
  it('is warned about once, and refused in production (R15)', () => {
    configure({ secret: 'secret' });
    expect(warn).toHaveBeenCalledTimes(1);

    process.env.NODE_ENV = 'production';
    expect(mistakeIn({ secret: 'secret' })).toContain('secret is too short: 6 bytes');
    expect(mistakeIn({ secret: 'secret', allowWeakSecret: false })).toContain('too short');
  });

  it('is measured by the strongest algorithm of the list (R15)', () => {
    process.env.NODE_ENV = 'production';

    expect(mistakeIn({ secret: secret.slice(0, 40), decodeAlgorithms: ['HS512'] })).toContain(
      'HS512 needs at least 64',
    );
  });

  it('passes without a word if that is wanted, but never an empty one (R15, R4)', () => {
    process.env.NODE_ENV = 'production';

    expect(
      configure({ secret: 'secret', allowWeakSecret: true }).signingKey?.symmetricKeySize,
    ).toBe(6);
    expect(warn).not.toHaveBeenCalled();
    expect(mistakeIn({ secret: '', allowWeakSecret: true })).toContain('secret is empty');
  });
});
