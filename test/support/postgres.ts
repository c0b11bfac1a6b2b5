import {
  type ChildProcess,
  type ChildProcessByStdio,
  execFile,
  execFileSync,
  spawn,
} from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './ports.js';

/** Debian's folder of PostgreSQL, with a folder for each version. */
const VERSIONS = '/usr/lib/postgresql';

/**
 * Waits for a line on its standard input. If the input ends without one, the test has died, and the watchdog ends the
 * server, even a paused one.
 */
const WATCHDOG = `
  read -r over && exit
  children=$(grep -l "^PPid:[[:space:]]*$POSTMASTER$" /proc/[0-9]*/status | cut -d / -f 3)
  kill -KILL $POSTMASTER $children
  sleep 1
  rm -rf "$FOLDER"`;

type Postmaster = ChildProcessByStdio<null, null, Readable>;
type Watchdog = ChildProcessByStdio<Writable, null, null>;

/** The account that it runs as, because PostgreSQL refuses to run as root. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * A real PostgreSQL with its own data folder, on a free port of loopback, with the default durability. It can be killed,
 * paused and started again, and ends with the process of the test.
 */
export class PostgresServer {
  #postmaster: Postmaster | undefined;
  #watchdog: Watchdog | undefined;

  private constructor(
    private readonly folder: string,
    private readonly account: Account,
    readonly port: number,
  ) {}

  /** Resolves when the server accepts connections, in a second or two. */
  static async start(): Promise<PostgresServer> {
    const account = accountOfServer();
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    if (account.uid !== undefined) chownSync(folder, account.uid, account.gid ?? account.uid);
    const server = new PostgresServer(folder, account, await freePort());
    try {
      await server.#initialise();
      await server.#launch();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Kills all processes of the server at once, and waits until they have ended. */
  async kill(): Promise<void> {
    const processes = this.#halted();
    signal(processes, 'SIGKILL');
    await this.#ended(processes);
  }

  /** Stops all processes of the server: connections stay open, and are not answered. */
  pause(): void {
    signal(this.#halted(), 'SIGSTOP');
  }

  resume(): void {
    signal(this.#processes(), 'SIGCONT');
  }

  /** Starts the server again on its data: after `kill`, or after it has shut down without waiting for its clients. */
  async restart(): Promise<void> {
    const processes = this.#processes();
    signal(processes.slice(0, 1), 'SIGINT');
    await this.#ended(processes);
    await this.#launch();
  }

  /** Ends the server in any state, and removes its data. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #initialise(): Promise<void> {
    const words = ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=trust'];
    await promisify(execFile)(
      program('initdb'),
      [...words, '--username=postgres', `--pgdata=${this.folder}/data`],
      { ...this.account, cwd: this.folder },
    );
  }

  async #launch(): Promise<void> {
    const settings = [
      ...[`port=${this.port}`, 'listen_addresses=127.0.0.1', 'shared_buffers=16MB'],
      `unix_socket_directories=${this.folder}`,
    ];
    const postmaster = spawn(
      program('postgres'),
      ['-D', `${this.folder}/data`, ...settings.flatMap((setting) => ['-c', setting])],
      { ...this.account, cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#postmaster = postmaster;
    this.#watchdog = spawn('sh', ['-c', WATCHDOG], {
      env: { PATH: process.env.PATH, POSTMASTER: String(postmaster.pid), FOLDER: this.folder },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    await readiness(postmaster);
  }

  /** All processes, the postmaster first. */
  #processes(): readonly number[] {
    const pid = this.#postmaster?.pid;
    return pid === undefined ? [] : [pid, ...childrenOf(pid)];
  }

  /** All processes, after the postmaster was stopped, so that it starts no more. */
  #halted(): readonly number[] {
    signal(this.#processes().slice(0, 1), 'SIGSTOP');
    return this.#processes();
  }

  async #ended(processes: readonly number[]): Promise<void> {
    while (processes.some(isAlive)) await pause(5);
    this.#postmaster = undefined;
    const watchdog = this.#watchdog;
    this.#watchdog = undefined;
    if (!watchdog || hasExited(watchdog)) return;
    const exit = once(watchdog, 'exit');
    watchdog.stdin.end('over\n');
    await exit;
  }
}

/** The account `postgres` if the tests run as root, or else the account of the tests. */
function accountOfServer(): Account {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  );
  return { uid, gid };
}

/** A program of the newest version that is installed. */
function program(name: string): string {
  const newest = readdirSync(VERSIONS).sort((one, other) => Number(other) - Number(one))[0];
  return join(VERSIONS, newest ?? '', 'bin', name);
}

/** Resolves when the server prints that it is ready. Its output is read on, so that it never blocks on a full pipe. */
function readiness(postmaster: Postmaster): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    postmaster.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('ready to accept connections')) resolve();
    });
    postmaster.once('error', reject);
    postmaster.once('exit', () => reject(new Error(`PostgreSQL did not start: ${log}`)));
  });
}

function hasExited({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function signal(processes: readonly number[], name: NodeJS.Signals): void {
  for (const pid of processes) {
    try {
      process.kill(pid, name);
    } catch {
      // The process has ended already.
    }
  }
}

/** The fields of a process after its name in `/proc`: its state, then its parent. */
function statusOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function childrenOf(pid: number): readonly number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return all.filter((other) => Number(statusOf(other)[1]) === pid);
}

/** A zombie has released all that it held, and waits only for its parent to read its exit code. */
function isAlive(pid: number): boolean {
  const state = statusOf(pid)[0];
  return state !== undefined && state !== 'Z';
}
