// How long an import takes in a fresh process: of this library, and of the packages that it replaces.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const { peerDependencies, peerDependenciesMeta = {} } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
);
/** What every Nest application has loaded before, in an order in which each finds what it needs. */
const NEST = ['reflect-metadata', 'rxjs', '@nestjs/common', '@nestjs/core'];
const PEERS = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
const REPLACED = ['@nestjs/jwt', '@nestjs/passport', 'passport-jwt'];

const FORMATS = {
  ESM: { type: 'module', load: (name) => `await import('${name}');` },
  CommonJS: { type: 'commonjs', load: (name) => `require('${name}');` },
};
const CONTENDERS = {
  library: { before: [...NEST, ...PEERS], imports: ['nestjs-jwt-extended'] },
  withPeers: { before: NEST, imports: ['nestjs-jwt-extended'] },
  replaced: { before: NEST, imports: REPLACED },
};

/** Format to contender to the seconds of processor time in each round; the contenders take turns. */
export async function importCosts(rounds) {
  const costs = {};
  for (const [format, how] of Object.entries(FORMATS)) {
    costs[format] = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, contender] of Object.entries(CONTENDERS)) {
        costs[format][name].push(await secondsOfImport(how, contender));
      }
    }
  }
  return costs;
}

async function secondsOfImport({ type, load }, { before, imports }) {
  const script = `
    ${before.map(load).join('')}
    gc(); // Else the next import pays for the garbage of Nest's.
    const start = process.cpuUsage();
    ${imports.map(load).join('')}
    const { user, system } = process.cpuUsage(start);
    console.log((user + system) / 1e6);`;
  // Without optimization: what V8 optimizes beside an import is Node's own loader, now in one contender's turn, now in another's.
  const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc', '--no-opt'];
  const words = [...flags, `--input-type=${type}`, '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return Number(stdout);
}
