import { mkdirSync } from 'node:fs';
import { join, sep } from 'node:path';

/** The folder of this sample. The compiled files are in its folder `dist`. */
const SAMPLE = import.meta.dirname.slice(0, import.meta.dirname.lastIndexOf(`${sep}dist`));

/** The files of the page. */
export const PAGE_FOLDER = join(SAMPLE, 'public');

/** What the demo remembers over a restart: the sessions and, without JWT_SECRET, the secret. */
export function dataFolder(): string {
  const folder = process.env.DATA_FOLDER ?? join(SAMPLE, 'data');
  mkdirSync(folder, { recursive: true });
  return folder;
}
