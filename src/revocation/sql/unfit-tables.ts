import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { SqlTable } from './sql-table.js';

/** What the application is told when the tables are not as the statements need them. */
export function unfitTables(
  { schema, name }: SqlTable,
  finding: string,
  cause?: unknown,
): JwtExtendedConfigError {
  const table = schema.replaceAll('"', '') + name;
  return new JwtExtendedConfigError(
    `SqlBlocklistStore: the tables ${table} and ${table}_sessions are not as they must be: ${finding}. ` +
      'Call `await store.migrate()` once before the application starts, or create them as `store.ddl` says; ' +
      'a table of another shape has to be moved out of the way first',
    { cause },
  );
}
