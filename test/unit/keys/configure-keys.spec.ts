import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { configureKeys } from '../../../src/keys/configure-keys.js';
import { importPublicKey } from '../../../src/keys/key-pair.js';
import type { Algorithm, KeyOptions } from '../../../src/options/key-options.js';
import {
  CERTIFICATE,
  ecPair,
  ed25519Pair,
  rsaPair,
  rsaPssPair,
  shortRsaPair,
  strongSecret,
} from '../../support/keys.js';
import { textForms } from './key-forms.js';
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

describe('configureKeys', () => {
  it('uses HS256 if a secret is given, which signs and verifies', () => {
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
  ] as const)('takes a private and a public key for %s', (algorithm, pair) => {
    const keys = configure({ ...pair, algorithm });

    expect(keys.signingKey).toBe(pair.privateKey);
    expect(keys.verificationKey).toBe(pair.publicKey);
  });

  it('derives the public key from a private key alone', () => {
    const keys = configure({ privateKey, algorithm: 'RS256' });

    expect(keys.verificationKey?.type).toBe('public');
    expect(keys.verificationKey?.equals(createPublicKey(publicKey))).toBe(true);
  });

  it('takes a public key alone, in a service that only verifies', () => {
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
  ])('refuses a public key of %s (R17)', (_, options) => {
    expect(mistakeIn(options)).toContain('privateKey and publicKey are not a pair');
  });

  it('refuses a private key whose numbers do not belong together (R17)', () => {
    const { n } = rsaPair('second').publicKey.export({ format: 'jwk' });
    const mixed = { ...rsaPair().privateKey.export({ format: 'jwk' }), n };

    expect(mistakeIn({ privateKey: mixed, algorithm: 'RS256' })).toContain('privateKey is damaged');
  });

  it('hides the keys from inspect and JSON (R79)', () => {
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
    "with a key pair it is required, such as 'RS256'",
  ],
  [
    'private and public key exchanged',
    { privateKey: publicKey, publicKey: privateKey, algorithm: 'RS256' },
    'looks like',
  ],
];

describe('A wrong choice of keys', () => {
  it.each(mistakes)('is refused: %s (R18)', (_, options, said) => {
    expect(mistakeIn(options)).toContain(said);
  });

  it('is refused by the name allowWeakSecret alone, which is for all keys: allowWeakSecret as text', () => {
    const input = { secret, allowWeakSecret: 'yes' };
    const among = () => configureKeys(input as unknown as KeyOptions, undefined, 'keys.others[0]');

    expect(mistakeIn(input)).toBe('allowWeakSecret must be true or false');
    expect(mistakeOf(among, secret)).toBe('allowWeakSecret must be true or false');
  });
});

describe('One of several keys', () => {
  const where = 'keys.others[0]';
  const take = (input: object) => configureKeys(input as KeyOptions, undefined, where);
  const mistakeAmong = (input: object) => mistakeOf(() => take(input), secret, privateKey);

  it('is imported as if it were the only one', () => {
    expect(take({ secret }).signingKey?.export()).toEqual(Buffer.from(secret));
    expect(take({ ...ecPair(), algorithm: 'ES256' }).verificationKey).toBe(ecPair().publicKey);
    expect(take({ publicKey, algorithm: 'PS256' }).algorithms).toEqual(['PS256']);
  });

  it('may have members that only the ring reads', () => {
    expect(take({ kid: '2026-01', retireAt: new Date(), secret }).algorithm).toBe('HS256');
  });

  it.each([
    ...mistakes,
    ['an unknown algorithm', { secret, algorithm: 'HS1' }, ''],
    ['a list that is text', { secret, decodeAlgorithms: 'HS256' }, ''],
    ['a list of two families', { secret, decodeAlgorithms: ['RS256'] }, ''],
    ['a short key', { publicKey: shortRsaPair().publicKey, algorithm: 'RS256' }, ''],
    [
      'a damaged key',
      { ...ecPair(), publicKey: ecPair('P-256', 'second').publicKey, algorithm: 'ES256' },
      '',
    ],
    ['a passphrase beside a secret', { secret, passphrase: 'open sesame' }, ''],
  ])('is refused with its path in the message of a single key: %s (R18)', (_, options) => {
    const message = mistakeAmong(options);

    expect(message).toContain(`${where}.`);
    expect(message.replaceAll(`${where}.`, '')).toBe(mistakeIn(options));
  });

  it('causes a warning with its path if it is weak, and is refused in production (R15)', () => {
    take({ secret: 'secret' });
    expect(String(warn.mock.calls[0]?.[0])).toContain('keys.others[0].secret is too short');

    process.env.NODE_ENV = 'production';
    expect(mistakeAmong({ secret: 'secret' })).toContain('keys.others[0].secret is too short');
    expect(take({ secret: 'secret', allowWeakSecret: true }).algorithm).toBe('HS256');
  });
});

describe('Key loaders', () => {
  it('replace keys if both are given and the algorithm is named', () => {
    const loaders = { encodeKey: true, decodeKey: true };
    const keys = configure({ algorithm: 'ES256' }, loaders);

    expect(keys.algorithms).toEqual(['ES256']);
    expect([keys.signingKey, keys.verificationKey]).toEqual([undefined, undefined]);
    expect(mistakeIn({}, loaders)).toContain('with keys from loaders it is required');
  });

  it('replace keys in a service that only verifies if decodeKey is given', () => {
    expect(
      configure({ algorithm: 'RS256' }, { encodeKey: false, decodeKey: true }).signingKey,
    ).toBeUndefined();
  });

  it('do not replace keys if only encodeKey is given', () => {
    expect(mistakeIn({ algorithm: 'RS256' }, { encodeKey: true, decodeKey: false })).toContain(
      'or loaders.decodeKey beside loaders.encodeKey',
    );
  });

  it('leave configured keys in place', () => {
    expect(configure({ secret }, { encodeKey: true, decodeKey: true }).signingKey).toBeDefined();
  });
});

describe('A weak secret in the options', () => {
  it('causes one warning, and is refused in production (R15)', () => {
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

  it('passes without a warning under allowWeakSecret, but not if it is empty (R15, R4)', () => {
    process.env.NODE_ENV = 'production';

    expect(
      configure({ secret: 'secret', allowWeakSecret: true }).signingKey?.symmetricKeySize,
    ).toBe(6);
    expect(warn).not.toHaveBeenCalled();
    expect(mistakeIn({ secret: '', allowWeakSecret: true })).toContain('secret is empty');
  });
});

describe('Algorithms in the options', () => {
  const secret = strongSecret();
  const configure = (options: object) => configureKeys(options as KeyOptions);
  const mistakeIn = (options: object) => mistakeOf(() => configure(options), secret);

  describe('A wrong algorithm', () => {
    it.each(['none', 'NONE', 'None', 'nOnE', 'none '])("is refused: '%s' (R1)", (algorithm) => {
      const said = 'tokens without a signature are never accepted';

      expect(mistakeIn({ secret, algorithm })).toContain(said);
      expect(mistakeIn({ secret, decodeAlgorithms: [algorithm] })).toContain(said);
    });

    it.each([
      ['hs256', "must be written 'HS256'"],
      ['Rs256', "must be written 'RS256'"],
      ['HS1', 'is not a known algorithm; expected one of HS256, HS384'],
      ['EDDSA', "must be written 'EdDSA'"],
      ['Ed25519', 'is not a known algorithm'],
      ['Ed448', 'is not a known algorithm'],
      ['toString', 'is not a known algorithm'],
      ['', 'is not a known algorithm'],
      [secret, 'is not a known algorithm'],
      [null, 'is not text'],
      [['HS256'], 'is not text'],
    ])('is refused: %j (R2)', (algorithm, said) => {
      expect(mistakeIn({ secret, algorithm })).toContain(`algorithm ${said}`);
      expect(mistakeIn({ secret, decodeAlgorithms: [algorithm] })).toContain(
        `decodeAlgorithms ${said}`,
      );
    });

    it.each([
      ['text', 'HS384', "must be an array of algorithms: ['HS384']"],
      ['other text', 'all', "must be an array of algorithms: ['HS256']"],
      ['empty', [], 'must be an array of algorithms'],
      ['null', null, 'must be an array of algorithms'],
      ['a set', new Set(['HS256']), 'must be an array of algorithms'],
      ['HMAC with RSA', ['HS256', 'RS256'], 'mixes HS256 and RS256: one key cannot serve both'],
      ['of another family', ['ES256'], 'mixes HS256 and ES256: one key cannot serve both'],
    ])('is refused as a list: %s (R2, R3)', (_, decodeAlgorithms, said) => {
      expect(mistakeIn({ secret, decodeAlgorithms })).toContain(said);
    });

    it.each([
      ['RS256', 'ES256'],
      ['PS256', 'HS256'],
      ['ES256', 'ES384'],
      ['ES256', 'RS256'],
      ['EdDSA', 'ES256'],
      ['EdDSA', 'RS256'],
      ['EdDSA', 'HS256'],
    ] as const)('is %s among tokens with %s (R3)', (algorithm, other) => {
      const pairs = { RS256: rsaPair, PS256: rsaPair, ES256: ecPair, EdDSA: ed25519Pair };
      const pair = pairs[algorithm]();

      expect(mistakeIn({ ...pair, algorithm, decodeAlgorithms: [other] })).toContain(
        'one key cannot serve both',
      );
    });
  });

  describe('The algorithms of tokens', () => {
    it('always contain the one that signs, and each once', () => {
      const algorithmsOf = (...decodeAlgorithms: Algorithm[]) =>
        configure({ secret, decodeAlgorithms }).algorithms;

      expect(algorithmsOf('HS512', 'HS384')).toEqual(['HS512', 'HS384', 'HS256']);
      expect(algorithmsOf('HS256', 'HS512', 'HS512')).toEqual(['HS256', 'HS512']);
    });

    it('may be RS and PS algorithms together', () => {
      const options = { ...rsaPair(), algorithm: 'RS256', decodeAlgorithms: ['PS256'] };

      expect(configure(options).algorithms).toEqual(['PS256', 'RS256']);
    });

    it('do not change if the given array changes later (R2)', () => {
      const decodeAlgorithms: Algorithm[] = ['HS256'];
      const keys = configure({ secret, decodeAlgorithms });
      decodeAlgorithms.push('RS256');

      expect(keys.algorithms).toEqual(['HS256']);
    });
  });
});

describe('Passphrases', () => {
  const passphrase = ' correct horse, bättery staple\t';
  const ciphers = ['aes-256-cbc', 'aes-128-cbc', 'des-ede3-cbc'] as const;
  const families = [
    ['RS256', rsaPair().privateKey, 'pkcs1'],
    ['ES256', ecPair().privateKey, 'sec1'],
    ['EdDSA', ed25519Pair().privateKey, 'pkcs8'],
  ] as const;
  const rsa = rsaPair().privateKey;
  const configure = (options: object) => configureKeys(options as KeyOptions);
  const mistakeIn = (options: object, ...texts: string[]) =>
    mistakeOf(() => configure(options), passphrase, ...texts);

  /**
   * Encrypted as old tools still do, by the password based encryption of PKCS#12; made by `openssl pkcs8 -topk8 -v1
   * PBE-SHA1-3DES`.
   */
  const PKCS12_ENCRYPTED = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIU/A6x7MN2BMCAggABIGQ05EvmdlMWIh68SlW
mxufvj8S4iF0uQdE0Wqsj/tZIQuS6UHft4k5k6s92YGYEq/UWXVyCjGHVmgmbFl8
MR3bL4GDhcO4X5z8IILTRNI/BantiZgeLm5PlrFTCNdnNnMly9fnOhUr2j+hylhT
EzmkKvgVDPfcrCoGPRjKjrm5L3Gw2r0qLWSDWuVYesS+d5I6
-----END ENCRYPTED PRIVATE KEY-----
`;

  describe.each(families)('An encrypted private key for %s', (algorithm, key, legacy) => {
    const expectKey = (privateKey: unknown, given: unknown = passphrase) =>
      expect(configure({ privateKey, passphrase: given, algorithm }).signingKey?.equals(key)).toBe(
        true,
      );

    it.each(ciphers)('is decrypted from PKCS#8 with %s in every form of text (R17)', (cipher) => {
      for (const [, text] of textForms(lockedPem(key, 'pkcs8', cipher))) {
        expectKey(text);
        expectKey(Buffer.from(text));
      }
    });

    it.each(ciphers)(
      'is decrypted from the old form of OpenSSL with %s, if its lines are whole (R17)',
      (cipher) => {
        const pem = lockedPem(key, legacy, cipher);
        expect(pem.includes('Proc-Type: 4,ENCRYPTED')).toBe(legacy !== 'pkcs8');

        for (const [, text] of textForms(pem).filter(([form]) => !form.startsWith('in one line'))) {
          expectKey(text);
          expectKey(Buffer.from(text));
        }
      },
    );

    it('is decrypted from DER (R17)', () => {
      expectKey(key.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }));
    });

    it('is decrypted with a passphrase as bytes', () => {
      expectKey(lockedPem(key, 'pkcs8'), Buffer.from(passphrase));
      expectKey(lockedPem(key, legacy), new Uint8Array(Buffer.from(passphrase)));
    });

    it('may be one of several keys, and stand between certificates (R17)', () => {
      const privateKey = CERTIFICATE + lockedPem(key, legacy) + CERTIFICATE;
      const keys = configureKeys({ privateKey, passphrase, algorithm }, undefined, 'keys.current');

      expect(keys.signingKey?.equals(key)).toBe(true);
    });

    it('must fit the algorithm (R16)', () => {
      const other = algorithm === 'RS256' ? 'ES256' : 'RS256';

      expect(
        mistakeIn({ privateKey: lockedPem(key, legacy), passphrase, algorithm: other }),
      ).toMatch(/^privateKey is an (RSA|EC|Ed25519) key; (RS256|ES256) needs/);
    });
  });

  describe('A key encrypted with an algorithm of PKCS#12', () => {
    it('is decrypted (R17)', () => {
      for (const [, privateKey] of textForms(PKCS12_ENCRYPTED)) {
        const options = { privateKey, passphrase: 'correct horse battery staple' };

        expect(configure({ ...options, algorithm: 'ES256' }).signingKey?.type).toBe('private');
      }
    });
  });

  const forms: readonly (readonly [string, string | Buffer])[] = [
    ['PKCS#8 PEM', lockedPem(rsa, 'pkcs8')],
    ['PKCS#8 PEM in one line', lockedPem(rsa, 'pkcs8').replaceAll('\n', '')],
    ['PKCS#8 DER', rsa.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase })],
    ['the old form', lockedPem(rsa, 'pkcs1')],
  ];

  describe.each(forms)('An encrypted private key in %s', (_, privateKey) => {
    const options = { privateKey, algorithm: 'RS256' };

    it('is refused without a passphrase, and the message names the option (R18)', () => {
      const said = 'privateKey is encrypted: set passphrase';

      expect(mistakeIn(options, String(privateKey))).toBe(said);
      expect(mistakeIn({ ...options, passphrase: undefined })).toBe(said);
      expect(
        mistakeOf(() => configureKeys(options as KeyOptions, undefined, 'keys.others[2]')),
      ).toBe('keys.others[2].privateKey is encrypted: set keys.others[2].passphrase');
    });

    it.each([
      ['another one', 'incorrect horse, battery staple'],
      ['without its spaces', passphrase.trim()],
      ['with a line end', `${passphrase}\n`],
      ['too long for any cipher', 'x'.repeat(5000)],
    ])('is refused with a wrong passphrase: %s (R18)', (__, wrong) => {
      const message = mistakeOf(
        () => configure({ ...options, passphrase: wrong }),
        passphrase,
        wrong,
        String(privateKey),
      );

      expect(message).toMatch(/^passphrase does not decrypt privateKey: the passphrase is wrong/);
    });

    it('is refused as a public key (R17)', () => {
      const message = mistakeOf(() => importPublicKey(privateKey, ['RS256'], 'publicKey'));

      expect(message).toMatch(/^publicKey looks like an encrypted private key in (PEM|DER) form/);
    });

    it('is refused as a secret (R3)', () => {
      expect(mistakeIn({ secret: privateKey })).toMatch(
        /^secret looks like an encrypted private key in (PEM|DER) form/,
      );
    });
  });

  describe('A damaged encrypted private key', () => {
    const pem = lockedPem(rsa, 'pkcs1');
    const take = (privateKey: string) =>
      mistakeIn({ privateKey, passphrase, algorithm: 'RS256' }, pem);

    it.each([
      ['an unknown cipher', pem.replace('AES-256-CBC', 'ROT-13')],
      ['another cipher', pem.replace('AES-256-CBC', 'AES-128-CBC')],
      ['another vector', pem.replace(/(?<=CBC,)\w{8}/, '00000000')],
      ['no body', pem.replace(/\n\n[^-]+/, '\n\n')],
    ])('is not decrypted: %s (R17)', (_, text) => {
      expect(take(text)).toContain('passphrase does not decrypt privateKey');
    });

    it.each([
      ['lines that name no cipher', pem.replace(/DEK-Info.*\n/, '')],
      ['its lines joined with blanks', pem.replaceAll('\n', ' ')],
      ['its lines joined without blanks', pem.replaceAll('\n', '')],
      ['its end cut off', pem.slice(0, 400)],
    ])('is recognized in the message: %s (R17)', (_, text) => {
      expect(take(text)).toContain('privateKey looks like an encrypted private key in PEM form');
    });
  });

  describe('A passphrase', () => {
    const pem = rsa.export({ format: 'pem', type: 'pkcs8' }) as string;
    const publicKey = rsaPair().publicKey;

    it.each([
      ['a PEM', pem],
      ['a DER', rsa.export({ format: 'der', type: 'pkcs8' })],
      ['a JWK', rsa.export({ format: 'jwk' })],
      ['a KeyObject', rsa],
    ])('is refused beside %s that is not encrypted (R18)', (_, privateKey) => {
      expect(mistakeIn({ privateKey, passphrase, algorithm: 'RS256' }, pem)).toBe(
        'privateKey is not encrypted: leave passphrase out, or give the encrypted key',
      );
    });

    it('is refused beside a secret, a public key or nothing (R18)', () => {
      expect(mistakeIn({ secret: strongSecret(), passphrase })).toBe(
        'passphrase is given beside secret, which is never encrypted: leave it out',
      );
      const alone =
        'passphrase is given without privateKey, the only key that it could decrypt: leave it out';
      expect(mistakeIn({ publicKey, passphrase, algorithm: 'RS256' })).toBe(alone);
      const loaders = { encodeKey: true, decodeKey: true };
      expect(mistakeOf(() => configureKeys({ passphrase, algorithm: 'RS256' }, loaders))).toBe(
        alone,
      );
    });

    it.each([
      ['null', null],
      ['a number', 1234],
      ['an array', [passphrase]],
      ['a KeyObject', publicKey],
      ['a function', () => passphrase],
    ])('is refused as %s (R18)', (_, given) => {
      const options = { privateKey: lockedPem(rsa, 'pkcs8'), algorithm: 'RS256' };

      expect(mistakeIn({ ...options, passphrase: given })).toBe('passphrase must be text or bytes');
    });

    it.each([
      ['text', ''],
      ['bytes', Buffer.alloc(0)],
    ])('is refused if it is empty: %s (R18)', (_, given) => {
      expect(mistakeIn({ privateKey: pem, passphrase: given, algorithm: 'RS256' })).toBe(
        'passphrase is empty: leave it out if privateKey is not encrypted',
      );
    });

    it('is not kept after the import (R79)', () => {
      const privateKey = lockedPem(rsa, 'pkcs8');
      const keys = configure({ privateKey, passphrase, algorithm: 'RS256' });
      const held = { keys, signing: keys.signingKey, verification: keys.verificationKey };

      expect(keys.signingKey?.type).toBe('private');
      expectNothingOf([passphrase, pem], inspect(held, { showHidden: true, depth: 9 }));
      expectNothingOf([passphrase, pem], JSON.stringify(held));
    });
  });

  function lockedPem(
    key: KeyObject,
    type: 'pkcs1' | 'sec1' | 'pkcs8',
    cipher: string = 'aes-256-cbc',
  ): string {
    return key.export({ format: 'pem', type, cipher, passphrase }) as string;
  }
});
