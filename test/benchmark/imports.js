// How long an import takes in a fresh process: of this library, and of the packages that it replaces.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { costsInFreshProcess, NEST } from './fresh-process.js';
import { atMost } from './report.js';
import { ratios, summarize } from './statistics.js';

const { peerDependencies, peerDependenciesMeta = {} } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
);
const PEERS = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
const REPLACED = ['@nestjs/jwt', '@nestjs/passport', 'passport-jwt'];

const FORMATS = {
  ESM: { type: 'module', load: (name) => `await import('${name}');` },
  CommonJS: { type: 'commonjs', load: (name) => `require('${name}');` },
};

const TITLES = {
  library: 'the library after Nest and its peers',
  withPeers: 'the library with its peers',
  replaced: '@nestjs/jwt, @nestjs/passport and passport-jwt',
};

export async function imports(rounds) {
  const [multiples, millis, targets] = [{}, {}, []];
  for (const [format, how] of Object.entries(FORMATS)) {
    const costs = await costsOf(how, rounds);
    for (const [name, cost] of Object.entries(costs)) {
      const row = `${TITLES[name]}, ${format}`;
      millis[row] = summarize(cost.map((seconds) => seconds * 1e3));
      if (name !== 'replaced') multiples[row] = ratios(cost, costs.replaced);
    }
    const share = ratios(costs.library, costs.replaced);
    targets.push(atMost(0.7, share, `import after Nest and its peers / those three, ${format}`));
  }
  const tables = {
    [`Import: CPU time / ${TITLES.replaced}`]: multiples,
    'Import: ms of CPU time': millis,
  };
  return { tables, targets };
}

function costsOf({ type, load }, rounds) {
  const script = (before, after) => ({
    type,
    before: before.map(load).join(''),
    work: after.map(load).join(''),
  });
  return costsInFreshProcess(
    {
      library: script([...NEST, ...PEERS], ['nestjs-jwt-extended']),
      withPeers: script(NEST, ['nestjs-jwt-extended']),
      replaced: script(NEST, REPLACED),
    },
    rounds,
  );
}
