// Fills databases with as many revoked tokens as are wanted, faster than through the store.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { RedisBlocklistStore, SqlBlocklistStore } from 'nestjs-jwt-extended';
import pg from 'pg';
import { createClient } from 'redis';

const DAY_MS = 86_400_000;
const AT_ONCE = 1_000;

/** Through any store that is fast enough. The keys are as the library writes them. */
export async function fill(store, count) {
  const expiresAt = new Date(Date.now() + DAY_MS);
  const revoke = () => store.add(`jti:${randomUUID()}`, '1', expiresAt);
  for (let left = count; left > 0; left -= AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, revoke));
  }
  return store;
}

export async function fillRedis(url, count) {
  const client = await createClient({ url, commandOptions: { timeout: 0 } }).connect();
  await client.flushAll();
  await fill(new RedisBlocklistStore(client), count);
  await client.close();
}

export async function fillPostgres(connectionString, count) {
  const pool = new pg.Pool({ connectionString });
  await new SqlBlocklistStore(pool).migrate();
  await pool.query('TRUNCATE jwt_blocklist');
  await pool.query(
    `INSERT INTO jwt_blocklist SELECT 'jti:' || gen_random_uuid(), '1', $1 FROM generate_series(1, $2)`,
    [Date.now() + DAY_MS, count],
  );
  await pool.query('ANALYZE');
  await pool.end();
}

/** In a folder of its own. */
export function sqliteFile() {
  return join(mkdtempSync(join(tmpdir(), 'bench-sqlite-')), 'blocklist.db');
}

export function removeSqlite(file) {
  rmSync(dirname(file), { recursive: true, force: true });
}

export async function fillSqlite(file, count) {
  const database = new Database(file);
  await new SqlBlocklistStore(database).migrate();
  database.exec('DELETE FROM jwt_blocklist');
  database
    .prepare(
      `WITH RECURSIVE number(i) AS (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT i + 1 FROM number WHERE i < ?1)
       INSERT INTO jwt_blocklist SELECT 'jti:' || lower(hex(randomblob(18))), '1', ?2 FROM number`,
    )
    .run(count, Date.now() + DAY_MS);
  database.close();
}
