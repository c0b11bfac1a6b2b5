import { setImmediate as turn } from 'node:timers/promises';
import type { SqlDialect } from './sql-dialect.js';

/** Clocks are set back now and then: what has expired stays for as long as the memory store keeps it, too. */
const MARGIN_MS = 5 * 60 * 1_000;

/** What may be said of a purge. */
export interface SqlPurgeOptions {
  /**
   * Deletes what expired five minutes before this, or earlier.
   *
   * @default now
   */
  readonly before?: Date;
  /**
   * How many rows are deleted at once, which is for how long others may have to wait.
   *
   * @default 1000
   */
  readonly batch?: number;
}

/** Deletes what has expired, batch by batch, and gives the number of rows. */
export async function purgeExpired(
  dialect: SqlDialect,
  { before = new Date(), batch = 1_000 }: SqlPurgeOptions,
): Promise<number> {
  const moment = before.getTime() - MARGIN_MS;
  if (Number.isNaN(moment)) throw new TypeError('SqlBlocklistStore: before must be a valid date');
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new TypeError('SqlBlocklistStore: batch must be a whole number of 1 or more');
  }
  let total = 0;
  for (const statement of dialect.statements.purge) {
    let gone = 0;
    do {
      gone = (await dialect.rows(statement, [moment, batch])).length;
      total += gone;
      // SQLite works within this process, where others want to be heard meanwhile.
      await turn();
    } while (gone === batch);
  }
  return total;
}
