// `node test/benchmark/readme-table.js <run.json>` writes what a run with `--json` found into the README, and the part of
// it that the README and its targets are made of into `recorded.json`; with `--print` it only prints the README's part.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FASTIFY = 'Fastify: requests per CPU second, AccessGuard / …';
const VERIFY = 'Verify an unseen token: CPU time / raw node:crypto';
const MINT = 'Mint an access token: CPU time / raw node:crypto';
const IMPORT = 'Import: CPU time / @nestjs/jwt, @nestjs/passport and passport-jwt';
const STORES = 'Stores: requests per CPU second / empty store in memory';
const DOCUMENTED = 'HS256, JwtService as documented';

/** How many times as fast as something else this library is, by what `median` finds in a table and its row. */
const FIGURES = {
  'A guarded route: a guard that does nothing': (median) =>
    median(FASTIFY, 'one token: a guard that does nothing'),
  'A guarded route: `passport-jwt` as documented': (median) =>
    median(FASTIFY, 'one token: passport-jwt as documented'),
  'A guarded route: `@fastify/jwt` without Nest': (median) =>
    median(FASTIFY, 'one token: plain Fastify with @fastify/jwt'),
  'Verifying: `@nestjs/jwt` as documented': (median) =>
    median(VERIFY, DOCUMENTED) / median(VERIFY, 'HS256, decodeToken'),
  'Minting: `@nestjs/jwt` as documented': (median) =>
    median(MINT, DOCUMENTED) / median(MINT, 'HS256, createAccessToken'),
  'Import: `@nestjs/jwt`, passport, `passport-jwt`': (median) =>
    1 / median(IMPORT, 'the library after Nest and its peers, ESM'),
  'A guarded route with 10^6 revoked: with none': (median) =>
    median(STORES, 'MemoryBlocklistStore, 1,000,000 revoked'),
};
const MAX_BYTES = 900;
const BETWEEN = /<!-- figures -->[^]*<!-- \/figures -->/;

const [file, flag] = process.argv.slice(2);
const run = JSON.parse(readFileSync(file, 'utf8'));
const used = {};
const text = figures();
if (flag === '--print') console.log(text);
else write();

function figures() {
  const rows = Object.entries(FIGURES).map(([name, figure]) => [name, shown(figure(medianOf))]);
  const parts = ['<!-- figures -->', table(['Compared with', 'Times as fast'], rows), sentence()];
  const text = [...parts, '<!-- /figures -->'].join('\n\n');
  if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`More than ${MAX_BYTES} bytes: ${text}`);
  return text;
}

function medianOf(title, row) {
  const found = run.tables[title]?.[row];
  if (!found) throw new Error(`The run has no row "${row}" of "${title}"`);
  used[title] = { ...used[title], [row]: found };
  return found.median;
}

function sentence() {
  const processor = run.processor.replaceAll(/\((R|TM)\)| (CPU|Processor)\b.*| \d+-Core\b.*/g, '');
  return `HS256, Fastify, CPU time; ${run.date}, ${processor}, Node ${run.node}. Yours: \`npm run bench\`.`;
}

function shown(value) {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

/** As Prettier formats it. */
function table(head, rows) {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => cells[column].length)),
  );
  const line = (cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

function write() {
  const readme = join(import.meta.dirname, '../../README.md');
  const page = readFileSync(readme, 'utf8');
  if (!BETWEEN.test(page))
    throw new Error('README.md has no <!-- figures --> and <!-- /figures -->');
  writeFileSync(
    readme,
    page.replace(BETWEEN, () => text),
  );
  const recorded = JSON.stringify({ ...run, tables: used }, undefined, 2);
  writeFileSync(join(import.meta.dirname, 'recorded.json'), `${recorded}\n`);
}
