import { setTimeout as pause } from 'node:timers/promises';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  databaseError,
  type PostgresClient,
  SqlDialect,
  type SqlTable,
  type SqlWording,
  unfitTables,
} from './sql-statements.js';

const WORDING: SqlWording = {
  // Compared by bytes, so that case and blanks count, and the same on every machine.
  keyType: 'text COLLATE "C" NOT NULL',
  valueType: 'text NOT NULL',
  momentType: 'bigint',
  tableOptions: '',
  indexOn: (schema, index, table) => `${index} ON ${schema}${table}`,
  parameter: (place) => `$${place}`,
  isAsked: 'key = ANY ($1)',
  // Several processes may purge at once, so each skips the rows that another has locked. The outer statement compares the
  // moment again, because a ctid does not identify a row in a partitioned table.
  purge: (table) => `DELETE FROM ${table} WHERE expires_at <= $1 AND ctid = ANY (ARRAY(
      SELECT ctid FROM ${table} WHERE expires_at <= $1
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1`,
};

/** No such table, column, schema or operator; another type or kind of relation; no primary key for ON CONFLICT. */
const UNFIT = new Set(['42P01', '42703', '3F000', '42883', '42804', '42809', '42P10']);
/** A serialization failure, which isolation levels above `read committed` have, and a deadlock. */
const CONFLICTS = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 20;
/** The pause is random and grows, so that many calls for one entry do not meet again. */
const LONGEST_PAUSE_MS = 5;
/** Processes that migrate at once wait for each other on this lock. The number is arbitrary, and must not change. */
const MIGRATION_LOCK = 5_271_009_914_385_206;

/** PostgreSQL, over `pg` or another library, or within this process as PGlite. */
export class PostgresDialect extends SqlDialect {
  constructor(
    private readonly client: PostgresClient,
    table: SqlTable,
  ) {
    super(table, WORDING);
  }

  keyList(keys: readonly string[]): unknown {
    return keys;
  }

  /** Each statement is a transaction of its own, so a conflict with another one is resolved by a second attempt. */
  async rows(statement: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#query(statement, values);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !CONFLICTS.has(databaseError(error).code)) throw error;
      }
      await pause(Math.random() * attempt * LONGEST_PAUSE_MS);
    }
  }

  async #query(statement: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    const rows = rowsOf(await this.client.query(statement, [...values]));
    if (rows) return rows;
    throw new JwtExtendedConfigError(
      'SqlBlocklistStore: query() of the client does not answer with rows; give it a Pool or a Client of pg, a PGlite, or a DataSource of TypeORM',
    );
  }

  /** A single statement, so that any client runs it in one transaction on one connection. */
  async migrate(): Promise<void> {
    const steps = [`PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK})`, ...this.ddl];
    await this.rows(`DO $migration$ BEGIN ${steps.join('; ')}; END $migration$`, []);
  }

  async check(): Promise<void> {
    try {
      const types = await this.rows(typesQuery(this.table), []);
      const wrong = types
        .flatMap((row) => Object.entries(row as Readonly<Record<string, unknown>>))
        .find(([column, type]) => !isFit(column, type));
      if (wrong) throw unfitTables(this.table, `the column ${wrong.join(' is of the type ')}`);
      // To plan an INSERT, PostgreSQL looks for the primary key that ON CONFLICT needs.
      await this.rows(`EXPLAIN ${this.statements.add}`, ['', '', null]);
      await this.rows(`EXPLAIN ${this.statements.put}`, ['', '', '', null]);
    } catch (error) {
      const { code, message } = databaseError(error);
      throw UNFIT.has(code) ? unfitTables(this.table, message, error) : error;
    }
  }
}

/** `{ rows }` of pg, or the rows themselves; TypeORM answers an UPDATE and a DELETE with `[rows, count]`. */
function rowsOf(answer: unknown): readonly unknown[] | undefined {
  if (!isList(answer)) {
    const rows: unknown = (answer as { readonly rows?: unknown } | null | undefined)?.rows;
    return isList(rows) ? rows : undefined;
  }
  const [rows, count] = answer;
  if (isList(rows) && typeof count === 'number') return rows;
  // Another pair, such as one of rows and columns, would count as two rows.
  return answer.some(isList) ? undefined : answer;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Returns one row with the type of each column, and fails if a column is missing. */
function typesQuery({ schema, name }: SqlTable): string {
  const columns = [
    ...['key', 'value', 'expires_at'].map((column) => `entries.${column}`),
    ...['identity', 'session_id', 'value', 'expires_at'].map((column) => `sessions.${column}`),
  ];
  const types = columns.map((column) => `pg_typeof(${column})::text AS "${column}"`);
  return `SELECT ${types.join(', ')} FROM (SELECT) AS nothing
      LEFT JOIN ${schema}"${name}" AS entries ON false
      LEFT JOIN ${schema}"${name}_sessions" AS sessions ON false`;
}

/** `char(n)` drops trailing blanks, `citext` ignores case, and an `integer` is too small for milliseconds. */
function isFit(column: string, type: unknown): boolean {
  if (column.endsWith('expires_at')) return type === 'bigint';
  return type === 'text' || type === 'character varying';
}
