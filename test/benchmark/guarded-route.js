// The same route behind different guards. Its servers run at once and under load at once, so that whatever else the
// machine does happens to all of them; what counts is how many requests each answers in a second of its own CPU time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { makeToken } from './tokens.js';

const GUARDS = ['idle', 'access', 'passport'];
const CONNECTIONS = 8;
const WARM_UP_MS = 500;

/** Bearer tokens of a few dozen users, in turn. */
const REQUESTS = Array.from({ length: 64 }, () => ({
  method: 'GET',
  path: '/profile',
  headers: { authorization: `Bearer ${makeToken('HS256')}` },
}));

class Server {
  static async start(adapter, guard) {
    const child = fork(join(import.meta.dirname, 'server.js'), [adapter, guard]);
    const [{ url }] = await once(child, 'message');
    return new Server(guard, child, url);
  }

  constructor(guard, child, url) {
    this.guard = guard;
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
    const answer = once(this.child, 'message');
    this.child.send('sample');
    const [{ requests, cpu }] = await answer;
    return { requests, seconds: (cpu.user + cpu.system) / 1e6 };
  }

  async stop() {
    const gone = once(this.child, 'exit');
    this.child.disconnect();
    await gone;
  }
}

export class GuardedRoute {
  static async start(adapter) {
    return new GuardedRoute(await Promise.all(GUARDS.map((guard) => Server.start(adapter, guard))));
  }

  constructor(servers) {
    this.servers = servers;
    this.throughput = Object.fromEntries(GUARDS.map((guard) => [guard, []]));
  }

  /** Notes the requests per CPU second of each server, with all of them under load. */
  async round(milliseconds) {
    const [before, after] = await this.load(milliseconds);
    this.servers.forEach(({ guard }, index) => {
      const requests = after[index].requests - before[index].requests;
      this.throughput[guard].push(requests / (after[index].seconds - before[index].seconds));
    });
  }

  /** What each server had done at the beginning of the time, and at its end. */
  async load(milliseconds) {
    const loads = this.servers.map((server) => server.load());
    await pause(WARM_UP_MS);
    const before = await this.samples();
    await pause(milliseconds);
    const after = await this.samples();
    for (const load of loads) load.stop();
    for (const { non2xx, errors } of await Promise.all(loads)) {
      if (non2xx + errors > 0) throw new Error(`${non2xx} refusals and ${errors} errors`);
    }
    return [before, after];
  }

  samples() {
    return Promise.all(this.servers.map((server) => server.sample()));
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
