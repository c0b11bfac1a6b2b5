// What a store in memory of a million entries takes, measured in a process of its own, where memory can be counted.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mapValues, summarize } from './statistics.js';

export async function memory() {
  const script = join(import.meta.dirname, 'memory-store.js');
  const words = ['--expose-gc', '--single-threaded-gc', script];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const tables = mapValues(JSON.parse(stdout), (rows) => mapValues(rows, summarize));
  return { tables, targets: [] };
}
