import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Test } from '@nestjs/testing';
import {
  type Algorithm,
  JwtExtendedModule,
  type JwtExtendedOptions,
  TokenService,
} from '../../../src/index.js';
import { ALGORITHMS } from '../../../src/keys/algorithms.js';
import { CommandFolder } from '../../support/command.js';

const ALL = Object.keys(ALGORITHMS) as Algorithm[];
const PAIRS = ALL.filter((algorithm) => !algorithm.startsWith('HS'));
const SECRETS = ALL.filter((algorithm) => algorithm.startsWith('HS'));

let folder: CommandFolder;
let environment: string | undefined;

beforeEach(() => {
  folder = new CommandFolder();
  // Where a weak secret is refused rather than warned about.
  environment = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
});
afterEach(() => {
  process.env.NODE_ENV = environment;
  folder.remove();
});

describe('keygen, for an environment', () => {
  it.each(ALL)('makes an %s key that the module signs and verifies with', async (algorithm) => {
    const name = `jwt-${algorithm.toLowerCase()}.env`;

    const outcome = folder.run('keygen', '--alg', algorithm);

    expect(outcome).toEqual({ code: 0, out: `${join(folder.path, name)}\n`, err: '' });
    expect(folder.files()).toEqual([name]);
    expect(folder.modeOf(name)).toBe('600');
    const env = parseEnv(folder.read(name));
    expect(await headerOfTokenMadeWith(singleKeyOf(env))).toEqual({ alg: algorithm, typ: 'JWT' });
  });

  it.each(['HS512', 'EdDSA'])('names the key id of an %s key beside it', async (algorithm) => {
    folder.run('keygen', '--alg', algorithm, '--kid', '2026-11');

    expect(folder.files()).toEqual(['jwt-2026-11.env']);
    const env = parseEnv(folder.read('jwt-2026-11.env'));
    const { JWT_KEY_ID: kid = '' } = env;
    const current = { kid, ...singleKeyOf(env) };
    expect(await headerOfTokenMadeWith({ keys: { current } })).toEqual({
      alg: algorithm,
      typ: 'JWT',
      kid: '2026-11',
    });
  });
});

describe('keygen, for PEM files', () => {
  it.each(PAIRS)('makes an %s pair that the module signs and verifies with', async (algorithm) => {
    const base = `jwt-${algorithm.toLowerCase()}`;
    const names = [`${base}.private.pem`, `${base}.public.pem`];

    const outcome = folder.run('keygen', '--alg', algorithm, '--format', 'pem');

    expect(outcome).toEqual({ code: 0, out: listOf(names), err: '' });
    expect(folder.files()).toEqual(names);
    expect(names.map((name) => folder.modeOf(name))).toEqual(['600', '600']);
    const [privateKey, publicKey] = names.map((name) => folder.read(name));
    expect(await headerOfTokenMadeWith({ algorithm, privateKey, publicKey })).toEqual({
      alg: algorithm,
      typ: 'JWT',
    });
  });

  it('makes an RSA pair of 3072 bits', () => {
    folder.run('keygen', '--alg', 'PS512', '--format', 'pem', '--kid', 'long');

    const { asymmetricKeyDetails } = createPrivateKey(folder.read('jwt-long.private.pem'));
    expect(asymmetricKeyDetails).toEqual({ modulusLength: 3072, publicExponent: 65537n });
  });
});

describe('keygen, for JWK files', () => {
  it.each(PAIRS)('makes an %s pair that the module signs and verifies with', async (algorithm) => {
    const names = ['jwt-next.private.jwk.json', 'jwt-next.public.jwk.json'];

    const outcome = folder.run('keygen', '--alg', algorithm, '--format', 'jwk', '--kid', 'next');

    expect(outcome).toEqual({ code: 0, out: listOf(names), err: '' });
    expect(folder.files()).toEqual(names);
    expect(names.map((name) => folder.modeOf(name))).toEqual(['600', '600']);
    const [privateKey, publicKey] = names.map((name) => parsed(folder.read(name)));
    expect(privateKey).toMatchObject({ alg: algorithm, use: 'sig', kid: 'next' });
    expect(publicKey).toMatchObject({ alg: algorithm, use: 'sig', kid: 'next' });
    expect(publicKey).not.toHaveProperty('d');
    const current = { kid: 'next', algorithm, privateKey, publicKey };
    expect(await headerOfTokenMadeWith({ keys: { current } })).toEqual({
      alg: algorithm,
      typ: 'JWT',
      kid: 'next',
    });
  });

  it.each(SECRETS)('makes an %s secret that the module takes', async (algorithm) => {
    const name = `jwt-${algorithm.toLowerCase()}.jwk.json`;

    const outcome = folder.run('keygen', '--alg', algorithm, '--format', 'jwk');

    expect(outcome).toEqual({ code: 0, out: listOf([name]), err: '' });
    expect(folder.files()).toEqual([name]);
    expect(folder.modeOf(name)).toBe('600');
    const secret = parsed(folder.read(name));
    expect(secret).toEqual({ kty: 'oct', k: expect.any(String), alg: algorithm, use: 'sig' });
    expect(await headerOfTokenMadeWith({ algorithm, secret })).toEqual({
      alg: algorithm,
      typ: 'JWT',
    });
  });

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('makes an %s secret of %i bytes', (algorithm, bytes) => {
    const { out } = folder.run('keygen', '--alg', algorithm, '--format', 'jwk', '--print');

    expect(Buffer.from(String(parsed(out)['k']), 'base64url')).toHaveLength(bytes);
  });
});

describe('keygen, whatever it makes', () => {
  it('makes another key each time', () => {
    const made = ['HS256', 'HS256', 'ES256', 'ES256', 'EdDSA', 'EdDSA'].map(
      (algorithm) => folder.run('keygen', '--alg', algorithm, '--print').out,
    );

    expect(new Set(made).size).toBe(made.length);
  });

  it('writes where it is told to', () => {
    const out = join(folder.path, 'keys');
    mkdirSync(out);

    const outcome = folder.run('keygen', '--alg', 'HS256', '--out', out);

    expect(outcome).toEqual({ code: 0, out: `${join(out, 'jwt-hs256.env')}\n`, err: '' });
    expect(folder.files()).toEqual(['keys']);
    expect(folder.modeOf('keys/jwt-hs256.env')).toBe('600');
  });

  it('lets nobody else read its files, however lax the process is', () => {
    const mask = process.umask(0);
    try {
      chmodSync(folder.path, 0o777);
      folder.run('keygen', '--alg', 'ES256', '--format', 'pem');
    } finally {
      process.umask(mask);
    }

    expect(folder.files().map((name) => folder.modeOf(name))).toEqual(['600', '600']);
  });

  it.each([
    ['env', /^JWT_ALGORITHM=ES256\nJWT_PRIVATE_KEY=".+"\nJWT_PUBLIC_KEY=".+"\nJWT_KEY_ID=k1\n$/],
    ['pem', /^-----BEGIN PRIVATE KEY-----\n[^]+\n-----BEGIN PUBLIC KEY-----\n[^]+-----\n$/],
    ['jwk', /^\{\n[^]+"d": [^]+\n\}\n\{\n[^]+\n\}\n$/],
  ])('prints a key as %s instead of writing it', (format, expected) => {
    const words = ['--alg', 'ES256', '--kid', 'k1', '--format', format, '--print'];

    const outcome = folder.run('keygen', ...words, '--out', folder.path);

    expect(outcome).toEqual({ code: 0, out: expect.stringMatching(expected), err: '' });
    expect(folder.files()).toEqual([]);
  });
});

/** As the README reads them from the environment. */
function singleKeyOf(env: NodeJS.Dict<string>) {
  return {
    algorithm: env.JWT_ALGORITHM as Algorithm,
    secret: env.JWT_SECRET,
    privateKey: env.JWT_PRIVATE_KEY,
    publicKey: env.JWT_PUBLIC_KEY,
  };
}

/** The header of a token that a module with these keys has made, and has read again. */
async function headerOfTokenMadeWith(options: JwtExtendedOptions) {
  const imports = [JwtExtendedModule.forRoot(options)];
  const testing = await Test.createTestingModule({ imports }).compile();
  const tokens = testing.get(TokenService);
  const { header, identity } = await tokens.decodeToken(await tokens.createAccessToken('alice'));
  await testing.close();
  expect(identity).toBe('alice');
  return header;
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `${join(folder.path, name)}\n`).join('');
}

function parsed(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
