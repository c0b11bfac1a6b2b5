import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
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
import { expectNothingOf, mistakeOf, mistakesOf } from './mistake.js';

type Loaders = Parameters<typeof configureKeys>[1];

const secret = strongSecret();
const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as string;
const privateKey = pem(rsaPair().privateKey);
const publicKey = pem(rsaPair().publicKey);
const passphrase = ' correct horse, bättery staple\t';
/** One of several keys of a ring, by its path. */
const PATH = 'keys.others[0]';
const configure = (options: object, loaders?: Loaders, path?: string) =>
  configureKeys(options as KeyOptions, loaders, path);
const mistakeIn = (options: object, loaders?: Loaders, path?: string) =>
  mistakeOf(() => configure(options, loaders, path), secret, privateKey, publicKey, passphrase);

let warn: ReturnType<typeof jest.spyOn>;
beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  process.env.NODE_ENV = 'test';
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
    ['RSA', 'RS256', rsaPair(), rsaPair('second')],
    ['curve', 'ES256', ecPair(), ecPair('P-256', 'second')],
    ['Edwards', 'EdDSA', ed25519Pair(), ed25519Pair('second')],
  ])('refuses a public key of another %s pair (R17)', (_, algorithm, pair, { publicKey }) => {
    expect(mistakeIn({ ...pair, publicKey, algorithm })).toContain(
      'privateKey and publicKey are not a pair',
    );
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

const mistakes = mistakesOf({
  'both given': {
    'a secret beside a private key': { secret, privateKey, algorithm: 'HS256' },
    'a secret beside a public key': { secret, publicKey, algorithm: 'RS256' },
  },
  'no key is given, or it is undefined: set secret, or privateKey and publicKey': {
    'no key': {},
    'a secret that is undefined': { secret: undefined },
  },
  'secret is empty': { 'an empty secret': { secret: '' } },
  'secret looks like null': { 'a secret that is null': { secret: null } },
  'secret looks like a public key in PEM form': {
    'a public key for a secret': { secret: publicKey },
  },
  'needs privateKey or publicKey': {
    'an asymmetric algorithm with a secret': { secret, algorithm: 'RS256' },
  },
  'algorithm HS256 needs secret': {
    'HS256 with a pair': { privateKey, publicKey, algorithm: 'HS256' },
    'HS256 with a public key': { publicKey, algorithm: 'HS256' },
  },
  "with a key pair it is required, such as 'RS256'": {
    'no algorithm with a pair': { privateKey, publicKey },
  },
  'looks like': {
    'private and public key exchanged': {
      privateKey: publicKey,
      publicKey: privateKey,
      algorithm: 'RS256',
    },
  },
});

describe('A wrong choice of keys', () => {
  it.each(mistakes)('is refused: %s (R18)', (_, options, said) => {
    expect(mistakeIn(options as object)).toContain(said);
  });

  it('is refused by the name allowWeakSecret alone, which is for all keys: allowWeakSecret as text', () => {
    for (const path of [undefined, PATH]) {
      expect(mistakeIn({ secret, allowWeakSecret: 'yes' }, undefined, path)).toBe(
        'allowWeakSecret must be true or false',
      );
    }
  });
});

describe('One of several keys', () => {
  const take = (input: object) => configure(input, undefined, PATH);

  it('is imported as if it were the only one', () => {
    expect(take({ secret }).signingKey?.export()).toEqual(Buffer.from(secret));
    expect(take({ ...ecPair(), algorithm: 'ES256' }).verificationKey).toBe(ecPair().publicKey);
    expect(take({ publicKey, algorithm: 'PS256' }).algorithms).toEqual(['PS256']);
  });

  it('may have members that only the ring reads', () => {
    expect(take({ kid: '2026-01', retireAt: new Date(), secret }).algorithm).toBe('HS256');
  });

  const damaged = { ...ecPair(), publicKey: ecPair('P-256', 'second').publicKey };
  it.each<[what: string, options: unknown]>([
    ...mistakes.map(([what, options]): [string, unknown] => [what, options]),
    ['an unknown algorithm', { secret, algorithm: 'HS1' }],
    ['a list that is text', { secret, decodeAlgorithms: 'HS256' }],
    ['a list of two families', { secret, decodeAlgorithms: ['RS256'] }],
    ['a short key', { publicKey: shortRsaPair().publicKey, algorithm: 'RS256' }],
    ['a damaged key', { ...damaged, algorithm: 'ES256' }],
    ['a passphrase beside a secret', { secret, passphrase }],
  ])('is refused with its path in the message of a single key: %s (R18)', (_, options) => {
    const message = mistakeIn(options as object, undefined, PATH);

    expect(message).toContain(`${PATH}.`);
    expect(message.replaceAll(`${PATH}.`, '')).toBe(mistakeIn(options as object));
  });
});

describe('Key loaders', () => {
  const both = { encodeKey: true, decodeKey: true };

  it('replace keys if both are given and the algorithm is named', () => {
    const keys = configure({ algorithm: 'ES256' }, both);

    expect(keys.algorithms).toEqual(['ES256']);
    expect([keys.signingKey, keys.verificationKey]).toEqual([undefined, undefined]);
    expect(mistakeIn({}, both)).toContain('with keys from loaders it is required');
  });

  it('replace keys if decodeKey is given, but not if only encodeKey is given', () => {
    const options = { algorithm: 'RS256' };

    expect(configure(options, { ...both, encodeKey: false }).signingKey).toBeUndefined();
    expect(mistakeIn(options, { ...both, decodeKey: false })).toContain(
      'or loaders.decodeKey beside loaders.encodeKey',
    );
  });

  it('leave configured keys in place', () => {
    expect(configure({ secret }, both).signingKey).toBeDefined();
  });
});

describe('A weak secret in the options', () => {
  it.each([
    ['secret', undefined],
    [`${PATH}.secret`, PATH],
  ])('causes one warning in a test, and is refused in production: %s (R15)', (name, path) => {
    const weak = { secret: 'c0rrect-h0rse' };
    const said = `${name} is too short: 13 bytes, and HS256 needs at least 32`;
    const command = 'Generate a strong one: npx nestjs-jwt-extended keygen --alg HS256';

    configure(weak, undefined, path);
    expect(warn).toHaveBeenCalledTimes(1);
    const production = () => {
      process.env.NODE_ENV = 'production';
      return mistakeIn(weak, undefined, path);
    };
    for (const message of [String(warn.mock.calls[0]?.[0]), production()]) {
      expect(message).toContain(said);
      expect(message).toContain(command);
      expect(message).not.toContain(weak.secret);
    }
    expect(mistakeIn({ ...weak, allowWeakSecret: false }, undefined, path)).toContain(said);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it.each([
    [undefined, 'refused'],
    ['', 'refused'],
    ['production', 'refused'],
    ['staging', 'refused'],
    ['Development', 'refused'],
    ['development', 'warned about'],
    ['test', 'warned about'],
  ])('with NODE_ENV %j is %s (R15)', (environment, outcome) => {
    if (environment === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = environment;
    const weak = { secret: 'secret' };
    if (outcome === 'refused') expect(mistakeIn(weak)).toContain('secret is too short');
    else configure(weak);
    expect(warn).toHaveBeenCalledTimes(outcome === 'refused' ? 0 : 1);
  });

  it('is measured by the strongest algorithm of the list (R15)', () => {
    process.env.NODE_ENV = 'production';

    expect(mistakeIn({ secret: secret.slice(0, 40), decodeAlgorithms: ['HS512'] })).toMatch(
      /HS512 needs at least 64.* keygen --alg HS512$/,
    );
  });

  it.each([undefined, PATH])(
    'passes without a warning under allowWeakSecret, but not if it is empty: path %s (R15, R4)',
    (path) => {
      process.env.NODE_ENV = 'production';
      const keys = configure({ secret: 'secret', allowWeakSecret: true }, undefined, path);

      expect(keys.signingKey?.symmetricKeySize).toBe(6);
      expect(warn).not.toHaveBeenCalled();
      expect(mistakeIn({ secret: '', allowWeakSecret: true }, undefined, path)).toContain(
        'secret is empty',
      );
    },
  );
});

describe('Text of a secret', () => {
  const STRAY = [
    '\u200B',
    '\u00AD',
    '\u2060',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\uFEFF',
    '\u00A0',
    '"',
    "'",
    '`',
    '\u201C',
    '\u2019',
  ];
  const said = 'secret begins or ends with white space, an invisible character or a quote';

  it.each(STRAY.flatMap((mark) => [mark + secret, secret + mark, mark + secret + mark]))(
    'is warned about, but taken as it is, with white space or quotes around it: %j',
    (text) => {
      for (const allowWeakSecret of [false, true]) {
        const { signingKey } = configure({ secret: text, allowWeakSecret }, undefined, PATH);
        expect(signingKey?.export()).toEqual(Buffer.from(text));
      }
      const message = `${PATH}.${said}, which is then part of the secret`;
      expect(warn).toHaveBeenCalledTimes(2);
      expect(warn).toHaveBeenLastCalledWith(expect.stringContaining(message));
      expect(String(warn.mock.lastCall)).not.toContain(secret);
    },
  );

  it.each([
    ['bytes', Buffer.from(` ${secret}\n`)],
    ['a KeyObject', createSecretKey(Buffer.from(`"${secret}"`))],
    [
      'a JWK as text',
      `${JSON.stringify({ kty: 'oct', k: Buffer.alloc(32, secret).toString('base64url') })}\n`,
    ],
    ['text with both inside', `${secret} "${secret}`],
  ])('is not warned about: %s', (_kind, given) => {
    configure({ secret: given });
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('A wrong algorithm', () => {
  const expectRefusal = (algorithm: unknown, said: string) => {
    expect(mistakeIn({ secret, algorithm })).toContain(`algorithm ${said}`);
    expect(mistakeIn({ secret, decodeAlgorithms: [algorithm] })).toContain(
      `decodeAlgorithms ${said}`,
    );
  };

  it.each(['none', 'NONE', 'None', 'nOnE', 'none '])("is refused: '%s' (R1)", (algorithm) => {
    expectRefusal(algorithm, "is 'none': tokens without a signature are never accepted");
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
    expectRefusal(algorithm, said);
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
    ['RS256', 'ES256', rsaPair()],
    ['PS256', 'HS256', rsaPair()],
    ['ES256', 'ES384', ecPair()],
    ['ES256', 'RS256', ecPair()],
    ['EdDSA', 'ES256', ed25519Pair()],
    ['EdDSA', 'RS256', ed25519Pair()],
    ['EdDSA', 'HS256', ed25519Pair()],
  ])('is %s among tokens with %s (R3)', (algorithm, other, pair) => {
    expect(mistakeIn({ ...pair, algorithm, decodeAlgorithms: [other] })).toContain(
      'one key cannot serve both',
    );
  });
});

describe('The algorithms of tokens', () => {
  const algorithmsOf = (...decodeAlgorithms: Algorithm[]) =>
    configure({ secret, decodeAlgorithms }).algorithms;

  it('always contain the one that signs, and each once', () => {
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

function lockedPem(
  key: KeyObject,
  type: 'pkcs1' | 'sec1' | 'pkcs8' = 'pkcs8',
  cipher = 'aes-256-cbc',
): string {
  return key.export({ format: 'pem', type, cipher, passphrase }) as string;
}

function lockedDer(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase });
}

const rsa = rsaPair().privateKey;

describe.each([
  ['RS256', rsa, 'pkcs1'],
  ['ES256', ecPair().privateKey, 'sec1'],
  ['EdDSA', ed25519Pair().privateKey, 'pkcs8'],
] as const)('An encrypted private key for %s', (algorithm, key, legacy) => {
  const expectKey = (privateKey: unknown, given: unknown = passphrase, path?: string) => {
    const keys = configure({ privateKey, passphrase: given, algorithm }, undefined, path);
    expect(keys.signingKey?.equals(key)).toBe(true);
  };
  const whole = ([form]: readonly [string, string]) => !form.startsWith('in one line');

  it.each(['aes-256-cbc', 'aes-128-cbc', 'des-ede3-cbc'])(
    'is decrypted with %s from PKCS#8, and from the old form of OpenSSL if its lines are whole (R17)',
    (cipher) => {
      const old = lockedPem(key, legacy, cipher);
      expect(old.includes('Proc-Type: 4,ENCRYPTED')).toBe(legacy !== 'pkcs8');

      const texts = [
        ...textForms(lockedPem(key, 'pkcs8', cipher)),
        ...textForms(old).filter(whole),
      ];
      for (const [, text] of texts) {
        expectKey(text);
        expectKey(Buffer.from(text));
      }
    },
  );

  it('is decrypted from DER, and with a passphrase as bytes (R17)', () => {
    expectKey(lockedDer(key));
    expectKey(lockedPem(key), Buffer.from(passphrase));
    expectKey(lockedPem(key, legacy), new Uint8Array(Buffer.from(passphrase)));
  });

  it('may be one of several keys, and stand between certificates (R17)', () => {
    expectKey(CERTIFICATE + lockedPem(key, legacy) + CERTIFICATE, passphrase, PATH);
  });

  it('must fit the algorithm (R16)', () => {
    const other = algorithm === 'RS256' ? 'ES256' : 'RS256';
    const options = { privateKey: lockedPem(key, legacy), passphrase, algorithm: other };

    expect(mistakeIn(options)).toMatch(
      /^privateKey is an (RSA|EC|Ed25519) key; (RS256|ES256) needs/,
    );
  });
});

/** Encrypted as old tools still do, made by `openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES`. */
const PKCS12_ENCRYPTED = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIU/A6x7MN2BMCAggABIGQ05EvmdlMWIh68SlW
mxufvj8S4iF0uQdE0Wqsj/tZIQuS6UHft4k5k6s92YGYEq/UWXVyCjGHVmgmbFl8
MR3bL4GDhcO4X5z8IILTRNI/BantiZgeLm5PlrFTCNdnNnMly9fnOhUr2j+hylhT
EzmkKvgVDPfcrCoGPRjKjrm5L3Gw2r0qLWSDWuVYesS+d5I6
-----END ENCRYPTED PRIVATE KEY-----
`;

describe('A key encrypted with an algorithm of PKCS#12', () => {
  it('is decrypted (R17)', () => {
    for (const [, privateKey] of textForms(PKCS12_ENCRYPTED)) {
      const options = { privateKey, passphrase: 'correct horse battery staple' };

      expect(configure({ ...options, algorithm: 'ES256' }).signingKey?.type).toBe('private');
    }
  });
});

describe.each<[form: string, privateKey: string | Buffer]>([
  ['PKCS#8 PEM', lockedPem(rsa)],
  ['PKCS#8 PEM in one line', lockedPem(rsa).replaceAll('\n', '')],
  ['PKCS#8 DER', lockedDer(rsa)],
  ['the old form', lockedPem(rsa, 'pkcs1')],
])('An encrypted private key in %s', (_, privateKey) => {
  const options = { privateKey, algorithm: 'RS256' };
  const looks = (name: string) =>
    new RegExp(`^${name} looks like an encrypted private key in (PEM|DER) form`);

  it('is refused without a passphrase, and the message names the option (R18)', () => {
    const said = 'privateKey is encrypted: set passphrase';

    expect(mistakeOf(() => configure(options), String(privateKey))).toBe(said);
    expect(mistakeIn({ ...options, passphrase: undefined })).toBe(said);
    expect(mistakeIn(options, undefined, PATH)).toBe(
      `${PATH}.privateKey is encrypted: set ${PATH}.passphrase`,
    );
  });

  it.each([
    ['another one', 'incorrect horse, battery staple'],
    ['without its spaces', passphrase.trim()],
    ['with a line end', `${passphrase}\n`],
    ['too long for any cipher', 'x'.repeat(5000)],
  ])('is refused with a wrong passphrase: %s (R18)', (__, wrong) => {
    const act = () => configure({ ...options, passphrase: wrong });

    expect(mistakeOf(act, passphrase, wrong, String(privateKey))).toMatch(
      /^passphrase does not decrypt privateKey: the passphrase is wrong/,
    );
  });

  it('is refused as a public key, and as a secret (R17, R3)', () => {
    const act = () => importPublicKey(privateKey, ['RS256'], 'publicKey');

    expect(mistakeOf(act)).toMatch(looks('publicKey'));
    expect(mistakeIn({ secret: privateKey })).toMatch(looks('secret'));
  });
});

describe('A damaged encrypted private key', () => {
  const locked = lockedPem(rsa, 'pkcs1');
  const take = (privateKey: string) =>
    mistakeOf(() => configure({ privateKey, passphrase, algorithm: 'RS256' }), locked, passphrase);

  it.each([
    ['an unknown cipher', locked.replace('AES-256-CBC', 'ROT-13')],
    ['another cipher', locked.replace('AES-256-CBC', 'AES-128-CBC')],
    ['another vector', locked.replace(/(?<=CBC,)\w{8}/, '00000000')],
    ['no body', locked.replace(/\n\n[^-]+/, '\n\n')],
  ])('is not decrypted: %s (R17)', (_, text) => {
    expect(take(text)).toContain('passphrase does not decrypt privateKey');
  });

  it.each([
    ['lines that name no cipher', locked.replace(/DEK-Info.*\n/, '')],
    ['its lines joined with blanks', locked.replaceAll('\n', ' ')],
    ['its lines joined without blanks', locked.replaceAll('\n', '')],
    ['its end cut off', locked.slice(0, 400)],
  ])('is recognized in the message: %s (R17)', (_, text) => {
    expect(take(text)).toContain('privateKey looks like an encrypted private key in PEM form');
  });
});

describe('A passphrase', () => {
  const locked = { privateKey: lockedPem(rsa), algorithm: 'RS256' };
  const besideSecret = 'passphrase is given beside secret, which is never encrypted: leave it out';
  const alone =
    'passphrase is given without privateKey, the only key that it could decrypt: leave it out';

  it.each<[what: string, options: object, message: string]>([
    ...Object.entries({
      'a PEM': privateKey,
      'a DER': rsa.export({ format: 'der', type: 'pkcs8' }),
      'a JWK': rsa.export({ format: 'jwk' }),
      'a KeyObject': rsa,
    }).map(([what, key]): [string, object, string] => [
      `beside ${what} that is not encrypted`,
      { privateKey: key, passphrase, algorithm: 'RS256' },
      'privateKey is not encrypted: leave passphrase out, or give the encrypted key',
    ]),
    ['beside a secret', { secret, passphrase }, besideSecret],
    ['beside a public key', { publicKey, passphrase, algorithm: 'RS256' }, alone],
    ...Object.entries({
      null: null,
      'a number': 1234,
      'an array': [passphrase],
      'a KeyObject': rsaPair().publicKey,
      'a function': () => passphrase,
    }).map(([what, given]): [string, object, string] => [
      `as ${what}`,
      { ...locked, passphrase: given },
      'passphrase must be text or bytes',
    ]),
    ...['', Buffer.alloc(0)].map((given): [string, object, string] => [
      `if it is empty ${typeof given === 'string' ? 'text' : 'bytes'}`,
      { privateKey, passphrase: given, algorithm: 'RS256' },
      'passphrase is empty: leave it out if privateKey is not encrypted',
    ]),
  ])('is refused %s (R18)', (_, options, message) => {
    expect(mistakeIn(options)).toBe(message);
  });

  it('is refused without a key (R18)', () => {
    const loaders = { encodeKey: true, decodeKey: true };

    expect(mistakeIn({ passphrase, algorithm: 'RS256' }, loaders)).toBe(alone);
  });

  it('is not kept after the import (R79)', () => {
    const keys = configure({ ...locked, passphrase });
    const held = { keys, signing: keys.signingKey, verification: keys.verificationKey };

    expect(keys.signingKey?.type).toBe('private');
    expectNothingOf([passphrase, privateKey], inspect(held, { showHidden: true, depth: 9 }));
    expectNothingOf([passphrase, privateKey], JSON.stringify(held));
  });
});
