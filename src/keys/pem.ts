/**
 * The text as its owner meant it. On their way through `.env` files, YAML and shells, keys collect quotes, escaped line
 * ends and quotes, byte order marks, and the zero bytes of UTF-16.
 */
export function keyText(input: string | Uint8Array): string {
  let text = (typeof input === 'string' ? input : decode(input))
    .replaceAll('\0', '')
    // Bounded, so that a long run of backslashes is read once.
    .replace(/\\{1,2}([rn"'])/g, (_, escaped: string) => (/[rn]/.test(escaped) ? '\n' : escaped))
    .trim();
  while (text.length > 1 && /["'`]/.test(text.charAt(0)) && text.endsWith(text.charAt(0)))
    text = text.slice(1, -1).trim();
  return text;
}

/** Whether the input has nothing but white space, zero bytes and empty quotes. */
export function isBlank(input: string | Uint8Array): boolean {
  return keyText(input) === '';
}

/** The bytes of base64 or base64url text; white space in it is ignored. */
export function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(compact) ? Buffer.from(compact, 'base64') : undefined;
}

/** The object that JSON text contains. */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // Text that only begins like JSON.
  }
}

/** One `-----BEGIN …-----` of a PEM text (RFC 7468). */
interface PemBlock {
  readonly label: string;
  /** The decoded body; undefined in a block that is cut short, encrypted in OpenSSL's old form, or not base64. */
  readonly der: Buffer | undefined;
  /** The whole block as OpenSSL reads it, if it is encrypted in OpenSSL's old form. */
  readonly encrypted: string | undefined;
}

/**
 * The block that holds the key. A private key may come with its certificates, or after the `EC PARAMETERS` that `openssl
 * ecparam` writes. Of a certificate chain, the first is the holder's own (RFC 8446 section 4.4.2). Of two keys, neither
 * counts.
 */
export function findKeyBlock(text: string): PemBlock | undefined {
  const blocks = findPemBlocks(text).filter(({ label }) => !label.endsWith('PARAMETERS'));
  const keys = blocks.filter(({ label }) => !label.endsWith('CERTIFICATE'));
  const privateKeys = keys.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [key, second] = privateKeys.length > 0 ? privateKeys : keys;
  return second ? undefined : (key ?? blocks[0]);
}

/**
 * The blocks of a PEM text, however its lines are broken: environment variables deliver it indented or in one line,
 * which OpenSSL itself does not read.
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
      encrypted: isWhole ? readOldEncryption(label, body) : undefined,
    });
  }
  return blocks;
}

/** A block with the header lines of OpenSSL's old encryption (RFC 1421 section 4.6.1), without indentation. */
function readOldEncryption(label: string, body: string): string | undefined {
  const lines = body.split(/\s*[\r\n]\s*/).filter((line) => line !== '');
  const [procType = '', dekInfo = '', ...key] = lines;
  if (!procType.startsWith('Proc-Type:') || !dekInfo.startsWith('DEK-Info:')) return undefined;
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  return [begin, procType, dekInfo, '', ...key, end, ''].join('\n');
}

function decode(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // PowerShell's `>` writes UTF-16.
  const isUtf16 = buffer[0] === 0xff && buffer[1] === 0xfe;
  return buffer.toString(isUtf16 ? 'utf16le' : 'utf8');
}
