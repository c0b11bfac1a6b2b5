import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { freePort } from '../support/ports.js';
import { plainEnvironment } from './scratch-app.js';

export interface Outcome {
  readonly code: number;
  /** What it prints, without colors. */
  readonly output: string;
}

/** A project that `nest new` of one version of the Nest CLI makes, with the packed library installed. */
export class NestProject {
  private readonly home = mkdtempSync(join(tmpdir(), 'nest-'));
  private readonly folder = join(this.home, 'app');

  constructor(private readonly nest: number) {}

  async create(tarball: string): Promise<void> {
    const words = ['app', '--skip-git', '--skip-install', '--package-manager', 'npm'];
    const cli = ['exec', '--yes', `--package=@nestjs/cli@${this.nest}`, '--', 'nest', 'new'];
    await this.succeed('npm', [...cli, ...words], this.home);
    writeFileSync(join(this.folder, '.gitignore'), '/node_modules\n');
    await this.succeed('npm', ['install', '--save', '--no-audit', '--no-fund', tarball]);
  }

  /** `nest add`, without the installation of the package that it starts with. */
  async add(...words: readonly string[]): Promise<Outcome> {
    const command = ['--no', 'nest', 'add', 'nestjs-jwt-extended', '--skip-install'];
    return this.run('npx', [...command, ...words]);
  }

  /** What `nest add` runs when it has installed the package. */
  async schematic(...words: readonly string[]): Promise<Outcome> {
    const command = 'node_modules/@angular-devkit/schematics-cli/bin/schematics.js';
    const name = 'nestjs-jwt-extended:nest-add';
    return this.run(process.execPath, [command, name, ...words]);
  }

  /** A script of the project's package.json, or another command of npm. */
  async npm(...words: readonly string[]): Promise<Outcome> {
    return this.run('npm', words);
  }

  /** The texts of all files but those of packages and those that were built. */
  files(): Record<string, string> {
    const paths = readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .filter((path) => !/^(node_modules|dist)\/|\.tsbuildinfo$/.test(path));
    return Object.fromEntries(
      paths.map((path) => [path, readFileSync(join(this.folder, path), 'utf8')]),
    );
  }

  /** Runs a script of package.json that serves the application until the test is over. */
  async serve(script: string): Promise<{ url: string; stop(): Promise<void> }> {
    const port = String(await freePort());
    const server = spawn('npm', ['run', script], {
      cwd: this.folder,
      env: { ...plainEnvironment(), NODE_ENV: 'production', PORT: port },
      // A group of its own, to end the watcher and the application with it.
      detached: true,
    });
    let output = '';
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(server, 'exit');
    while (!output.includes('successfully started')) {
      if (server.exitCode !== null || output.includes('Error'))
        throw new Error(`npm run ${script} failed:\n${output}`);
      await wait(100);
    }
    const stop = async () => {
      process.kill(-server.pid!, 'SIGKILL');
      await ended;
    };
    return { url: `http://localhost:${port}`, stop };
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  private async succeed(command: string, words: readonly string[], cwd?: string): Promise<void> {
    const { code, output } = await this.run(command, words, cwd);
    if (code !== 0) throw new Error(`${command} ${words.join(' ')} failed:\n${output}`);
  }

  private async run(
    command: string,
    words: readonly string[],
    cwd = this.folder,
  ): Promise<Outcome> {
    const child = spawn(command, words, {
      cwd,
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? -1, output: stripVTControlCharacters(output) };
  }
}
