// What a script takes in a fresh process: an import, or the start of an application.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mapValues } from './statistics.js';

/** What every Nest application has loaded before, in an order in which each finds what it needs. */
export const NEST = ['reflect-metadata', 'rxjs', '@nestjs/common', '@nestjs/core'];

/**
 * @param contenders - by name, scripts: `type` of module, `before` and `work`, of which only the latter counts
 * @returns by name, the seconds of processor time in each round; the contenders take turns
 */
export async function costsInFreshProcess(contenders, rounds) {
  const costs = mapValues(contenders, () => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, script] of Object.entries(contenders)) {
      costs[name].push(await secondsOf(script));
    }
  }
  return costs;
}

async function secondsOf({ type, before, work }) {
  const script = `
    ${before}
    gc(); // Else what follows pays for the garbage of what was before.
    const start = process.cpuUsage();
    ${work}
    const { user, system } = process.cpuUsage(start);
    console.log((user + system) / 1e6);
    process.exit();`;
  // Without optimization: what V8 optimizes beside an import is Node's own loader, now in one contender's turn, now in another's.
  const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc', '--no-opt'];
  const words = [...flags, `--input-type=${type}`, '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return Number(stdout);
}
