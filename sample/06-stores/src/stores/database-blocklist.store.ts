import type { BlocklistStore } from 'nestjs-jwt-extended';
import type { Pool } from 'pg';

/** The key is compared byte by byte. In milliseconds some dates are too far away for a timestamp; null is for ever. */
export const TABLE = `CREATE TABLE IF NOT EXISTS revocations (
  key text COLLATE "C" PRIMARY KEY, value text NOT NULL, expires_at bigint)`;

export class DatabaseBlocklistStore implements BlocklistStore {
  constructor(private readonly pool: Pool) {}

  async add(key: string, value: string, expiresAt: Date | null) {
    const { rowCount } = await this.pool.query(
      'INSERT INTO revocations VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [key, value, expiresAt?.getTime() ?? null],
    );
    return rowCount === 1;
  }

  async replace(key: string, expected: string, value: string, expiresAt: Date | null) {
    const { rowCount } = await this.pool.query(
      'UPDATE revocations SET value = $3, expires_at = $4 WHERE key = $1 AND value = $2',
      [key, expected, value, expiresAt?.getTime() ?? null],
    );
    return rowCount === 1;
  }

  async get(keys: readonly string[]) {
    const { rows } = await this.pool.query<{ key: string; value: string }>(
      'SELECT key, value FROM revocations WHERE key = ANY($1)',
      [keys],
    );
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    return keys.map((key) => values.get(key) ?? null);
  }

  async delete(key: string) {
    await this.pool.query('DELETE FROM revocations WHERE key = $1', [key]);
  }
}
