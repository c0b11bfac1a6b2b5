// The same route behind different guards or stores. Its servers run at once and under load at once, so that whatever else
// the machine does happens to all of them; what counts is how many requests each answers in a second of its own CPU time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { makeToken } from './tokens.js';

const CONNECTIONS = 8;
/** How long servers are under load before a round counts, and how many rounds do not count at all. */
const WARM_UP_MS = 500;
const WARM_UPS = 2;
/** How long a round is, for each server that is under load in it. */
const ROUND_MS = 600;

/** Bearer tokens of a few dozen users, in turn. */
const REQUESTS = Array.from({ length: 64 }, () => ({
  method: 'GET',
  path: '/profile',
  headers: { authorization: `Bearer ${makeToken('HS256')}` },
}));

/**
 * Routes take turns; the servers of one route are under load at once. What each does first is warming up.
 *
 * @param routes - each an adapter, and its contenders: by name, what `server.js` is told beside the adapter
 * @returns for each route the requests per CPU second of each contender, round by round
 */
export async function throughputUnderLoad(rounds, routes) {
  const started = [];
  try {
    for (const { adapter, contenders } of routes) {
      started.push(await GuardedRoute.start(adapter, contenders));
    }
    for (let round = 0; round < WARM_UPS; round += 1) {
      for (const route of started) await route.warmUp();
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const route of started) await route.round();
    }
  } finally {
    await Promise.all(started.map((route) => route.stop()));
  }
  return started.map(({ throughput }) => throughput);
}

class Server {
  static async start(name, words) {
    const child = fork(join(import.meta.dirname, 'server.js'), words);
    // Whoever waits for a message of it hears of an error, too; nobody else need.
    child.on('error', () => undefined);
    child.on('exit', (code) => {
      if (code !== 0) child.emit('error', endOf(child));
    });
    const [{ url }] = await once(child, 'message');
    return new Server(name, child, url);
  }

  constructor(name, child, url) {
    this.name = name;
    this.child = child;
    this.url = url;
  }

  /** Until it is stopped. */
  load() {
    return autocannon({
      url: this.url,
      connections: CONNECTIONS,
      duration: 3600,
      requests: REQUESTS,
    });
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

class GuardedRoute {
  static async start(adapter, contenders) {
    const starts = Object.entries(contenders).map(([name, words]) =>
      Server.start(name, [adapter, ...words]),
    );
    return new GuardedRoute(await Promise.all(starts));
  }

  constructor(servers) {
    this.servers = servers;
    /** Requests per CPU second of each server, round by round. */
    this.throughput = Object.fromEntries(servers.map(({ name }) => [name, []]));
  }

  async warmUp() {
    await this.#load();
  }

  /** Notes the throughput of each server, with all of them under load. */
  async round() {
    const [before, after] = await this.#load();
    this.servers.forEach(({ name }, index) => {
      const requests = after[index].requests - before[index].requests;
      this.throughput[name].push(requests / (after[index].seconds - before[index].seconds));
    });
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  /** What each server had done at the beginning of the time, and at its end. */
  async #load() {
    const loads = this.servers.map((server) => server.load());
    await pause(WARM_UP_MS);
    const before = await this.#samples();
    await pause(ROUND_MS * this.servers.length);
    const after = await this.#samples();
    for (const load of loads) load.stop();
    for (const { non2xx, errors } of await Promise.all(loads)) {
      if (non2xx + errors > 0) throw new Error(`${non2xx} refusals and ${errors} errors`);
    }
    return [before, after];
  }

  #samples() {
    return Promise.all(this.servers.map((server) => server.sample()));
  }
}
