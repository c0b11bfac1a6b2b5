// Servers under load. Those that are compared run at once and are under load at once, so that whatever else the machine
// does happens to all of them; what counts is how many requests each answers in a second of its own CPU time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { mapValues } from './statistics.js';

const CONNECTIONS = 8;
/** The young generation of the heap has the size from the beginning that it has after a while under load. */
const GROWN = ['--min-semi-space-size=16'];
/** How long servers are under load before a round counts, and how many rounds do not count at all. */
const WARM_UP_MS = 300;
const WARM_UPS = 2;
/** How long a round is, for each server that is under load in it. */
const ROUND_MS = 400;

/**
 * The loads take turns; the servers of one load are under it at once.
 *
 * @param servers - by name, the script and its arguments
 * @param loads - by name: the `requests`, the names of the `servers`, and `refused`, requests that all of these except for
 * the idle one must refuse before the clock runs
 * @returns by load and server, the requests per CPU second, round by round
 */
export async function throughputUnderLoad(rounds, servers, loads) {
  const started = {};
  try {
    for (const [name, words] of Object.entries(servers)) started[name] = await Server.start(words);
    const turns = mapValues(loads, (load) => new Load(load, started));
    for (const turn of Object.values(turns)) await turn.check();
    for (let round = 0; round < WARM_UPS; round += 1) {
      for (const turn of Object.values(turns)) await turn.run();
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const turn of Object.values(turns)) await turn.round();
    }
    return mapValues(turns, ({ throughput }) => throughput);
  } finally {
    await Promise.all(Object.values(started).map((server) => server.stop()));
  }
}

class Server {
  static async start([script, ...words]) {
    const child = fork(join(import.meta.dirname, script), words, { execArgv: GROWN });
    // Whoever waits for a message of it hears of an error, too; nobody else need.
    child.on('error', () => undefined);
    child.on('exit', (code) => {
      if (code !== 0) child.emit('error', endOf(child));
    });
    const [{ url }] = await once(child, 'message');
    return new Server(child, url);
  }

  constructor(child, url) {
    this.child = child;
    this.url = url;
  }

  /** Until it is stopped. */
  load(requests) {
    return autocannon({ url: this.url, connections: CONNECTIONS, duration: 3600, requests });
  }

  async statusOf({ method, path, headers }) {
    const response = await fetch(this.url + path, { method, headers });
    await response.arrayBuffer();
    return response.status;
  }

  async sample() {
    if (!this.child.connected) throw endOf(this.child);
    const answer = once(this.child, 'message');
    this.child.send('sample');
    const [{ requests, cpu }] = await answer;
    return { requests, seconds: (cpu.user + cpu.system) / 1e6 };
  }

  async stop() {
    if (!this.child.connected) return;
    const gone = once(this.child, 'exit');
    this.child.disconnect();
    await gone;
  }
}

function endOf({ spawnargs, exitCode, signalCode }) {
  return new Error(`${spawnargs.slice(1).join(' ')} has ended: ${signalCode ?? exitCode}`);
}

class Load {
  constructor({ requests, refused, servers }, started) {
    this.requests = requests;
    this.refused = refused;
    this.servers = Object.fromEntries(servers.map((name) => [name, started[name]]));
    /** Requests per CPU second of each server, round by round. */
    this.throughput = mapValues(this.servers, () => []);
  }

  /** A good request comes between, so that a server that remembers tokens is asked both ways. */
  async check() {
    const [good] = this.requests;
    for (const [name, server] of Object.entries(this.servers)) {
      if (name === 'idle') continue;
      for (const bad of [...this.refused, good, ...this.refused]) {
        const isRefused = (await server.statusOf(bad)) >= 400;
        if (isRefused === (bad === good))
          throw new Error(`${name} ${isRefused ? 'refuses' : 'takes'} ${JSON.stringify(bad)}`);
      }
    }
  }

  /** Notes the throughput of each server, with all of them under load. */
  async round() {
    const [before, after] = await this.run();
    Object.keys(this.servers).forEach((name, index) => {
      const requests = after[index].requests - before[index].requests;
      this.throughput[name].push(requests / (after[index].seconds - before[index].seconds));
    });
  }

  /** What each server had done at the beginning of the time, and at its end. */
  async run() {
    const servers = Object.values(this.servers);
    const samples = () => Promise.all(servers.map((server) => server.sample()));
    const loads = servers.map((server) => server.load(this.requests));
    await pause(WARM_UP_MS);
    const before = await samples();
    await pause(ROUND_MS * servers.length);
    const after = await samples();
    for (const load of loads) load.stop();
    for (const { non2xx, errors } of await Promise.all(loads)) {
      if (non2xx + errors > 0) throw new Error(`${non2xx} refusals and ${errors} errors`);
    }
    return [before, after];
  }
}
