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
