import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Answer } from './app.js';

/** A response without its headers. */
export type ChildAnswer = Pick<Answer, 'status' | 'body'>;

/** An application in a process of its own: a script that plain Node runs until the test ends. */
export class ChildApp {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  /** Resolves when the script has sent `{ url }`, the address on which it listens. */
  static async start(script: string, ...words: readonly string[]): Promise<ChildApp> {
    const child = spawn(process.execPath, [script, ...words], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const [said] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
    if (typeof said === 'object' && said !== null && 'url' in said)
      return new ChildApp(child, String(said.url));
    child.kill('SIGKILL');
    throw new Error(`The application did not start: ${complaints}`);
  }

  async send(
    method: string,
    path: string,
    token?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ChildAnswer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }

  /** Tells the script to end, and returns its exit code, or the signal that ended it. */
  async close(): Promise<number | string> {
    const ended = once(this.process, 'exit');
    this.process.send('close');
    const [code, signal] = (await ended) as [number | null, string | null];
    return code ?? signal ?? '';
  }

  /** Kills the process at once. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}
