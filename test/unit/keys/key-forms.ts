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

/** The PEM, DER and JWK of a private key in all structures that its kind knows. */
export function privateStructures(
  key: KeyObject,
): readonly (readonly [string, string | Buffer | JsonWebKey])[] {
  const legacy = ({ ec: 'sec1', rsa: 'pkcs1' } as const)[String(key.asymmetricKeyType)];
  const der = (type: 'pkcs8' | 'pkcs1' | 'sec1') => key.export({ format: 'der', type });
  const pem = (type: 'pkcs8' | 'pkcs1' | 'sec1') => key.export({ format: 'pem', type }) as string;
  return [
    ['PKCS#8 PEM', pem('pkcs8')],
    ['PKCS#8 DER', der('pkcs8')],
    ...(legacy
      ? ([
          [`${legacy} PEM`, pem(legacy)],
          [`${legacy} DER`, der(legacy)],
        ] as const)
      : []),
    ['JWK', key.export({ format: 'jwk' })],
    ['JWK text', JSON.stringify(key.export({ format: 'jwk' }), null, 2)],
  ];
}

/** The PEM, DER and JWK of a public key in all structures that its kind knows. */
export function publicStructures(
  key: KeyObject,
): readonly (readonly [string, string | Buffer | JsonWebKey])[] {
  const der = (type: 'spki' | 'pkcs1') => key.export({ format: 'der', type });
  const pem = (type: 'spki' | 'pkcs1') => key.export({ format: 'pem', type }) as string;
  const pkcs1 = [
    ['PKCS#1 PEM', pem.bind(null, 'pkcs1')],
    ['PKCS#1 DER', der.bind(null, 'pkcs1')],
  ] as const;
  return [
    ['SPKI PEM', pem('spki')],
    ['SPKI DER', der('spki')],
    ...(key.asymmetricKeyType === 'rsa'
      ? pkcs1.map(([name, make]) => [name, make()] as const)
      : []),
    ['JWK', key.export({ format: 'jwk' })],
    ['JWK text', JSON.stringify(key.export({ format: 'jwk' }), null, 2)],
  ];
}
