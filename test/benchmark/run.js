// `npm run bench`: what the library costs, as ratios measured in one run. It measures and does not judge: whatever the
// figures say, it ends well.
//
//   npm run bench -- routes stores             parts of it
//   npm run bench -- --quick                   few rounds, to try whether it runs
//   npm run -s bench -- --json > run.json      one JSON document
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { calls } from './calls.js';
import { imports } from './imports.js';
import { memory } from './memory.js';
import { packageSize } from './package-size.js';
import { printTables, printTargets, rounded } from './report.js';
import { routes } from './routes.js';
import { sessions } from './sessions.js';
import { start } from './start.js';
import { mapValues } from './statistics.js';
import { stores } from './stores.js';

/** How many rounds each part has, and what gives its tables and targets. */
const PARTS = {
  import: [15, imports],
  start: [15, start],
  package: [1, packageSize],
  calls: [25, calls],
  routes: [6, routes],
  stores: [5, stores],
  sessions: [25, sessions],
  memory: [1, memory],
};
const QUICK = 2;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0)
  throw new Error(`There is no part ${unknown}: ${Object.keys(PARTS).join(', ')}`);

const run = {
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  processor: cpus()[0].model,
  tables: {},
  targets: [],
};
for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
  const [rounds, measure] = PARTS[name];
  const { tables, targets } = await measure(flags.quick ? Math.min(QUICK, rounds) : rounds);
  if (!flags.json) printTables(tables);
  Object.assign(run.tables, tables);
  run.targets.push(...targets);
}
if (flags.json) printJson();
else printTargets(run.targets);

function printJson() {
  const row = ({ median, min, max }) => ({
    median: rounded(median),
    min: rounded(min),
    max: rounded(max),
  });
  const document = {
    ...run,
    tables: mapValues(run.tables, (rows) => mapValues(rows, row)),
    targets: run.targets.map((target) => ({ ...target, median: rounded(target.median) })),
  };
  console.log(JSON.stringify(document, undefined, 2));
}
