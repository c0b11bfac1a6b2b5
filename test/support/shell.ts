import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, type Step } from './readme.js';

/** The line that marks the end of a command's output. */
const END = '-- end of a command --';

/** A bash in the folder of the project. Its variables stay from one command to the next. */
export class Shell {
  private readonly home = mkdtempSync(join(tmpdir(), 'home-'));
  private readonly bash: ChildProcessWithoutNullStreams;
  private output = '';
  private complaints = '';

  constructor() {
    // No proxy and no .curlrc stands between the reader and localhost, and npm says nothing about itself.
    const env = { PATH: process.env.PATH, HOME: this.home, npm_config_update_notifier: 'false' };
    this.bash = spawn('bash', [], { env, cwd: root });
    this.bash.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.bash.stderr.on('data', (chunk: Buffer) => (this.complaints += chunk.toString()));
  }

  /** Runs a command and returns its output. */
  async run(command: string): Promise<Step> {
    this.output = '';
    this.bash.stdin.write(`{ ${command}\n} < /dev/null\nprintf '\\n%s\\n' '${END}'\n`);
    while (!this.output.endsWith(`\n${END}\n`)) await once(this.bash.stdout, 'data');
    return { command, output: this.output.slice(0, -END.length - 2).replace(/\n$/, '') };
  }

  /** Ends the shell and returns what it wrote to stderr. */
  async exit(): Promise<string> {
    const closed = once(this.bash, 'close');
    this.bash.stdin.end();
    await closed;
    rmSync(this.home, { recursive: true });
    return this.complaints;
  }
}
