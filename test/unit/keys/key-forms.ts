import type { JsonWebKey } from '../../../src/index.js';
import type { KeyObject } from 'node:crypto';

/** A text in the shapes that environment variables, .env files, YAML and shells give it. */
export function textForms(text: string): readonly (readonly [form: string, text: string])[] {
  const lines = text.trim().split('\n');
  return [
    ['as written', text],
    ['with literal \\n', text.replaceAll('\n', '\\n')],
    ['with literal \\r\\n', text.replaceAll('\n', '\\r\\n')],
    ['with doubly escaped \\\\n', text.replaceAll('\n', '\\\\n')],
    ['in double quotes', `"${text}"`],
    ['in single quotes, with literal \\n', `'${text.replaceAll('\n', '\\n')}'`],
    ['with CRLF', text.replaceAll('\n', '\r\n')],
    ['indented', lines.map((line) => `    ${line}`).join('\n')],
    ['behind a byte order mark', `\uFEFF${text}`],
    ['in one line with blanks', lines.join(' ')],
    ['in one line without blanks', lines.join('')],
    ['between blank lines', `\n\n${text}\n\n`],
  ];
}

const NAMES = { pkcs8: 'PKCS#8', spki: 'SPKI', pkcs1: 'PKCS#1', sec1: 'SEC1' } as const;
type Structure = keyof typeof NAMES;

/** The PEM, DER and JWK of a private or public key in all structures that its kind knows. */
export function structuresOf(
  key: KeyObject,
): readonly (readonly [form: string, material: string | Buffer | JsonWebKey])[] {
  const isPrivate = key.type === 'private';
  const types: Structure[] = [isPrivate ? 'pkcs8' : 'spki'];
  if (key.asymmetricKeyType === 'rsa') types.push('pkcs1');
  if (key.asymmetricKeyType === 'ec' && isPrivate) types.push('sec1');
  const jwk = key.export({ format: 'jwk' });
  return [
    ...types.flatMap((type) => [
      [`${NAMES[type]} PEM`, key.export({ format: 'pem', type: type as 'pkcs1' })] as const,
      [`${NAMES[type]} DER`, key.export({ format: 'der', type: type as 'pkcs1' })] as const,
    ]),
    ['JWK', jwk],
    ['JWK text', JSON.stringify(jwk, null, 2)],
  ];
}
