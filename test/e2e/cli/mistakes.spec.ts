import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFolder } from '../../support/command.js';

const USAGE = /^Usage: nestjs-jwt-extended keygen --alg <algorithm> \[options\]\n[^]+--help .+\n$/;
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
    'prints how to use the command, and does nothing: %j',
    (words) => {
      const outcome = folder.run(...words);

      expect(outcome).toEqual({ code: 0, out: expect.stringMatching(USAGE), err: '' });
      expect(folder.files()).toEqual([]);
    },
  );
});

describe('Words that make no command', () => {
  it.each([
    ['none at all', [], 'the one command is keygen'],
    ['another command', ['serve', '--alg', 'HS256'], 'the one command is keygen'],
    ['the command twice', ['keygen', 'keygen', '--alg', 'HS256'], 'the one command is keygen'],
    ['a word too many', ['keygen', 'now', '--alg', 'HS256'], 'the one command is keygen'],
    ['options alone', ['--alg', 'HS256'], 'the one command is keygen'],
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
  ])('are answered with what is wrong and how to do it right: %s', (_what, words, message) => {
    const outcome = folder.run(...words);

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
  ])('name the algorithms that there are, where none of them is given: %j (R1)', (alg, problem) => {
    const outcome = folder.run('keygen', '--alg', alg);

    expect(outcome).toEqual({
      code: 2,
      out: '',
      err: `nestjs-jwt-extended: --alg ${problem}; expected one of ${ALGORITHMS}\n\n${usage}`,
    });
    expect(folder.files()).toEqual([]);
  });

  it('do not print a key that was typed in the wrong place', () => {
    const outcome = folder.run('keygen', '--alg', 'S3cretS3cretS3cret', '--kid', 'k1');

    expect(outcome.code).toBe(2);
    expect(outcome.out + outcome.err).not.toContain('S3cret');
  });
});

describe('A failure', () => {
  it.each([
    ['env', 'jwt-es256.env'],
    ['pem', 'jwt-es256.private.pem'],
    ['jwk', 'jwt-es256.private.jwk.json'],
  ])('is to find a key there already: as %s it stays the key it was', (format, name) => {
    folder.run(...keygen('--alg', 'ES256', '--format', format));
    const before = folder.files().map((file) => folder.read(file));

    const outcome = folder.run(...keygen('--alg', 'ES256', '--format', format));

    expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining('EEXIST') });
    expect(outcome.err).toMatch(/^nestjs-jwt-extended: .*\n$/);
    expect(outcome.err).toContain(join(folder.path, name));
    expect(folder.files().map((file) => folder.read(file))).toEqual(before);
  });

  it('leaves no half of a pair beside the other half of another one', () => {
    folder.write('jwt-es256.public.pem', 'of another pair');

    const outcome = folder.run(...keygen('--alg', 'ES256', '--format', 'pem'));

    expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining('EEXIST') });
    expect(folder.files()).toEqual(['jwt-es256.public.pem']);
    expect(folder.read('jwt-es256.public.pem')).toBe('of another pair');
  });

  it('is to find a link there, which leads who knows where', () => {
    symlinkSync(join(folder.path, 'elsewhere'), join(folder.path, 'jwt-hs256.env'));

    const outcome = folder.run(...keygen());

    expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining('EEXIST') });
    expect(folder.files()).toEqual(['jwt-hs256.env']);
  });

  it.each([
    ['a folder that is not there', 'nowhere', 'ENOENT'],
    ['a folder that is a file', 'file', 'ENOTDIR'],
  ])('is told in one line: %s', (_what, name, code) => {
    folder.write('file', '');

    const outcome = folder.run(...keygen('--out', join(folder.path, name)));

    expect(outcome).toEqual({ code: 1, out: '', err: expect.stringContaining(code) });
    expect(outcome.err).toMatch(/^nestjs-jwt-extended: .*\n$/);
    expect(folder.files()).toEqual(['file']);
  });
});

/** What works by itself, and more words. */
function keygen(...words: string[]): string[] {
  return ['keygen', '--alg', 'HS256', ...words];
}
