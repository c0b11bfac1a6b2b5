import { createHash } from 'node:crypto';

/** Short enough for every backend, and the same where upper case and lower case are. */
const PLAIN = /^[a-z0-9:.@_-]{1,150}$/;

/**
 * What an entry is called. Some backends of Keyv take 250 characters of a key, or no blanks, or do not tell cases apart;
 * a key that this could matter to is called by its digest, behind a character that no other name begins with.
 */
export function entryName(prefix: string, key: string): string {
  if (PLAIN.test(key)) return prefix + key;
  return `${prefix}#${createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')}`;
}
