import type { Awaitable } from '../../contracts/awaitable.js';

/** What a store says to a database. Each is one statement, and all of them take their values as parameters. */
export interface SqlStatements {
  /** Key, value and expiry; gives a row if it added the entry. */
  readonly add: string;
  /** Key, digits and expiry; gives a row if it wrote them. */
  readonly raise: string;
  /** The keys, as one parameter; gives `key` and `value`, both selected, of those that are there. */
  readonly get: string;
  /** A key. */
  readonly delete: string;
  /** Identity, session id, value and expiry. */
  readonly put: string;
  /** An identity; gives each `value`, selected. */
  readonly list: string;
  /** Identity and session id. */
  readonly remove: string;
  /** A moment and how many at most; gives a row for each that expired by then and is gone. */
  readonly purge: readonly string[];
}

/** How one kind of database is spoken to. */
export interface SqlDialect {
  readonly statements: SqlStatements;
  /** Creates the tables and their indexes where they are absent, one statement each. */
  readonly ddl: readonly string[];
  /** Several keys as the one parameter that `get` takes. */
  keyList(keys: readonly string[]): unknown;
  /** Runs a statement and gives its rows, whatever they are. */
  rows(statement: string, values: readonly unknown[]): Awaitable<readonly unknown[]>;
  migrate(): Promise<void>;
  /** @throws JwtExtendedConfigError - when the tables are not such that the statements run */
  check(): Promise<void>;
}
