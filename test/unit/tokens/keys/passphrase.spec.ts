import { describe, expect, it } from '@jest/globals';
import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import type { KeyOptions } from '../../../../src/options/key-options.js';
import { configureKeys, importKeyInput } from '../../../../src/keys/configure-keys.js';
import { importPublicKey } from '../../../../src/keys/key-pair.js';
import { CERTIFICATE, ecPair, ed25519Pair, rsaPair, strongSecret } from '../../../support/keys.js';
import { textForms } from './key-forms.js';
import { expectNothingOf, mistakeOf } from './mistake.js';

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

  it.each(ciphers)('is decrypted from PKCS#8 under %s in every shape of text (R17)', (cipher) => {
    for (const [, text] of textForms(lockedPem(key, 'pkcs8', cipher))) {
      expectKey(text);
      expectKey(Buffer.from(text));
    }
  });

  it.each(ciphers)('is decrypted from the old form under %s in every shape (R17)', (cipher) => {
    const pem = lockedPem(key, legacy, cipher);
    expect(pem.includes('Proc-Type: 4,ENCRYPTED')).toBe(legacy !== 'pkcs8');

    for (const [, text] of textForms(pem)) {
      expectKey(text);
      expectKey(Buffer.from(text));
    }
  });

  it('is decrypted from DER (R17)', () => {
    expectKey(key.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }));
  });

  it('takes its passphrase as bytes too', () => {
    expectKey(lockedPem(key, 'pkcs8'), Buffer.from(passphrase));
    expectKey(lockedPem(key, legacy), new Uint8Array(Buffer.from(passphrase)));
  });

  it('may be one of several, and stand between certificates (R17)', () => {
    const privateKey = CERTIFICATE + lockedPem(key, legacy) + CERTIFICATE;
    const keys = importKeyInput({ privateKey, passphrase, algorithm }, 'keys.current');

    expect(keys.signingKey?.equals(key)).toBe(true);
  });

  it('is held to the algorithm as any other (R16)', () => {
    const other = algorithm === 'RS256' ? 'ES256' : 'RS256';

    expect(mistakeIn({ privateKey: lockedPem(key, legacy), passphrase, algorithm: other })).toMatch(
      /^privateKey is an (RSA|EC|Ed25519) key; (RS256|ES256) needs/,
    );
  });
});

describe('A key that is encrypted in a way of PKCS#12', () => {
  it('is decrypted as well (R17)', () => {
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
  ['the old form in one line', lockedPem(rsa, 'pkcs1').replaceAll('\n', '')],
];

describe.each(forms)('An encrypted private key in %s', (_, privateKey) => {
  const options = { privateKey, algorithm: 'RS256' };

  it('is refused without a passphrase, and the message says where it goes (R18)', () => {
    const said = 'privateKey is encrypted: give what decrypts it as passphrase';

    expect(mistakeIn(options, String(privateKey))).toBe(said);
    expect(mistakeIn({ ...options, passphrase: undefined })).toBe(said);
    expect(mistakeOf(() => importKeyInput(options as KeyOptions, 'keys.others[2]'))).toBe(
      'keys.others[2].privateKey is encrypted: give what decrypts it as keys.others[2].passphrase',
    );
  });

  it.each([
    ['another', 'incorrect horse, battery staple'],
    ['one without the blanks', passphrase.trim()],
    ['one with a line end', `${passphrase}\n`],
    ['one that no cipher takes, for its length', 'x'.repeat(5000)],
  ])('is refused with a wrong passphrase: %s (R18)', (__, wrong) => {
    const message = mistakeOf(
      () => configure({ ...options, passphrase: wrong }),
      passphrase,
      wrong,
      String(privateKey),
    );

    expect(message).toMatch(/^passphrase does not decrypt privateKey: it is the wrong one/);
  });

  it('is no public key, whatever stands beside it (R17)', () => {
    const message = mistakeOf(() => importPublicKey(privateKey, ['RS256'], 'publicKey'));

    expect(message).toMatch(/^publicKey looks like an encrypted private key in (PEM|DER) form/);
  });

  it('is no secret (R3)', () => {
    expect(mistakeIn({ secret: privateKey })).toMatch(
      /^secret looks like an encrypted private key in (PEM|DER) form/,
    );
  });
});

describe('An encrypted private key that is damaged', () => {
  const pem = lockedPem(rsa, 'pkcs1');
  const take = (privateKey: string) =>
    mistakeIn({ privateKey, passphrase, algorithm: 'RS256' }, pem);

  it.each([
    ['an unknown cipher', pem.replace('AES-256-CBC', 'ROT-13')],
    ['another cipher', pem.replace('AES-256-CBC', 'AES-128-CBC')],
    ['another vector', pem.replace(/(?<=CBC,)\w{8}/, '00000000')],
    ['no body', pem.replace(/\n\n[^-]+/, '\n\n')],
    ['neither vector nor body', pem.replace(/(?<=CBC,)[^-]+/, '\n')],
  ])('by %s is not decrypted (R17)', (_, text) => {
    expect(take(text)).toContain('passphrase does not decrypt privateKey');
  });

  it.each([
    ['lines that name no cipher', pem.replace(/DEK-Info.*\n/, '')],
    ['its end cut off', pem.slice(0, 400)],
  ])('by %s is told for what it is (R17)', (_, text) => {
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
  ])('beside %s that is not encrypted is a mistake (R18)', (_, privateKey) => {
    expect(mistakeIn({ privateKey, passphrase, algorithm: 'RS256' }, pem)).toBe(
      'privateKey is not encrypted, so leave passphrase out, or give the key that it decrypts',
    );
  });

  it('beside a secret, a public key or nothing is a mistake (R18)', () => {
    expect(mistakeIn({ secret: strongSecret(), passphrase })).toBe(
      'passphrase is given beside secret: no secret is encrypted, so leave it out',
    );
    const lonely =
      'passphrase is given without privateKey: no other key is encrypted, so leave it out';
    expect(mistakeIn({ publicKey, passphrase, algorithm: 'RS256' })).toBe(lonely);
    const loaders = { encodeKey: true, decodeKey: true };
    expect(mistakeOf(() => configureKeys({ passphrase, algorithm: 'RS256' }, loaders))).toBe(
      lonely,
    );
  });

  it.each([
    ['null', null],
    ['a number', 1234],
    ['an array', [passphrase]],
    ['a KeyObject', publicKey],
    ['a function', () => passphrase],
  ])('is not %s (R18)', (_, given) => {
    const options = { privateKey: lockedPem(rsa, 'pkcs8'), algorithm: 'RS256' };

    expect(mistakeIn({ ...options, passphrase: given })).toBe('passphrase must be text or bytes');
  });

  it.each([
    ['text', ''],
    ['bytes', Buffer.alloc(0)],
  ])('is not empty, as an environment variable may be: %s (R18)', (_, given) => {
    expect(mistakeIn({ privateKey: pem, passphrase: given, algorithm: 'RS256' })).toBe(
      'passphrase is empty: leave it out where privateKey is not encrypted',
    );
  });

  it('is nowhere once the key is imported (R79)', () => {
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
