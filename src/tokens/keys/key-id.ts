const PRINTABLE = /^[\x20-\x7e]{1,256}$/;

/** Whether it can be a key's id: text that a header, a log and a store hold alike. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && PRINTABLE.test(value);
}
