import { getCipherInfo } from 'node:crypto';

/**
 * The text as its owner meant it. On their way through `.env` files, YAML and shells, keys gather
 * quotes, escaped line ends and quotes, byte order marks, and the zero bytes of UTF-16.
 */
export function keyText(input: string | Uint8Array): string {
  const text = typeof input === 'string' ? input : decode(input);
  // Bounded, so that a long run of backslashes is read once.
  const unescaped = text
    .replaceAll('\0', '')
    .replace(/\\{1,2}([rn"'])/g, (_, escaped: string) => unescape(escaped));
  return unquote(unescaped.trim());
}

/** Whether nothing is there but blanks, zero bytes and empty quotes. */
export function isBlank(input: string | Uint8Array): boolean {
  return keyText(input) === '';
}

/** The bytes that base64 or base64url text stands for; line ends and blanks in it do not count. */
export function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(compact) ? Buffer.from(compact, 'base64') : undefined;
}

/** The plain object that JSON text stands for. */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // Text that merely begins like JSON is nothing worse than text.
  }
}

function decode(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // What PowerShell's `>` writes.
  const isUtf16 = buffer[0] === 0xff && buffer[1] === 0xfe;
  return buffer.toString(isUtf16 ? 'utf16le' : 'utf8');
}

function unescape(escaped: string): string {
  return escaped === 'n' || escaped === 'r' ? '\n' : escaped;
}

function unquote(text: string): string {
  let inner = text;
  while (inner.length > 1 && /["'`]/.test(inner.charAt(0)) && inner.endsWith(inner.charAt(0))) {
    inner = inner.slice(1, -1).trim();
  }
  return inner;
}

/** The header lines of an encrypted block (RFC 1421 sections 4.6.1.1 and 4.6.1.3). */
const HEADERS = /^\s*Proc-Type:\s*4,\s*ENCRYPTED\s*DEK-Info:\s*([\w-]{1,40})\s*,/;

/**
 * A block that OpenSSL encrypted the old way, in the lines that it demands; undefined if the block
 * is not. Where line ends were lost, the cipher tells how long its initialization vector is, and so
 * where the key begins.
 */
function rebuildLegacyPem(label: string, body: string): string | undefined {
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

/** One `-----BEGIN …-----` of a PEM text (RFC 7468). */
interface PemBlock {
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
function findPemBlocks(text: string): PemBlock[] {
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
