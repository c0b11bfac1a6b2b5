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
  TokenService,
} from '../../../src/index.js';
import { ALGORITHMS } from '../../../src/keys/algorithms.js';
import { CommandFolder } from '../../support/command.js';

describe('Keys', () => {
  const ALL = Object.keys(ALGORITHMS) as Algorithm[];
  const PAIRS = ALL.filter((algorithm) => !algorithm.startsWith('HS'));
  const SECRETS = ALL.filter((algorithm) => algorithm.startsWith('HS'));

  let folder: CommandFolder;
  let environment: string | undefined;

  beforeEach(() => {
    folder = new CommandFolder();
    // In production a weak secret is refused.
    environment = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
  });
  afterEach(() => {
    process.env.NODE_ENV = environment;
    folder.remove();
  });

  describe('keygen in env format', () => {
    it.each(ALL)('makes an %s key that the module signs and verifies with', async (algorithm) => {
      const name = `jwt-${algorithm.toLowerCase()}.env`;

      const outcome = folder.run('keygen', '--alg', algorithm);

      expect(outcome).toEqual({ code: 0, out: `${join(folder.path, name)}\n`, err: '' });
      expect(folder.files()).toEqual([name]);
      expect(folder.modeOf(name)).toBe('600');
      const env = parseEnv(folder.read(name));
      expect(await headerOfTokenMadeWith(singleKeyOf(env))).toEqual({ alg: algorithm, typ: 'JWT' });
    });

    it.each(['HS512', 'EdDSA'])('writes the key id beside an %s key', async (algorithm) => {
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

  describe('keygen in PEM format', () => {
    it.each(PAIRS)(
      'makes an %s pair that the module signs and verifies with',
      async (algorithm) => {
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
      },
    );

    it('makes an RSA pair of 3072 bits', () => {
      folder.run('keygen', '--alg', 'PS512', '--format', 'pem', '--kid', 'long');

      const { asymmetricKeyDetails } = createPrivateKey(folder.read('jwt-long.private.pem'));
      expect(asymmetricKeyDetails).toEqual({ modulusLength: 3072, publicExponent: 65537n });
    });
  });

  describe('keygen in JWK format', () => {
    it.each(PAIRS)(
      'makes an %s pair that the module signs and verifies with',
      async (algorithm) => {
        const names = ['jwt-next.private.jwk.json', 'jwt-next.public.jwk.json'];

        const outcome = folder.run(
          'keygen',
          '--alg',
          algorithm,
          '--format',
          'jwk',
          '--kid',
          'next',
        );

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
      },
    );

    it.each(SECRETS)('makes an %s secret that the module accepts', async (algorithm) => {
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

  describe('keygen in any format', () => {
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

  function listOf(names: readonly string[]): string {
    return names.map((name) => `${join(folder.path, name)}\n`).join('');
  }

  function parsed(text: string): Record<string, unknown> {
    return JSON.parse(text) as Record<string, unknown>;
  }
});

describe('Errors', () => {
  const USAGE =
    /^Usage: nestjs-jwt-extended keygen --alg <algorithm> \[options\]\n[^]+--help .+\n$/;
  const KID = '--kid must be 1 to 200 letters, digits, dots, hyphens or underscores';
  const FORMAT = '--format must be env, pem or jwk';
  const PEM = 'a secret has no PEM form: use --format env or jwk';
  const ALGORITHMS =
    'HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA';

  let folder: CommandFolder;
  let usage: string;

  beforeEach(() => {
    folder = new CommandFolder();
    usage = folder.run('--help').out;
  });
  afterEach(() => folder.remove());

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
      ['no arguments', [], 'the only command is keygen'],
      ['another command', ['serve', '--alg', 'HS256'], 'the only command is keygen'],
      ['the command twice', ['keygen', 'keygen', '--alg', 'HS256'], 'the only command is keygen'],
      [
        'another argument after the command',
        ['keygen', 'now', '--alg', 'HS256'],
        'the only command is keygen',
      ],
      ['options alone', ['--alg', 'HS256'], 'the only command is keygen'],
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
    ])('cause a message and the usage: %s', (_what, args, message) => {
      const outcome = folder.run(...args);

      expect(outcome).toEqual({
        code: 2,
        out: '',
        err: `nestjs-jwt-extended: ${message}\n\n${usage}`,
      });
      expect(folder.files()).toEqual([]);
    });

    it.each([
      ['none', "is 'none': tokens without a signature are never accepted"],
      ['nOnE', "is 'none': tokens without a signature are never accepted"],
      ['hs256', "must be written 'HS256'"],
      ['Ed25519', 'is not a known algorithm'],
      ['__proto__', 'is not a known algorithm'],
      ['', 'is not a known algorithm'],
    ])('cause a list of the algorithms if the given one is unknown: %j (R1)', (alg, problem) => {
      const outcome = folder.run('keygen', '--alg', alg);

      expect(outcome).toEqual({
        code: 2,
        out: '',
        err: `nestjs-jwt-extended: --alg ${problem}; expected one of ${ALGORITHMS}\n\n${usage}`,
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

      expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining('EEXIST') });
      expect(outcome.err).toMatch(/^nestjs-jwt-extended: .*\n$/);
      expect(outcome.err).toContain(join(folder.path, name));
      expect(folder.files().map((file) => folder.read(file))).toEqual(before);
    });

    it('leaves no private key beside the public key of another pair', () => {
      folder.write('jwt-es256.public.pem', 'of another pair');

      const outcome = folder.run(...keygen('--alg', 'ES256', '--format', 'pem'));

      expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining('EEXIST') });
      expect(folder.files()).toEqual(['jwt-es256.public.pem']);
      expect(folder.read('jwt-es256.public.pem')).toBe('of another pair');
    });

    it('is not followed if it is a link', () => {
      symlinkSync(join(folder.path, 'elsewhere'), join(folder.path, 'jwt-hs256.env'));

      const outcome = folder.run(...keygen());

      expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining('EEXIST') });
      expect(folder.files()).toEqual(['jwt-hs256.env']);
    });

    it.each([
      ['a folder that is not there', 'nowhere', 'ENOENT'],
      ['a folder that is a file', 'file', 'ENOTDIR'],
    ])('is reported in one line: %s', (_what, name, code) => {
      folder.write('file', '');

      const outcome = folder.run(...keygen('--out', join(folder.path, name)));

      expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining(code) });
      expect(outcome.err).toMatch(/^nestjs-jwt-extended: .*\n$/);
      expect(folder.files()).toEqual(['file']);
    });
  });

  /** Arguments that work, and more arguments. */
  function keygen(...args: string[]): string[] {
    return ['keygen', '--alg', 'HS256', ...args];
  }
});

describe('Process', () => {
  let folder: CommandFolder;

  beforeEach(() => {
    folder = new CommandFolder();
  });
  afterEach(() => folder.remove());

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

      const outcome = await folder.spawn('keygen', '--alg', 'HS256');

      expect(outcome).toEqual({
        code: 1,
        out: '',
        err: expect.stringMatching(/^[^\n]*EEXIST.*\n$/),
      });
      expect(folder.read('jwt-hs256.env')).toBe(key);
    });

    it.each([
      ['an unknown option', ['--algorithm', 'HS256'], /Unknown option '--algorithm'/],
      ['an option of one letter', ['-a', 'HS256'], /Unknown option '-a'/],
      ['an option without a value', ['--alg'], /'--alg <value>' argument missing/],
      ['a value that looks like an option', ['--alg', 'HS256', '--kid', '-k'], /'--kid' argument/],
      [
        'a value for an option without one',
        ['--alg', 'HS256', '--print=no'],
        /'--print' does not take/,
      ],
    ])('refuses %s, with its usage', async (_what, args, problem) => {
      const outcome = await folder.spawn('keygen', ...args);

      expect(outcome).toEqual({ code: 2, out: '', err: expect.stringMatching(problem) });
      expect(outcome.err).toMatch(
        /^nestjs-jwt-extended: [^]+\n\nUsage: nestjs-jwt-extended keygen /,
      );
      expect(folder.files()).toEqual([]);
    });
  });

  describe('The entry file of the command', () => {
    const { argv, exitCode } = process;
    let printed: { out: string; err: string };

    beforeEach(() => {
      printed = { out: '', err: '' };
      jest.resetModules();
      for (const [stream, name] of [
        [process.stdout, 'out'] as const,
        [process.stderr, 'err'] as const,
      ])
        jest.spyOn(stream, 'write').mockImplementation((text) => {
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
      [
        'prints the key to stdout',
        ['keygen', '--alg', 'ES256', '--print'],
        0,
        /^JWT_ALGORITHM=/,
        /^$/,
      ],
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
});
