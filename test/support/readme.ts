import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const root = resolve(import.meta.dirname, '../..');

/** A fenced block of the README. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The line of its first line, counted from 1. */
  readonly line: number;
}

/** A command of a console block, and what it prints. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/** A row of a table, its cells under the table's headings. */
export type Row = Readonly<Record<string, string>>;

/** The blocks in one language. */
export function blocksIn(language: string): readonly Block[] {
  const fences = readme().matchAll(/^```(\w+)\n([^]*?)^```$/gm);
  return [...fences]
    .map(([match, tongue = '', text = '']) => ({ language: tongue, text, line: lineOf(match) }))
    .filter((block) => block.language === language);
}

/** What is typed, and what comes back; lines that begin with `#` are for the reader. */
export function stepsOf({ text }: Block): readonly Step[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('# '));
  const steps: { command: string; printed: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), printed: [] });
    else steps.at(-1)?.printed.push(line);
  }
  return steps.map(({ command, printed }) => ({ command, output: printed.join('\n') }));
}

/** The rows of the one table whose first heading this is. */
export function tableOf(firstHeading: string): readonly Row[] {
  const tables = readme().match(/(?:^\|.*\|\n)+/gm) ?? [];
  const [table, ...others] = tables
    .map((text) => text.trim().split('\n').map(cellsOf))
    .filter(([headings]) => headings?.[0] === firstHeading);
  const [headings, , ...rows] = table ?? [];
  if (!headings || others.length > 0) throw new Error(`No table, or several, of ${firstHeading}`);
  return rows.map((cells) => Object.fromEntries(headings.map((name, at) => [name, cells[at]!])));
}

/** A cell's text without the marks of code. */
export function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}

/** The steps of `npm start` after the build of the library, which the tests begin with. */
export function startSteps(): { compile: string; run: string } {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [build, compile, run, ...others] = scripts['start']!.split(' && ');
  if (build !== 'npm run build' || !compile || !run || others.length > 0)
    throw new Error(`npm start is not build, compile and run: ${scripts['start']}`);
  return { compile, run };
}

/** Compiles the quick start's application against the built library. */
export async function compileSample(): Promise<void> {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path };
  await promisify(execFile)('bash', ['-c', startSteps().compile], { cwd: root, env });
}

/** The quick start's application, running in a process of its own. */
export class Sample {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
    /** What it has said so far. */
    readonly log: () => string,
  ) {}

  /** Starts the compiled sample, with these variables in place of what the environment says. */
  static async start({ PORT, JWT_SECRET }: NodeJS.ProcessEnv): Promise<Sample> {
    const env = { ...process.env, NO_COLOR: '1', PORT, JWT_SECRET };
    const child = spawn('bash', ['-c', `exec ${startSteps().run}`], { cwd: root, env });
    let log = '';
    const url = await new Promise<string>((found, failed) => {
      const hear = (chunk: Buffer) => {
        log += chunk.toString();
        const [, address] = /Application is running on: (\S+)\s/.exec(log) ?? [];
        if (address !== undefined) found(address);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', () => failed(new Error(`The sample did not start:\n${log}`)));
    });
    return new Sample(child, url, () => log);
  }

  post(path: string, body?: string, type = 'application/json'): Promise<Response> {
    const headers = { 'content-type': type };
    return fetch(this.url + path, { method: 'POST', headers, body });
  }

  async stop(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill();
    await ended;
  }
}

function readme(): string {
  return readFileSync(join(root, 'README.md'), 'utf8');
}

function lineOf(fence: string): number {
  const text = readme();
  return text.slice(0, text.indexOf(fence)).split('\n').length + 1;
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}
