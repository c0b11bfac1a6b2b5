// How many bytes npm fetches and unpacks.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { summarize } from './statistics.js';

export async function packageSize() {
  const words = ['pack', '--dry-run', '--ignore-scripts', '--json'];
  const cwd = join(import.meta.dirname, '../..');
  const { stdout } = await promisify(execFile)('npm', words, { cwd });
  const [{ size, unpackedSize }] = Object.values(JSON.parse(stdout));
  return {
    tables: {
      'Package: bytes': { packed: summarize([size]), unpacked: summarize([unpackedSize]) },
    },
    targets: [],
  };
}
