import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { CommandFolder } from '../../support/command.js';

let folder: CommandFolder;

beforeEach(() => {
  folder = new CommandFolder();
});
afterEach(() => folder.remove());

describe('The built command', () => {
  it('writes a key into the folder it is run in, and prints nothing but where', async () => {
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

  it('takes a folder from where it stands', async () => {
    const outcome = await folder.spawn('keygen', '--alg', 'HS256', '--out', '.');

    expect(outcome).toEqual({ code: 0, out: 'jwt-hs256.env\n', err: '' });
    expect(folder.files()).toEqual(['jwt-hs256.env']);
  });

  it('fails where the key is there already', async () => {
    await folder.spawn('keygen', '--alg', 'HS256');
    const key = folder.read('jwt-hs256.env');

    const outcome = await folder.spawn('keygen', '--alg', 'HS256');

    expect(outcome).toEqual({ code: 1, out: '', err: expect.stringMatching(/^[^\n]*EEXIST.*\n$/) });
    expect(folder.read('jwt-hs256.env')).toBe(key);
  });

  it.each([
    ['an option that it does not know', ['--algorithm', 'HS256'], /Unknown option '--algorithm'/],
    ['an option of one letter', ['-a', 'HS256'], /Unknown option '-a'/],
    ['an option without its value', ['--alg'], /'--alg <value>' argument missing/],
    ['a value that looks like an option', ['--alg', 'HS256', '--kid', '-k'], /'--kid' argument/],
    ['a value where none belongs', ['--alg', 'HS256', '--print=no'], /'--print' does not take/],
  ])('refuses %s, with its usage', async (_what, words, problem) => {
    const outcome = await folder.spawn('keygen', ...words);

    expect(outcome).toEqual({ code: 2, out: '', err: expect.stringMatching(problem) });
    expect(outcome.err).toMatch(/^nestjs-jwt-extended: [^]+\n\nUsage: nestjs-jwt-extended keygen /);
    expect(folder.files()).toEqual([]);
  });
});

describe('The entry of the command', () => {
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
      'prints on the one stream',
      ['keygen', '--alg', 'ES256', '--print'],
      0,
      /^JWT_ALGORITHM=/,
      /^$/,
    ],
    ['complains on the other', ['keygen'], 2, /^$/, /^nestjs-jwt-extended: --alg is missing/],
  ])('takes the words of its process, and %s', async (_what, words, code, out, err) => {
    process.argv = ['node', 'main.js', ...words];

    await import('../../../src/cli/main.js');

    expect(process.exitCode).toBe(code);
    expect(printed).toEqual({
      out: expect.stringMatching(out),
      err: expect.stringMatching(err),
    });
  });
});
