import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { generateSecret, parseAlgorithm, traitsOf } from '../keys/algorithms.js';
import type { Algorithm } from '../options/key-options.js';

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

/** What the command needs from its process. */
interface Env {
  readonly folder: string;
  write(text: string): void;
  warn(text: string): void;
}

/** Runs the command and returns its exit code: 0 for success, 1 for a failure, 2 for wrong arguments. */
export function run(args: readonly string[], env: Env): 0 | 1 | 2 {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    if (values.help) {
      env.write(USAGE);
      return 0;
    }
    if (positionals.join(' ') !== 'keygen') throw new TypeError('the only command is keygen');
    const files = filesFor(values);
    if (values.print) for (const { content } of files) env.write(content);
    else writeFiles(files, values.out ?? env.folder, env);
    return 0;
  } catch (error) {
    env.warn(`nestjs-jwt-extended: ${(error as Error).message}\n`);
    const { code = '' } = error as { code?: string };
    const isArgumentError =
      code.startsWith('ERR_PARSE_ARGS') ||
      error instanceof TypeError ||
      error instanceof JwtExtendedConfigError;
    if (!isArgumentError) return 1;
    env.warn(`\n${USAGE}`);
    return 2;
  }
}

/** A file to write. */
interface KeyFile {
  readonly name: string;
  readonly content: string;
}

/** The files that an application is configured with. */
function filesFor({ alg, kid, format }: { alg?: string; kid?: string; format: string }): KeyFile[] {
  if (alg === undefined) throw new TypeError('--alg is missing');
  if (kid !== undefined && !/^[\w.-]{1,200}$/.test(kid)) {
    throw new TypeError('--kid must be 1 to 200 letters, digits, dots, hyphens or underscores');
  }
  if (!['env', 'pem', 'jwk'].includes(format))
    throw new TypeError('--format must be env, pem or jwk');
  const algorithm = parseAlgorithm(alg, '--alg');
  const key = makeKey(algorithm);
  const base = `jwt-${kid ?? algorithm.toLowerCase()}`;
  if (format === 'env') return [{ name: `${base}.env`, content: envLines(key, algorithm, kid) }];
  const [extension, write] =
    format === 'pem' ? ['pem', pem] : ['jwk.json', (half: KeyObject) => jwk(half, algorithm, kid)];
  if ('secret' in key) return [{ name: `${base}.${extension}`, content: write(key.secret) }];
  return [
    { name: `${base}.private.${extension}`, content: write(key.privateKey) },
    { name: `${base}.public.${extension}`, content: write(key.publicKey) },
  ];
}

/**
 * Writes files that only their owner can read. It never overwrites a file, which may be the only copy of a key. It
 * writes all files or none, so that a private key never lies beside the public key of another pair.
 */
function writeFiles(files: readonly KeyFile[], folder: string, env: Env): void {
  const written: string[] = [];
  try {
    for (const { name, content } of files) {
      writeFileSync(resolve(env.folder, folder, name), content, { mode: 0o600, flag: 'wx' });
      written.push(join(folder, name));
    }
  } catch (error) {
    for (const path of written) rmSync(resolve(env.folder, path));
    const { code, path = '' } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw error;
    throw new Error(
      `${path} is there already, and was not changed, because it may be the only copy of a key: move it away, or ` +
        'give another folder (--out) or another name (--kid), or --print to write no file',
      { cause: error },
    );
  }
  for (const path of written) env.write(`${path}\n`);
}

type NewKey =
  | { readonly secret: KeyObject }
  | { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** Strong enough beyond 2030 (NIST SP 800-57 part 1). */
const RSA_BITS = 3072;

function makeKey(algorithm: Algorithm): NewKey {
  const traits = traitsOf(algorithm);
  switch (traits.family) {
    case 'HMAC':
      return { secret: createSecretKey(generateSecret(traits.minimumBytes), 'base64url') };
    case 'RSA':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
    case 'EC':
      return generateKeyPairSync('ec', { namedCurve: traits.curve });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
  }
}

/** Lines for an `.env` file, with PEM in one line. */
function envLines(key: NewKey, algorithm: Algorithm, kid: string | undefined): string {
  const inOneLine = (half: KeyObject) => pem(half).trimEnd().replaceAll('\n', '\\n');
  const lines =
    'secret' in key
      ? [`JWT_SECRET=${key.secret.export().toString('base64url')}`]
      : [
          `JWT_PRIVATE_KEY="${inOneLine(key.privateKey)}"`,
          `JWT_PUBLIC_KEY="${inOneLine(key.publicKey)}"`,
        ];
  if (kid !== undefined) lines.push(`JWT_KEY_ID=${kid}`);
  return `JWT_ALGORITHM=${algorithm}\n${lines.join('\n')}\n`;
}

function jwk(key: KeyObject, alg: Algorithm, kid: string | undefined): string {
  return `${JSON.stringify({ ...key.export({ format: 'jwk' }), alg, use: 'sig', kid }, null, 2)}\n`;
}

function pem(key: KeyObject): string {
  if (key.type === 'secret')
    throw new TypeError('a secret has no PEM form: use --format env or jwk');
  return key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();
}
