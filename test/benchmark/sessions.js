// What a login, a refresh and a logout cost, with a store in memory and with Redis, and what a module keeps of them.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRedis } from './databases.js';
import { atMost } from './report.js';
import { ratios, summarize } from './statistics.js';

const CALLS = ['login', 'refresh', 'logout'];
const LIMITS = { login: 'two mints', refresh: '(verify and two mints)' };

export async function sessions(rounds) {
  const redis = await startRedis();
  try {
    const memory = await costsOf(rounds);
    return result({ memory, Redis: await costsOf(rounds, redis.url) });
  } finally {
    await redis.stop();
  }
}

/** In a process of its own, where memory can be counted. */
async function costsOf(rounds, ...address) {
  const words = ['--expose-gc', join(import.meta.dirname, 'session-calls.js'), rounds, ...address];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout);
}

function result(stores) {
  const [multiples, micros] = [{}, {}];
  for (const [store, { plain, listed }] of Object.entries(stores)) {
    for (const [suffix, costs] of Object.entries({ '': plain, ', sessions listed': listed })) {
      for (const call of CALLS) {
        const row = `${call}, ${store}${suffix}`;
        micros[row] = summarize(costs[call].map((seconds) => seconds * 1e6));
        if (LIMITS[call]) multiples[`${row} / raw ${LIMITS[call]}`] = overRaw(costs, call);
      }
    }
  }
  const { plain, bytes } = stores.memory;
  return {
    tables: {
      'Sessions: CPU time / raw node:crypto': multiples,
      'Sessions: µs of CPU time': micros,
      'Sessions: bytes that stay in memory': {
        'a login': summarize([bytes.login]),
        'a login, sessions listed': summarize([bytes.listedLogin]),
        'each rotation of one session': summarize([bytes.rotation]),
      },
    },
    targets: [
      atMost(3.5, overRaw(plain, 'login'), 'login / two raw mints, memory store'),
      atMost(4, overRaw(plain, 'refresh'), 'refresh / raw verify and two mints, memory store'),
      atMost(8, summarize([bytes.login]), 'bytes that a login keeps'),
      atMost(8, summarize([bytes.rotation]), 'bytes that a rotation keeps'),
    ],
  };
}

function overRaw(costs, call) {
  return ratios(costs[call], costs[call === 'login' ? 'rawLogin' : 'rawRefresh']);
}
