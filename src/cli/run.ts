import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { settleAlgorithm } from '../keys/algorithms.js';
import { type KeyFile, type KeyFormat, keyFiles } from './key-files.js';
import { makeKey } from './make-key.js';

const USAGE = `Usage: nestjs-jwt-extended keygen --alg <algorithm> [options]

Makes a strong secret or key pair, in files that only you can read.

  --alg <algorithm>   HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512,
                      ES256, ES384, ES512 or EdDSA
  --kid <id>          the key's id, for the option keys
  --format <format>   env (default), pem or jwk
  --out <folder>      where the files go; this folder unless you say so
  --print             prints the key instead of writing files
  --help              prints this
`;

const OPTIONS = {
  alg: { type: 'string' },
  kid: { type: 'string' },
  format: { type: 'string', default: 'env' },
  out: { type: 'string' },
  print: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** What a command sees of the world around it. */
export interface Surroundings {
  readonly folder: string;
  write(text: string): void;
  warn(text: string): void;
}

/** Runs the command and gives its exit code: 0 for success, 1 for a failure, 2 for words that make no command. */
export function run(words: readonly string[], around: Surroundings): 0 | 1 | 2 {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: OPTIONS,
      allowPositionals: true,
    });
    if (values.help) {
      around.write(USAGE);
      return 0;
    }
    if (positionals.join(' ') !== 'keygen') throw new TypeError('the one command is keygen');
    const files = filesFor(values);
    if (values.print) for (const { content } of files) around.write(content);
    else writeFiles(files, values.out ?? around.folder, around);
    return 0;
  } catch (error) {
    around.warn(`nestjs-jwt-extended: ${(error as Error).message}\n`);
    if (!isMisuse(error)) return 1;
    around.warn(`\n${USAGE}`);
    return 2;
  }
}

/** Words that make no command, whoever found out. */
function isMisuse(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  const isUnparsed = typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
  return isUnparsed || error instanceof TypeError || error instanceof JwtExtendedConfigError;
}

function filesFor({ alg, kid, format }: { alg?: string; kid?: string; format: string }): KeyFile[] {
  if (alg === undefined) throw new TypeError('--alg is missing');
  if (kid !== undefined && !/^[\w.-]{1,200}$/.test(kid)) {
    throw new TypeError('--kid must be 1 to 200 letters, digits, dots, hyphens or underscores');
  }
  if (!isFormat(format)) throw new TypeError('--format must be env, pem or jwk');
  const algorithm = settleAlgorithm(alg, '--alg');
  return keyFiles(makeKey(algorithm), format, { algorithm, kid });
}

function isFormat(format: string): format is KeyFormat {
  return ['env', 'pem', 'jwk'].includes(format);
}

/**
 * Readable by the owner only, and never over a file that is there: it may be the only copy of a key. All of them or
 * none, so that no half of a pair comes to lie beside the half of another.
 */
function writeFiles(files: readonly KeyFile[], folder: string, around: Surroundings): void {
  const written: string[] = [];
  try {
    for (const { name, content } of files) {
      writeFileSync(resolve(around.folder, folder, name), content, { mode: 0o600, flag: 'wx' });
      written.push(join(folder, name));
    }
  } catch (error) {
    for (const path of written) rmSync(resolve(around.folder, path));
    throw error;
  }
  for (const path of written) around.write(`${path}\n`);
}
