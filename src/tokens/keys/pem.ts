import { decodeBase64 } from './key-text.js';
import { rebuildLegacyPem } from './legacy-pem.js';

/** One `-----BEGIN …-----` of a PEM text (RFC 7468). */
export interface PemBlock {
  readonly label: string;
  /**
   * What stands between the lines; undefined in a block that is cut short, encrypted the old way,
   * or no base64.
   */
  readonly der: Buffer | undefined;
  /** The whole block as OpenSSL reads it, where it is encrypted the old way. */
  readonly legacy: string | undefined;
}

/**
 * The blocks of a PEM text, however its lines are broken: environment variables bring it indented
 * or in one line, which OpenSSL itself does not read.
 */
export function findPemBlocks(text: string): PemBlock[] {
  const parts = text.split('-----');
  const blocks: PemBlock[] = [];
  for (const [index, part] of parts.entries()) {
    if (!part.startsWith('BEGIN ')) continue;
    const label = part.slice('BEGIN '.length).trim();
    const [body = '', end = ''] = parts.slice(index + 1, index + 3);
    const isWhole = end.trim() === `END ${label}`;
    blocks.push({
      label,
      der: isWhole ? decodeBase64(body) : undefined,
      legacy: isWhole ? rebuildLegacyPem(label, body) : undefined,
    });
  }
  return blocks;
}

/**
 * The block that holds the key. A private key may come with its certificates, or behind the `EC
 * PARAMETERS` that `openssl ecparam` writes; of a chain of certificates the first is the holder's
 * own (RFC 8446 section 4.4.2). Of two keys neither is it.
 */
export function findKeyBlock(text: string): PemBlock | undefined {
  const blocks = findPemBlocks(text).filter(({ label }) => !label.endsWith('PARAMETERS'));
  const keys = blocks.filter(({ label }) => !label.endsWith('CERTIFICATE'));
  const privateKeys = keys.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (privateKeys.length > 0) return onlyOne(privateKeys);
  return keys.length > 0 ? onlyOne(keys) : blocks[0];
}

function onlyOne(blocks: readonly PemBlock[]): PemBlock | undefined {
  return blocks.length === 1 ? blocks[0] : undefined;
}
