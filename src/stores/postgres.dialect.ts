import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  databaseError,
  type PostgresClient,
  type SqlDialect,
  type SqlStatements,
  sqlStatements,
  type SqlTable,
  type SqlWording,
  unfitTables,
} from './sql-statements.js';

/** PostgreSQL's way of saying it. */
const postgresWording: SqlWording = {
  parameter: (place) => `$${place}`,
  isAsked: 'key = ANY ($1)',
  // CASE, since the sides of AND are evaluated in any order, and a cast of what is no number is an error.
  isLower: `CASE WHEN held.value ~ '^[0-9]+$'
      THEN held.value::numeric < excluded.value::numeric ELSE false END`,
  // Several processes may purge at once, each of them what no other has in hand. The moment is compared again where the
  // rows go, since a ctid alone says too little in a table of partitions.
  purge: (table) => `DELETE FROM ${table} WHERE expires_at <= $1 AND ctid = ANY (ARRAY(
      SELECT ctid FROM ${table} WHERE expires_at <= $1
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1`,
};

/** Collated by bytes: by case, with every blank, and the same on every machine. */
const TEXT = 'text COLLATE "C" NOT NULL';

function postgresDdl({ schema, name }: SqlTable): readonly string[] {
  const sessions = `${name}_sessions`;
  return [
    `CREATE TABLE IF NOT EXISTS ${schema}"${name}" (
      key ${TEXT} PRIMARY KEY, value text NOT NULL, expires_at bigint)`,
    expiryIndex(schema, name),
    `CREATE TABLE IF NOT EXISTS ${schema}"${sessions}" (
      identity ${TEXT}, session_id ${TEXT}, value text NOT NULL, expires_at bigint,
      PRIMARY KEY (identity, session_id))`,
    expiryIndex(schema, sessions),
  ];
}

/** One row that says of what type every column is; an error where one of them is not. */
function postgresTypes({ schema, name }: SqlTable): string {
  const columns = [
    ...['key', 'value', 'expires_at'].map((column) => `entries.${column}`),
    ...['identity', 'session_id', 'value', 'expires_at'].map((column) => `sessions.${column}`),
  ];
  const types = columns.map((column) => `pg_typeof(${column})::text AS "${column}"`);
  return `SELECT ${types.join(', ')} FROM (SELECT) AS nothing
      LEFT JOIN ${schema}"${name}" AS entries ON false
      LEFT JOIN ${schema}"${name}_sessions" AS sessions ON false`;
}

function expiryIndex(schema: string, name: string): string {
  return `CREATE INDEX IF NOT EXISTS "${name}_expiry" ON ${schema}"${name}" (expires_at)
      WHERE expires_at IS NOT NULL`;
}

/** No such table, column, schema or operator; another type, another kind of relation; no primary key to conflict with. */
const UNFIT = new Set(['42P01', '42703', '3F000', '42883', '42804', '42809', '42P10']);
/** Processes that migrate at once wait for each other by it; any number does, as long as it is always the same. */
const MIGRATION_LOCK = 5_271_009_914_385_206;

/** PostgreSQL, over `pg` or within this process as PGlite. */
export class PostgresDialect implements SqlDialect {
  readonly statements: SqlStatements;
  readonly ddl: readonly string[];

  constructor(
    private readonly client: PostgresClient,
    private readonly table: SqlTable,
  ) {
    this.statements = sqlStatements(table, postgresWording);
    this.ddl = postgresDdl(table);
  }

  keyList(keys: readonly string[]): unknown {
    return keys;
  }

  async rows(statement: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    const answer: unknown = await this.client.query(statement, [...values]);
    const rows: unknown = (answer as { readonly rows?: unknown } | null | undefined)?.rows;
    if (Array.isArray(rows)) return rows as readonly unknown[];
    throw new JwtExtendedConfigError(
      'SqlBlocklistStore: query() of the client does not answer with { rows }; give it a Pool or a Client of pg, or a PGlite',
    );
  }

  /** One statement, and so one transaction on one connection, whatever the client is. */
  async migrate(): Promise<void> {
    const steps = [`PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK})`, ...this.ddl];
    await this.rows(`DO $migration$ BEGIN ${steps.join('; ')}; END $migration$`, []);
  }

  async check(): Promise<void> {
    try {
      const types = await this.rows(postgresTypes(this.table), []);
      const wrong = types
        .flatMap((row) => Object.entries(row as Readonly<Record<string, unknown>>))
        .find(([column, type]) => !isFit(column, type));
      if (wrong) throw unfitTables(this.table, `the column ${wrong.join(' is of the type ')}`);
      // To plan an INSERT is to look for the primary key that it may conflict with.
      await this.rows(`EXPLAIN ${this.statements.add}`, ['', '', null]);
      await this.rows(`EXPLAIN ${this.statements.put}`, ['', '', '', null]);
    } catch (error) {
      const { code, message } = databaseError(error);
      throw UNFIT.has(code) ? unfitTables(this.table, message, error) : error;
    }
  }
}

/** `char(n)` forgets blanks, `citext` does not tell cases apart, and milliseconds do not fit into an `integer`. */
function isFit(column: string, type: unknown): boolean {
  if (column.endsWith('expires_at')) return type === 'bigint';
  return type === 'text' || type === 'character varying';
}
