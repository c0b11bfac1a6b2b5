import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './readme.js';

/** A script of package.json that builds the library, and compiles and runs an application of it. */
export type StartScript =
  | 'start'
  | 'start:quickstart'
  | 'start:key-rotation'
  | 'start:sessions'
  | 'start:scopes'
  | 'start:login-endpoint'
  | 'start:stores'
  | 'start:issuers'
  | 'start:cookies'
  | 'start:from-passport'
  | 'start:from-flask';

/** The steps of such a script after the build of the library, which has run before the tests. */
export function startSteps(script: StartScript): { compile: string; run: string } {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [build, compile, run, ...others] = scripts[script]!.split(' && ');
  if (!build?.startsWith('npm run build') || !compile || !run || others.length > 0)
    throw new Error(`npm run ${script} is not build, compile and run: ${scripts[script]}`);
  return { compile, run };
}

/**
 * Compiles a sample against the built library.
 *
 * @param folder - the output folder; two test files that compile one sample need different folders
 */
export async function compileSample(script: StartScript, folder = 'dist'): Promise<void> {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path };
  const { compile, run } = startSteps(script);
  const sample = run.slice('node '.length, run.indexOf('/dist/'));
  const elsewhere = `tsc -p ${sample} --outDir ${sample}/${folder}`;
  const command = folder === 'dist' ? compile : elsewhere;
  await promisify(execFile)('bash', ['-c', command], { cwd: root, env });
}

/** A sample, running in a process of its own. */
export class Sample {
  private output = '';

  private constructor(
    private readonly process: ChildProcess,
    /** The address on which it listens. */
    public url = '',
  ) {
    const hear = (chunk: Buffer) => {
      this.output += chunk.toString();
      this.process.emit('said');
    };
    process.stdout?.on('data', hear);
    process.stderr?.on('data', hear);
  }

  /** Starts a compiled sample with these environment variables. */
  static async start(
    script: StartScript,
    variables: NodeJS.ProcessEnv,
    folder = 'dist',
  ): Promise<Sample> {
    return Sample.run(startSteps(script).run.replace('/dist/', `/${folder}/`), variables);
  }

  /** Starts an application with a command in a folder. */
  static async run(command: string, variables: NodeJS.ProcessEnv, cwd = root): Promise<Sample> {
    const env = { ...process.env, NO_COLOR: '1', ...variables };
    const sample = new Sample(spawn('bash', ['-c', `exec ${command}`], { cwd, env }));
    const [, url = ''] = await sample.says(/Application is running on: (\S+)\s/);
    sample.url = url;
    return sample;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Its output so far. */
  log(): string {
    return this.output;
  }

  /** Waits until its output holds a text, optionally after its first `after` characters. */
  says(something: RegExp, after = 0): Promise<RegExpExecArray> {
    return new Promise((heard, failed) => {
      const listen = () => {
        const match = something.exec(this.output.slice(after));
        if (!match) return;
        this.process.off('said', listen);
        heard(match);
      };
      this.process.on('said', listen);
      // When it has closed its output, too.
      this.process.once('close', (code) =>
        failed(new Error(`The sample ended with ${code}:\n${this.output}`)),
      );
      listen();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  post(path: string, body?: string, type = 'application/json'): Promise<Response> {
    const headers = { 'content-type': type };
    return fetch(this.url + path, { method: 'POST', headers, body });
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill();
    await ended;
  }
}
