import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { LoadedKeys } from '../../../src/keys/loaded-keys.js';
import { ecPair, rsaPair, strongSecret } from '../../support/keys.js';
import { expectNothingOf, mistakeOf } from './mistake.js';

const secret = strongSecret();
const { privateKey, publicKey } = rsaPair();
const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;

describe('A key from a loader', () => {
  const keys = new LoadedKeys();

  it('never verifies HMAC if it is a public key, and never RSA if it is a secret (R3)', () => {
    expect(mistakeOf(() => keys.verification(pem, ['HS256']), pem)).toContain(
      'a public key in PEM form',
    );
    expect(mistakeOf(() => keys.verification(publicKey, ['HS256']))).toContain(
      'a public KeyObject',
    );
    expect(mistakeOf(() => keys.verification(secret, ['RS256']), secret)).toContain(
      'loaders.decodeKey',
    );
    expect(mistakeOf(() => keys.verification(privateKey, ['RS256']))).toContain(
      'a private KeyObject',
    );
    expect(mistakeOf(() => keys.signing(publicKey, 'RS256'))).toContain('a public KeyObject');
  });

  it('is refused if it is encrypted (R17)', () => {
    const passphrase = 'correct horse battery staple';
    const lock = { cipher: 'aes-256-cbc', passphrase } as const;
    for (const input of [
      privateKey.export({ format: 'pem', type: 'pkcs8', ...lock }),
      privateKey.export({ format: 'der', type: 'pkcs8', ...lock }),
      privateKey.export({ format: 'pem', type: 'pkcs1', ...lock }),
    ]) {
      expect(mistakeOf(() => keys.signing(input, 'RS256'), input.toString('utf8'))).toBe(
        'loaders.encodeKey is encrypted: decrypt it in the loader, ' +
          'with createPrivateKey({ key, passphrase }) of node:crypto',
      );
      expect(mistakeOf(() => keys.signing({ key: input, passphrase }, 'RS256'))).toContain(
        'an object that is not a JWK',
      );
    }
  });

  it('must be allowed for its use by its JWK (R24)', () => {
    const jwk = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), key_ops: ['verify'] };

    expect(keys.verification(jwk, ['HS256']).type).toBe('secret');
    expect(mistakeOf(() => keys.signing(jwk, 'HS256'), secret)).toContain('do not allow to sign');
  });
});

describe('A key that a loader returns again', () => {
  const jwk = publicKey.export({ format: 'jwk' });

  it('is checked again for other algorithms', () => {
    const keys = new LoadedKeys();
    const { publicKey: ecKey } = ecPair();
    for (const input of [ecKey, ecKey.export({ format: 'pem', type: 'spki' })]) {
      keys.verification(input, ['ES256']);
      mistakeOf(() => keys.verification(input, ['RS256']));
      mistakeOf(() => keys.verification(input, ['HS256']));
      mistakeOf(() => keys.signing(input, 'ES256'));
    }
  });

  it('is imported again after its owner has changed it', () => {
    const keys = new LoadedKeys();
    const mutable = { ...jwk };
    keys.verification(mutable, ['RS256']);
    mutable.n = rsaPair('second').publicKey.export({ format: 'jwk' }).n as string;

    expect(keys.verification(mutable, ['RS256']).equals(rsaPair('second').publicKey)).toBe(true);
  });

  it('is not confused with another value of the same spelling (R4)', () => {
    const keys = new LoadedKeys({ allowWeakSecret: true });
    for (const [text, other] of [
      ['null', null],
      ['42', 42],
      ['["a"]', ['a']],
    ] as const) {
      keys.verification(text, ['HS256']);
      mistakeOf(() => keys.verification(other, ['HS256']));
    }
  });

  it('is imported again after twenty thousand others, but not after ten thousand', () => {
    const keys = new LoadedKeys({ allowWeakSecret: true });
    const take = (index: number): KeyObject =>
      keys.verification(`tenant ${index} ${secret}`, ['HS256']);
    const [first, second] = [take(0), take(1)];
    for (let index = 2; index <= 10_000; index++) take(index);
    expect(take(1)).toBe(second);
    for (let index = 10_001; index <= 20_000; index++) take(index);

    expect(take(1)).toBe(second);
    expect(take(0)).not.toBe(first);
  });

  it('is hidden from inspect and JSON (R70, R79)', () => {
    const keys = new LoadedKeys();
    keys.verification(secret, ['HS256']);

    expectNothingOf([secret], inspect(keys, { showHidden: true, depth: 9 }) + JSON.stringify(keys));
  });
});

describe('A weak secret from a loader', () => {
  let warn: ReturnType<typeof jest.spyOn>;
  beforeEach(() => {
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => {
    process.env.NODE_ENV = 'test';
    jest.restoreAllMocks();
  });

  it('causes one warning in a process, whatever the number of secrets (R15)', () => {
    const keys = new LoadedKeys();
    for (const weak of ['secret', 'secret', 'changeme']) keys.signing(weak, 'HS256');
    new LoadedKeys().verification('password', ['HS256']);

    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0]?.[0])).toContain('loaders.encodeKey is too short');
  });

  it('causes another warning if it has white space or quotes around it', () => {
    const keys = new LoadedKeys();
    for (const text of [`${secret} `, `"${secret}"`]) keys.verification(text, ['HS256']);

    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0]?.[0])).toContain(
      'loaders.decodeKey begins or ends with white',
    );
  });

  it('is refused in production, every time (R15)', () => {
    process.env.NODE_ENV = 'production';
    const keys = new LoadedKeys();
    const sign = () => keys.signing('changeme', 'HS256');

    expect(mistakeOf(sign)).toContain('loaders.encodeKey is too short');
    expect(mistakeOf(sign)).toContain('loaders.encodeKey is too short');
  });

  it('passes without a warning under allowWeakSecret, but not if it is empty (R15, R4)', () => {
    process.env.NODE_ENV = 'production';
    const keys = new LoadedKeys({ allowWeakSecret: true });

    expect(keys.signing('changeme', 'HS256').symmetricKeySize).toBe(8);
    expect(warn).not.toHaveBeenCalled();
    expect(mistakeOf(() => keys.signing('', 'HS256'))).toContain('loaders.encodeKey is empty');
  });
});
