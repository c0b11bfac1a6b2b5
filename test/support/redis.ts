import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './ports.js';

/** What a server or a sentinel prints when it accepts commands. */
const READY = /Ready to accept connections|Sentinel ID is/;

export interface RedisServerOptions {
  /**
   * Whether each write is on the disk before it is acknowledged. If not, nothing is ever written to the disk.
   *
   * @default false
   */
  readonly appendonly?: boolean;
  /** More arguments of the command line: `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
  /** The lines of the configuration file, which a server may write to. */
  readonly lines?: readonly string[];
}

/** A real `redis-server` on a port of loopback, with its own folder. It ends with the process that started it. */
export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'redis-'));
  #process: ChildProcessWithoutNullStreams | undefined;

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
    lines: readonly string[],
  ) {
    const all = [`port ${port}`, 'bind 127.0.0.1', `dir ${this.#folder}`, 'save ""', ...lines];
    writeFileSync(join(this.#folder, 'redis.conf'), all.join('\n'));
  }

  /** Resolves when the server accepts commands. */
  static async start({ appendonly = false, args = [], lines = [] }: RedisServerOptions = {}) {
    const durable = appendonly ? ['appendonly yes', 'appendfsync always'] : [];
    const server = new RedisServer(await freePort(), args, [...durable, ...lines]);
    try {
      await server.restart();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Returns what `redis-cli` prints for a command; rejects if the server does. */
  async command(...words: string[]): Promise<string> {
    const address = ['-h', '127.0.0.1', '-p', `${this.port}`, '-e'];
    const { stdout } = await promisify(execFile)('redis-cli', [...address, ...words]);
    return stdout.trimEnd();
  }

  /** The number of calls of each command, by its name in lower case. */
  async calls(): Promise<Readonly<Record<string, number>>> {
    const statistics = await this.command('INFO', 'commandstats');
    const found = statistics.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm);
    return Object.fromEntries(Array.from(found, ([, name, count]) => [name, Number(count)]));
  }

  /** Ends the server at once, before it can write anything. */
  async kill(): Promise<void> {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Stops the server from answering, with all connections open. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Starts the server again on the same port and folder. */
  async restart(): Promise<void> {
    await this.kill();
    const command = ['redis-server', join(this.#folder, 'redis.conf'), ...this.args];
    const started = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: 'pipe' });
    this.#process = started;
    await readiness(started);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Three masters, each with a part of the keys. */
export class RedisCluster {
  private constructor(readonly nodes: readonly RedisServer[]) {}

  /** Resolves when each node knows the node of each key. */
  static async start(): Promise<RedisCluster> {
    const nodes = await Promise.all([clusterNode(), clusterNode(), clusterNode()]);
    const [first] = nodes as [RedisServer, ...RedisServer[]];
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await first.command('--cluster', 'create', ...addresses, '--cluster-yes');
    for (const node of nodes) {
      // With its default timeout, a cluster takes a slow node for a failed one.
      await node.command('CONFIG', 'SET', 'cluster-node-timeout', '60000');
      while (!(await node.command('CLUSTER', 'INFO')).includes('state:ok')) await pause(20);
    }
    return new RedisCluster(nodes);
  }

  /** The addresses of the nodes, for `ioredis`. */
  get addresses(): { host: string; port: number }[] {
    return this.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** The addresses of the nodes, for `redis`. */
  get rootNodes(): { url: string }[] {
    return this.nodes.map(({ url }) => ({ url }));
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }
}

/** A master, and a sentinel that knows its address. */
export class RedisSentinel {
  /** The sentinel's name for the master. */
  readonly name = 'ours';

  private constructor(
    readonly master: RedisServer,
    readonly sentinel: RedisServer,
  ) {}

  static async start(): Promise<RedisSentinel> {
    const master = await RedisServer.start();
    const lines = [`sentinel monitor ours 127.0.0.1 ${master.port} 1`];
    return new RedisSentinel(master, await RedisServer.start({ args: ['--sentinel'], lines }));
  }

  get sentinels(): { host: string; port: number }[] {
    return [{ host: '127.0.0.1', port: this.sentinel.port }];
  }

  async close(): Promise<void> {
    await Promise.all([this.sentinel.close(), this.master.close()]);
  }
}

async function clusterNode(): Promise<RedisServer> {
  const bus = await freePort();
  const lines = ['cluster-enabled yes', `cluster-port ${bus}`, 'cluster-node-timeout 1000'];
  return RedisServer.start({ lines });
}

/** Resolves when the server prints that it is ready. Its output is read on, so that it never blocks on a full pipe. */
function readiness(server: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const hear = (text: Buffer) => {
      log += text.toString();
      if (READY.test(log)) resolve();
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`redis-server did not start: ${log}`)));
  });
}
