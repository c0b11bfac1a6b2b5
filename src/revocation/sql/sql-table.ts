import { JwtExtendedConfigError } from '../../errors/config.error.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_.]{0,62}$/;
/** PostgreSQL cuts names off after 63 characters, and the longest that is made of this one ends in `_sessions_expiry`. */
const LONGEST = 63 - '_sessions_expiry'.length;

/** Where a table is, in words that are safe within SQL. */
export interface SqlTable {
  /** The quoted schema with its dot, or nothing. */
  readonly schema: string;
  /** Not quoted, since other names are made of it. */
  readonly name: string;
}

/**
 * Reads `'jwt_blocklist'` or `'auth.jwt_blocklist'`.
 *
 * @throws JwtExtendedConfigError - when it is no name of a table
 */
export function sqlTable(table: unknown): SqlTable {
  const parts = typeof table === 'string' && NAME.test(table) ? table.split('.') : [];
  const name = parts.at(-1);
  if (name === undefined || parts.length > 2 || parts.includes('')) {
    throw new JwtExtendedConfigError(
      'SqlBlocklistStore: table must be a name such as "jwt_blocklist" or "auth.jwt_blocklist", of ASCII letters, digits and underscores, at most 63 characters',
    );
  }
  if (name.length > LONGEST) {
    throw new JwtExtendedConfigError(
      `SqlBlocklistStore: table must be at most ${LONGEST} characters after the schema, so that the names of its indexes fit`,
    );
  }
  return { schema: parts.length === 2 ? `"${parts[0]}".` : '', name };
}
