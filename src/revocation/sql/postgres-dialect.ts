import { JwtExtendedConfigError } from '../../errors/config.error.js';
import { databaseError } from './database-error.js';
import { postgresDdl, postgresTypes, postgresWording } from './postgres-sql.js';
import type { PostgresClient } from './sql-client.js';
import type { SqlDialect, SqlStatements } from './sql-dialect.js';
import { sqlStatements } from './sql-statements.js';
import type { SqlTable } from './sql-table.js';
import { unfitTables } from './unfit-tables.js';

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
