// `npm run bench`: what the library costs, as ratios measured in one run; `npm run bench -- stores` for a part of it. It
// measures and does not judge: whatever the figures say, it ends well.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRedis } from './databases.js';
import { mintingCosts, verificationCosts } from './calls.js';
import { throughputUnderLoad } from './guarded-route.js';
import { importCosts } from './import-time.js';
import { atLeast, atMost, table, verdict } from './report.js';
import { ratios, summarize } from './statistics.js';
import { STORES, throughputByStore } from './store-throughput.js';

const ROUNDS = { calls: 40, slowCalls: 25, routes: 8, stores: 10, imports: 15, sessions: 5 };

/** Each reports what it measures, and gives the targets that it is about. */
const PARTS = { import: imports, calls, routes, stores, sessions, memory };

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const targets = [];
for (const name of wanted) targets.push(...(await PARTS[name]()));
verdict(targets);

async function imports() {
  const formats = Object.entries(await importCosts(ROUNDS.imports));
  const share = ({ library, replaced }) => ratios(library, replaced);

  table(
    'Import: CPU time / @nestjs/jwt, @nestjs/passport and passport-jwt',
    formats.flatMap(([format, costs]) => [
      [`the library after Nest and its peers, ${format}`, share(costs)],
      [`the library with its peers, ${format}`, ratios(costs.withPeers, costs.replaced)],
    ]),
  );
  table(
    'For orientation, on this machine today: ms of CPU time',
    formats.flatMap(([format, { library, withPeers, replaced }]) => [
      [`the library after Nest and its peers, ${format}`, millis(library)],
      [`the library with its peers, ${format}`, millis(withPeers)],
      [`@nestjs/jwt, @nestjs/passport and passport-jwt, ${format}`, millis(replaced)],
    ]),
  );
  return formats.map(([format, costs]) =>
    atMost(1, share(costs), `${format}: importing the library takes no longer than those three`),
  );
}

async function calls() {
  const verification = {};
  for (const algorithm of ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA']) {
    const rounds = algorithm === 'HS256' ? ROUNDS.calls : ROUNDS.slowCalls;
    verification[algorithm] = await verificationCosts(algorithm, rounds);
  }
  const { HS256 } = verification;
  const minting = await mintingCosts(ROUNDS.calls);
  const decoding = ratios(HS256.decodeToken, HS256.raw);
  const mintingGain = ratios(minting.signAsync, minting.createAccessToken);

  table('Calls: CPU time, as a multiple', [
    ...Object.entries(verification).map(([algorithm, costs]) => [
      `decodeToken, ${algorithm}, unseen token / raw node:crypto`,
      ratios(costs.decodeToken, costs.raw),
    ]),
    [
      'JwtService.verifyAsync with a string secret / decodeToken',
      ratios(HS256.verifyAsync, HS256.decodeToken),
    ],
    ['JwtService.signAsync with a string secret / createAccessToken', mintingGain],
  ]);
  table('For orientation, on this machine today: µs a call', [
    ...Object.entries(verification).flatMap(([algorithm, contenders]) =>
      Object.entries(contenders).map(([name, costs]) => [`${name}, ${algorithm}`, micros(costs)]),
    ),
    ...Object.entries(minting).map(([name, costs]) => [name, micros(costs)]),
  ]);
  return [
    atMost(3.5, decoding, 'decodeToken takes at most 3.5 times the raw limit'),
    atLeast(20, mintingGain, 'minting is at least 20 times as fast as with a string secret'),
  ];
}

async function routes() {
  const guards = { idle: ['idle'], access: ['access'], passport: ['passport'] };
  const [fastify, express] = await throughputUnderLoad(ROUNDS.routes, [
    { adapter: 'fastify', contenders: guards },
    { adapter: 'express', contenders: guards },
  ]);
  const adapters = Object.entries({ Fastify: fastify, Express: express });

  table(
    'Guarded route: requests per CPU second, as a multiple',
    adapters.flatMap(([adapter, { idle, access, passport }]) => [
      [`${adapter}: AccessGuard / a guard that does nothing`, ratios(access, idle)],
      [`${adapter}: AccessGuard / AuthGuard("jwt") as documented`, ratios(access, passport)],
    ]),
  );
  table(
    'For orientation, on this machine today: requests per CPU second',
    adapters.flatMap(([adapter, throughput]) =>
      Object.entries(throughput).map(([guard, each]) => [`${adapter}, ${guard}`, summarize(each)]),
    ),
  );
  const gain = ratios(fastify.access, fastify.passport);
  return [
    atLeast(
      10,
      gain,
      'a guarded route on Fastify answers at least 10 times what passport-jwt does',
    ),
  ];
}

async function stores() {
  const throughput = await throughputByStore(ROUNDS.stores);
  const share = (name) => ratios(throughput[name].itself, throughput[name].memory);

  table(
    'AccessGuard by store: requests per CPU second / empty store in memory',
    Object.entries(STORES).map(([name, { title }]) => [title, share(name)]),
  );
  table('For orientation, on this machine today: requests per CPU second', [
    ...Object.entries(STORES).map(([name, { title }]) => [
      title,
      summarize(throughput[name].itself),
    ]),
  ]);
  return [
    atLeast(
      0.9,
      share('memoryMillion'),
      'a million revoked tokens cost at most a tenth of the throughput',
    ),
    atLeast(0.85, share('redisCached'), 'Redis with its client-side cache leaves at least 0.85'),
    atLeast(0.4, share('redis'), 'Redis without a cache leaves at least 0.4'),
  ];
}

/** Each round in a process of its own, with memory and with Redis beside each other. */
async function sessions() {
  const redis = await startRedis();
  const rounds = { memory: [], redis: [] };
  try {
    for (let round = 0; round < ROUNDS.sessions; round += 1) {
      rounds.memory.push(await sessionCosts());
      rounds.redis.push(await sessionCosts(redis.url));
    }
  } finally {
    await redis.stop();
  }
  const rows = Object.entries(rounds).flatMap(([store, costs]) =>
    ['plain', 'listed'].flatMap((kind) =>
      ['login', 'refresh', 'logout'].map((what) => [
        `${what}, ${store}${kind === 'listed' ? ', sessions listed' : ''}`,
        costs.map((cost) => cost[kind][what]),
      ]),
    ),
  );
  table(
    'For orientation, on this machine today: calls a second',
    rows.map(([name, values]) => [name, summarize(values)]),
  );
  const bytes = (name) => summarize(rounds.memory.map((cost) => cost.bytes[name]));
  table('Bytes that stay in memory', [
    ['a login', bytes('login')],
    ['a login, sessions listed', bytes('listedLogin')],
    ['each rotation of one session', bytes('rotation')],
  ]);
  return [
    atMost(8, bytes('login'), 'a login with default options keeps nothing'),
    atMost(8, bytes('rotation'), 'a rotation keeps nothing more'),
  ];
}

async function sessionCosts(...address) {
  const script = join(import.meta.dirname, 'sessions.js');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    script,
    ...address,
  ]);
  return JSON.parse(stdout);
}

/** In a process of its own, where memory can be counted. */
async function memory() {
  const flags = [
    '--expose-gc',
    '--single-threaded-gc',
    join(import.meta.dirname, 'memory-store.js'),
  ];
  const [code] = await once(spawn(process.execPath, flags, { stdio: 'inherit' }), 'exit');
  if (code !== 0) console.log('memory-store.js failed');
  return [];
}

function millis(costs) {
  return summarize(costs.map((seconds) => seconds * 1e3));
}

function micros(costs) {
  return summarize(costs.map((seconds) => seconds * 1e6));
}
