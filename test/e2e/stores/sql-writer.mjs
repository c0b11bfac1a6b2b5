// Writes to a SQLite file as the store does until it is done or killed, and prints each key that was acknowledged. Each time
// it also counts an entry up with `replace`.
import { writeSync } from 'node:fs';
import Database from 'libsql';

const { path, add, replace, count } = JSON.parse(process.argv[2]);

const database = new Database(path, { timeout: 10_000 });
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
const statement = database.prepare(add);
const replacement = database.prepare(replace);
const counter = database.prepare("SELECT value FROM jwt_blocklist WHERE key = 'counter'");
for (let index = 0; index < count; index += 1) {
  // Unbuffered, so that the key is printed even if the process is killed right afterwards.
  if (statement.all(`jti:${index}`, '1', null).length > 0) writeSync(1, `jti:${index}\n`);
  countUp();
}

function countUp() {
  for (;;) {
    const [{ value }] = counter.all();
    if (replacement.all(String(Number(value) + 1), null, 'counter', value).length > 0) return;
  }
}
