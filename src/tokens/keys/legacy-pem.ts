import { getCipherInfo } from 'node:crypto';

/** The header lines of an encrypted block (RFC 1421 sections 4.6.1.1 and 4.6.1.3). */
const HEADERS = /^\s*Proc-Type:\s*4,\s*ENCRYPTED\s*DEK-Info:\s*([\w-]{1,40})\s*,/;

/**
 * A block that OpenSSL encrypted the old way, in the lines that it demands; undefined if the block
 * is not. Where line ends were lost, the cipher tells how long its initialization vector is, and so
 * where the key begins.
 */
export function rebuildLegacyPem(label: string, body: string): string | undefined {
  const [headers, cipher = ''] = HEADERS.exec(body) ?? [];
  if (headers === undefined) return undefined;
  const rest = body.slice(headers.length).replace(/\s+/g, '');
  const vectorLength = 2 * (getCipherInfo(cipher)?.ivLength ?? 0);
  return [
    `-----BEGIN ${label}-----`,
    'Proc-Type: 4,ENCRYPTED',
    `DEK-Info: ${cipher},${rest.slice(0, vectorLength)}`,
    '',
    ...(rest.slice(vectorLength).match(/.{1,64}/g) ?? []),
    `-----END ${label}-----`,
    '',
  ].join('\n');
}
