// A process that writes to a SQLite file until it is done or killed, as the store does, and says what was acknowledged.
import { writeSync } from 'node:fs';
import Database from 'libsql';

const { path, add, count } = JSON.parse(process.argv[2]);

const database = new Database(path, { timeout: 10_000 });
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
const statement = database.prepare(add);
for (let index = 0; index < count; index += 1) {
  // Unbuffered: what is said here has been said even when the process is killed in the next moment.
  if (statement.all(`jti:${index}`, '1', null).length > 0) writeSync(1, `jti:${index}\n`);
}
