/** PGlite cuts a byte order mark off the beginning of a text: so none may be the first character of what is read. */
const MARK = '=';

/** A column of text, selected such that {@link textOf} can read it. */
export function selected(column: string): string {
  return `'${MARK}' || ${column} AS ${column}`;
}

/** The text of a selected column. */
export function textOf(row: unknown, column: string): string {
  const text: unknown = (row as Readonly<Record<string, unknown>> | null | undefined)?.[column];
  if (typeof text === 'string' && text.startsWith(MARK)) return text.slice(MARK.length);
  throw new Error(`SqlBlocklistStore: the database gave a row without text for its ${column}`);
}

/**
 * The values of some keys, in the order of the keys, from the rows that a database gave.
 *
 * @throws Error - on a row that is no answer to the question: to take it for nothing would be to say "not revoked"
 */
export function valuesOf(
  keys: readonly string[],
  rows: readonly unknown[],
): readonly (string | null)[] {
  const values = new Map<string, string | null>(keys.map((key) => [key, null]));
  for (const row of rows) {
    const key = textOf(row, 'key');
    // To a column that does not tell cases or blanks apart, it is the key that was asked for.
    if (!values.has(key)) {
      throw new Error('SqlBlocklistStore: the database gave a row for a key that nobody asked for');
    }
    values.set(key, textOf(row, 'value'));
  }
  return keys.map((key) => values.get(key) ?? null);
}
