import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import {
  type Algorithm,
  JwtExtendedModule,
  type JwtExtendedOptions,
  type KeyRingOptions,
  TokenService,
} from '../../../src/index.js';
import { ALGORITHMS } from '../../../src/keys/algorithms.js';
import { CommandFolder, type Outcome } from '../../support/command.js';

const ALL = Object.keys(ALGORITHMS) as Algorithm[];
const SECRETS = ALL.filter((algorithm) => algorithm.startsWith('HS'));

const USAGE = /^Usage: nestjs-jwt-extended keygen --alg <algorithm> \[options\]\n[^]+--help .+\n$/;
const COMMAND = 'the only command is keygen';
const KID = '--kid must be 1 to 200 letters, digits, dots, hyphens or underscores';
const FORMAT = '--format must be env, pem or jwk';
const PEM = 'a secret has no PEM form: use --format env or jwk';
const KNOWN = `expected one of ${ALL.join(', ')}`;
const NONE = `--alg is 'none': tokens without a signature are never accepted; ${KNOWN}`;
const LOWER_CASE = `--alg must be written 'HS256'; ${KNOWN}`;
const UNKNOWN = `--alg is not a known algorithm; ${KNOWN}`;

const THERE =
  ' is there already, and was not changed, because it may be the only copy of a key: move it away, or ' +
  'give another folder (--out) or another name (--kid), or --print to write no file\n';

let folder: CommandFolder;
beforeEach(() => {
  folder = new CommandFolder();
});
afterEach(() => folder.remove());

/** What a run prints that wrote these files, and that only their owner can read them. */
function expectWritten(outcome: Outcome, ...names: readonly string[]): void {
  const out = names.map((name) => `${join(folder.path, name)}\n`).join('');
  expect(outcome).toEqual({ code: 0, out, err: '' });
  expect(folder.files()).toEqual(names);
  expect(names.map((name) => folder.modeOf(name))).toEqual(names.map(() => '600'));
}

/** A run that fails with one line. */
function expectFailed(outcome: Outcome, problem: string): void {
  expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining(problem) });
  expect(outcome.err).toMatch(/^nestjs-jwt-extended: .*\n$/);
}

describe('keygen', () => {
  // In production a weak secret is refused.
  const { NODE_ENV } = process.env;
  beforeEach(() => {
    process.env.NODE_ENV = 'production';
  });
  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  describe.each(ALL)('makes an %s key that the module signs and verifies with', (alg) => {
    const isSecret = SECRETS.includes(alg);
    const header = { alg, typ: 'JWT' };
    const base = `jwt-${alg.toLowerCase()}`;

    it('in env format', async () => {
      expectWritten(folder.run('keygen', '--alg', alg), `${base}.env`);

      const env = parseEnv(folder.read(`${base}.env`));
      expect(await headerOfTokenMadeWith(singleKeyOf(env))).toEqual(header);
    });

    it('in JWK format', async () => {
      const names = isSecret
        ? ['jwt-next.jwk.json']
        : ['jwt-next.private.jwk.json', 'jwt-next.public.jwk.json'];

      expectWritten(
        folder.run('keygen', '--alg', alg, '--format', 'jwk', '--kid', 'next'),
        ...names,
      );

      const [first, publicKey] = names.map((name) => parsed(folder.read(name)));
      const shared = { alg, use: 'sig', kid: 'next' };
      if (isSecret) expect(first).toEqual({ kty: 'oct', k: expect.any(String), ...shared });
      else {
        expect([first, publicKey]).toMatchObject([shared, shared]);
        expect(publicKey).not.toHaveProperty('d');
      }
      const key = isSecret ? { secret: first } : { privateKey: first, publicKey };
      const keys = { current: { kid: 'next', algorithm: alg, ...key } } as KeyRingOptions;
      expect(await headerOfTokenMadeWith({ keys })).toEqual({ ...header, kid: 'next' });
    });

    if (!isSecret)
      it('in PEM format', async () => {
        const names = [`${base}.private.pem`, `${base}.public.pem`];

        expectWritten(folder.run('keygen', '--alg', alg, '--format', 'pem'), ...names);

        const [privateKey, publicKey] = names.map((name) => folder.read(name));
        const options = { algorithm: alg, privateKey, publicKey };
        expect(await headerOfTokenMadeWith(options)).toEqual(header);
      });
  });

  it.each(['HS512', 'EdDSA'])('writes the key id beside an %s key', async (alg) => {
    folder.run('keygen', '--alg', alg, '--kid', '2026-11');

    expect(folder.files()).toEqual(['jwt-2026-11.env']);
    const env = parseEnv(folder.read('jwt-2026-11.env'));
    const { JWT_KEY_ID: kid = '' } = env;
    const keys = { current: { kid, ...singleKeyOf(env) } };
    expect(await headerOfTokenMadeWith({ keys })).toEqual({ alg, typ: 'JWT', kid: '2026-11' });
  });

  it('makes an RSA pair of 3072 bits', () => {
    folder.run('keygen', '--alg', 'PS512', '--format', 'pem', '--kid', 'long');

    const { asymmetricKeyDetails } = createPrivateKey(folder.read('jwt-long.private.pem'));
    expect(asymmetricKeyDetails).toEqual({ modulusLength: 3072, publicExponent: 65537n });
  });

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)(
    'makes an %s secret of %i bytes that the module accepts',
    async (algorithm, bytes) => {
      const name = `jwt-${algorithm.toLowerCase()}.jwk.json`;

      expectWritten(folder.run('keygen', '--alg', algorithm, '--format', 'jwk'), name);

      const secret = parsed(folder.read(name));
      expect(secret).toEqual({ kty: 'oct', k: expect.any(String), alg: algorithm, use: 'sig' });
      expect(Buffer.from(String(secret.k), 'base64url')).toHaveLength(bytes);
      const header = await headerOfTokenMadeWith({ algorithm, secret });
      expect(header).toEqual({ alg: algorithm, typ: 'JWT' });
    },
  );

  it('makes another key each time', () => {
    const made = ['HS256', 'HS256', 'ES256', 'ES256', 'EdDSA', 'EdDSA'].map(
      (algorithm) => folder.run('keygen', '--alg', algorithm, '--print').out,
    );

    expect(new Set(made).size).toBe(made.length);
  });

  it('writes into the folder of --out', () => {
    const out = join(folder.path, 'keys');
    mkdirSync(out);

    const outcome = folder.run('keygen', '--alg', 'HS256', '--out', out);

    expect(outcome).toEqual({ code: 0, out: `${join(out, 'jwt-hs256.env')}\n`, err: '' });
    expect(folder.files()).toEqual(['keys']);
    expect(folder.modeOf('keys/jwt-hs256.env')).toBe('600');
  });

  it('writes files that only their owner can read, whatever the umask', () => {
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
    const args = ['--alg', 'ES256', '--kid', 'k1', '--format', format, '--print'];

    const outcome = folder.run('keygen', ...args, '--out', folder.path);

    expect(outcome).toEqual({ code: 0, out: expect.stringMatching(expected), err: '' });
    expect(folder.files()).toEqual([]);
  });
});

describe('--help', () => {
  it.each([[['--help']], [['keygen', '--help']], [['keygen', '--alg', 'HS256', '--help']]])(
    'prints the usage, and makes no key: %j',
    (args) => {
      const outcome = folder.run(...args);

      expect(outcome).toEqual({ code: 0, out: expect.stringMatching(USAGE), err: '' });
      expect(folder.files()).toEqual([]);
    },
  );
});

describe('Wrong arguments', () => {
  it.each([
    ['no arguments', [], COMMAND],
    ['another command', ['serve', '--alg', 'HS256'], COMMAND],
    ['the command twice', ['keygen', 'keygen', '--alg', 'HS256'], COMMAND],
    ['another argument', ['keygen', 'now', '--alg', 'HS256'], COMMAND],
    ['options alone', ['--alg', 'HS256'], COMMAND],
    ['no algorithm', ['keygen'], '--alg is missing'],
    ['an empty kid', keygen('--kid', ''), KID],
    ['a kid that is a path', keygen('--kid', '../other'), KID],
    ['a kid with a blank', keygen('--kid', 'my key'), KID],
    ['a kid that ends its line', keygen('--kid', 'key\n'), KID],
    ['a kid with a letter of another alphabet', keygen('--kid', 'schlüssel'), KID],
    ['a kid that is too long', keygen('--kid', 'k'.repeat(201)), KID],
    ['an unknown format', keygen('--format', 'der'), FORMAT],
    ['a format in capitals', keygen('--format', 'PEM'), FORMAT],
    ['a format that every object has', keygen('--format', 'toString'), FORMAT],
    ['a secret as PEM', keygen('--format', 'pem'), PEM],
    ['the algorithm none (R1)', ['keygen', '--alg', 'none'], NONE],
    ['the algorithm none in other letters (R1)', ['keygen', '--alg', 'nOnE'], NONE],
    ['an algorithm in lower case', ['keygen', '--alg', 'hs256'], LOWER_CASE],
    ['an unknown algorithm', ['keygen', '--alg', 'Ed25519'], UNKNOWN],
    ['an algorithm that every object has', ['keygen', '--alg', '__proto__'], UNKNOWN],
    ['an empty algorithm', ['keygen', '--alg', ''], UNKNOWN],
  ])('cause a message and the usage: %s', (_what, args, message) => {
    const usage = folder.run('--help').out;

    expect(folder.run(...args)).toEqual({
      code: 2,
      out: '',
      err: `nestjs-jwt-extended: ${message}\n\n${usage}`,
    });
    expect(folder.files()).toEqual([]);
  });

  it('are not printed if they may be a key', () => {
    const outcome = folder.run('keygen', '--alg', 'S3cretS3cretS3cret', '--kid', 'k1');

    expect(outcome.code).toBe(2);
    expect(outcome.out + outcome.err).not.toContain('S3cret');
  });
});

describe('A file or folder that is in the way', () => {
  it.each([
    ['env', 'jwt-es256.env'],
    ['pem', 'jwt-es256.private.pem'],
    ['jwk', 'jwt-es256.private.jwk.json'],
  ])('stays as it is if it is a key in %s format', (format, name) => {
    folder.run(...keygen('--alg', 'ES256', '--format', format));
    const before = folder.files().map((file) => folder.read(file));

    const outcome = folder.run(...keygen('--alg', 'ES256', '--format', format));

    expectFailed(outcome, THERE);
    expect(outcome.err).toBe(`nestjs-jwt-extended: ${join(folder.path, name)}${THERE}`);
    expect(folder.files().map((file) => folder.read(file))).toEqual(before);
  });

  it('leaves no private key beside the public key of another pair', () => {
    folder.write('jwt-es256.public.pem', 'of another pair');

    expectFailed(folder.run(...keygen('--alg', 'ES256', '--format', 'pem')), THERE);
    expect(folder.files()).toEqual(['jwt-es256.public.pem']);
    expect(folder.read('jwt-es256.public.pem')).toBe('of another pair');
  });

  it('is not followed if it is a link', () => {
    symlinkSync(join(folder.path, 'elsewhere'), join(folder.path, 'jwt-hs256.env'));

    expectFailed(folder.run(...keygen()), THERE);
    expect(folder.files()).toEqual(['jwt-hs256.env']);
  });

  it.each([
    ['a folder that is not there', 'nowhere', 'ENOENT'],
    ['a folder that is a file', 'file', 'ENOTDIR'],
  ])('is reported in one line: %s', (_what, name, code) => {
    folder.write('file', '');

    expectFailed(folder.run(...keygen('--out', join(folder.path, name))), code);
    expect(folder.files()).toEqual(['file']);
  });
});

/** Arguments that work, and more arguments. */
function keygen(...args: string[]): string[] {
  return ['keygen', '--alg', 'HS256', ...args];
}

describe('The built command', () => {
  it('writes a key into the current folder, and prints only the path', async () => {
    const outcome = await folder.spawn('keygen', '--alg', 'EdDSA', '--kid', '2026-11');

    const file = join(folder.path, 'jwt-2026-11.env');
    expect(outcome).toEqual({ code: 0, out: `${file}\n`, err: '' });
    expect(folder.modeOf('jwt-2026-11.env')).toBe('600');
    expect(parseEnv(folder.read('jwt-2026-11.env'))).toEqual({
      JWT_ALGORITHM: 'EdDSA',
      JWT_KEY_ID: '2026-11',
      JWT_PRIVATE_KEY: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n[^]+-----$/),
      JWT_PUBLIC_KEY: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n[^]+-----$/),
    });
  });

  it('writes into a folder relative to the current one', async () => {
    const outcome = await folder.spawn('keygen', '--alg', 'HS256', '--out', '.');

    expect(outcome).toEqual({ code: 0, out: 'jwt-hs256.env\n', err: '' });
    expect(folder.files()).toEqual(['jwt-hs256.env']);
  });

  it('fails if the key exists', async () => {
    await folder.spawn('keygen', '--alg', 'HS256');
    const key = folder.read('jwt-hs256.env');

    expectFailed(await folder.spawn('keygen', '--alg', 'HS256'), THERE);
    expect(folder.read('jwt-hs256.env')).toBe(key);
  });

  it.each([
    ['an unknown option', ['--algorithm', 'HS256'], /Unknown option '--algorithm'/],
    ['an option of one letter', ['-a', 'HS256'], /Unknown option '-a'/],
    ['an option without a value', ['--alg'], /'--alg <value>' argument missing/],
    ['a value that looks like an option', ['--alg', 'HS256', '--kid', '-k'], /'--kid' argument/],
    ['a value for a flag', ['--alg', 'HS256', '--print=no'], /'--print' does not take/],
  ])('refuses %s, with its usage', async (_what, args, problem) => {
    const outcome = await folder.spawn('keygen', ...args);

    expect(outcome).toEqual({ code: 2, out: '', err: expect.stringMatching(problem) });
    expect(outcome.err).toMatch(/^nestjs-jwt-extended: [^]+\n\nUsage: nestjs-jwt-extended keygen /);
    expect(folder.files()).toEqual([]);
  });
});

describe('The entry file of the command', () => {
  const { argv, exitCode } = process;
  let printed: { out: string; err: string };

  beforeEach(() => {
    printed = { out: '', err: '' };
    jest.resetModules();
    for (const name of ['out', 'err'] as const)
      jest.spyOn(process[`std${name}`], 'write').mockImplementation((text) => {
        printed[name] += String(text);
        return true;
      });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.argv = argv;
    process.exitCode = exitCode;
  });

  it.each([
    ['prints the key to stdout', keygen('--print'), 0, /^JWT_ALGORITHM=/, /^$/],
    ['prints an error to stderr', ['keygen'], 2, /^$/, /^nestjs-jwt-extended: --alg is missing/],
  ])('takes the arguments of its process, and %s', async (_what, args, code, out, err) => {
    process.argv = ['node', 'main.js', ...args];

    await import('../../../src/cli/main.js');

    expect(process.exitCode).toBe(code);
    expect(printed).toEqual({
      out: expect.stringMatching(out),
      err: expect.stringMatching(err),
    });
  });
});

/** The options as in the README. */
function singleKeyOf(env: NodeJS.Dict<string>) {
  return {
    algorithm: env.JWT_ALGORITHM as Algorithm,
    secret: env.JWT_SECRET,
    privateKey: env.JWT_PRIVATE_KEY,
    publicKey: env.JWT_PUBLIC_KEY,
  };
}

/** The header of a token that a module with these keys has made and verified. */
async function headerOfTokenMadeWith(options: JwtExtendedOptions) {
  const imports = [JwtExtendedModule.forRoot(options)];
  const testing = await Test.createTestingModule({ imports }).compile();
  const tokens = testing.get(TokenService);
  const { header, identity } = await tokens.decodeToken(await tokens.createAccessToken('alice'));
  await testing.close();
  expect(identity).toBe('alice');
  return header;
}

function parsed(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
