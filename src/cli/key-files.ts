import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../options/key-options.js';
import type { MadeKey } from './make-key.js';

export type KeyFormat = 'env' | 'pem' | 'jwk';

/** A file to write; all of its kind are for their owner's eyes. */
export interface KeyFile {
  readonly name: string;
  readonly content: string;
}

/** What a key is called. */
export interface KeyName {
  readonly algorithm: Algorithm;
  readonly kid?: string | undefined;
}

/** A key in the form in which an application is set up with it. */
export function keyFiles(key: MadeKey, format: KeyFormat, name: KeyName): KeyFile[] {
  const base = `jwt-${name.kid ?? name.algorithm.toLowerCase()}`;
  switch (format) {
    case 'env':
      return [{ name: `${base}.env`, content: envLines(key, name) }];
    case 'pem':
      return pemFiles(key, base);
    case 'jwk':
      return jwkFiles(key, base, name);
  }
}

/** Lines for an `.env` file; PEM in one line, as such files want it. */
function envLines(key: MadeKey, { algorithm, kid }: KeyName): string {
  const lines =
    'secret' in key
      ? [`JWT_SECRET=${key.secret.export().toString('base64url')}`]
      : [
          `JWT_PRIVATE_KEY="${inOneLine(privatePem(key.privateKey))}"`,
          `JWT_PUBLIC_KEY="${inOneLine(publicPem(key.publicKey))}"`,
        ];
  if (kid !== undefined) lines.push(`JWT_KEY_ID=${kid}`);
  return `JWT_ALGORITHM=${algorithm}\n${lines.join('\n')}\n`;
}

function pemFiles(key: MadeKey, base: string): KeyFile[] {
  if ('secret' in key) throw new TypeError('a secret has no PEM form: use --format env or jwk');
  return [
    { name: `${base}.private.pem`, content: privatePem(key.privateKey) },
    { name: `${base}.public.pem`, content: publicPem(key.publicKey) },
  ];
}

function jwkFiles(key: MadeKey, base: string, name: KeyName): KeyFile[] {
  if ('secret' in key) return [{ name: `${base}.jwk.json`, content: jwk(key.secret, name) }];
  return [
    { name: `${base}.private.jwk.json`, content: jwk(key.privateKey, name) },
    { name: `${base}.public.jwk.json`, content: jwk(key.publicKey, name) },
  ];
}

function jwk(key: KeyObject, { algorithm, kid }: KeyName): string {
  const members = { ...key.export({ format: 'jwk' }), alg: algorithm, use: 'sig', kid };
  return `${JSON.stringify(members, null, 2)}\n`;
}

function privatePem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function publicPem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

function inOneLine(pem: string): string {
  return pem.trimEnd().replaceAll('\n', '\\n');
}
