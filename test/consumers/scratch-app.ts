import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { blocksIn, root } from '../support/readme.js';

const run = promisify(execFile);

/** Packs what the build left in `dist` as it would be published. */
export async function packLibrary(): Promise<string> {
  if (!existsSync(join(root, 'dist/cjs/index.js')))
    throw new Error('Please build first: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: root });
  return join(folder, stdout.trim());
}

export interface Flavour {
  readonly nest: 11 | 12;
  readonly format: 'CommonJS' | 'ESM';
  /**
   * The version of `@types/node`. Without one the project is as `nest new` of the CLI's version 11 or 12 makes it, less
   * linter, formatter and the CLI itself: its `nest build` only calls the compiler.
   */
  readonly nodeTypes?: string;
}

/** The versions of TypeScript that the declarations are for; the last one also builds. */
export const COMPILERS = ['5.9', '6.0', '7.0'];

/** An application in a folder of its own, with the packed library installed as any other package. */
export class ScratchApp {
  private readonly folder = mkdtempSync(join(tmpdir(), 'consumer-'));

  constructor(
    private readonly flavour: Flavour,
    private readonly tarball: string,
  ) {}

  async install(): Promise<void> {
    const { nest, format, nodeTypes } = this.flavour;
    const project = nodeTypes === undefined ? `nest-${nest}` : 'template';
    cpSync(join(import.meta.dirname, project), this.folder, { recursive: true });
    cpSync(join(import.meta.dirname, 'template/src'), join(this.folder, 'src'), {
      recursive: true,
    });
    if (format === 'CommonJS') this.writeImportsWithoutExtension();
    if (nodeTypes !== undefined) {
      cpSync(join(root, 'test/types'), join(this.folder, 'src/types'), { recursive: true });
      writeFileSync(join(this.folder, 'package.json'), JSON.stringify(this.manifest(nodeTypes)));
    }
    const [npm = '', ...words] = installLine(nest)
      .replace(' nestjs-jwt-extended ', ` ${this.tarball} `)
      .split(' ');
    await this.run(npm, [
      ...words,
      ...['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock'],
    ]);
  }

  /** Builds with every declaration checked, ours included; gives the compiler's complaints. */
  async build(): Promise<string> {
    if (this.flavour.nodeTypes === undefined)
      return this.compile('typescript', ['-p', 'tsconfig.build.json']);
    return this.compile(`typescript-${COMPILERS.at(-1)}`);
  }

  /** Compiles with one of several TypeScripts, and writes nothing. */
  async check(version: string): Promise<string> {
    return this.compile(`typescript-${version}`, ['--noEmit']);
  }

  /** The suite in the application's folder, by the application's own runner. Gives what it prints. */
  async runTests(): Promise<string> {
    const { stdout, stderr } = await this.run('npm', ['test']);
    return stripVTControlCharacters(stdout + stderr);
  }

  /** Runs the library's command as users do. Gives what it prints. */
  async command(...words: readonly string[]): Promise<string> {
    return (await this.run('npx', ['--no', 'nestjs-jwt-extended', ...words])).stdout;
  }

  /** What applications log that are set up wrongly, with what they should log. */
  async brokenLogs(): Promise<readonly { title: string; says: string; log: string }[]> {
    const { stdout } = await this.run(process.execPath, ['dist/broken.js']);
    return JSON.parse(stdout) as Awaited<ReturnType<ScratchApp['brokenLogs']>>;
  }

  async start(adapter: string, algorithm: string): Promise<RunningApp> {
    const server = spawn(process.execPath, ['dist/main.js', adapter], {
      cwd: this.folder,
      env: { ...plainEnvironment(), JWT_ALGORITHM: algorithm },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new RunningApp(server, await addressOf(server));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async compile(compiler: string, flags: readonly string[] = []): Promise<string> {
    const tsc = `node_modules/${compiler}/bin/tsc`;
    try {
      const words = [tsc, ...flags, '--skipLibCheck', 'false'];
      return (await run(process.execPath, words, { cwd: this.folder })).stdout;
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  /** As the CLI writes a CommonJS project's imports. */
  private writeImportsWithoutExtension(): void {
    for (const name of readdirSync(join(this.folder, 'src'))) {
      const file = join(this.folder, 'src', name);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace(/ from '(\.\/.+)\.js'/g, " from '$1'"));
    }
  }

  private async run(command: string, args: readonly string[]) {
    try {
      return await run(command, args, { cwd: this.folder, env: plainEnvironment() });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, {
        cause: error,
      });
    }
  }

  private manifest(nodeTypes: string) {
    const { nest, format } = this.flavour;
    const ofNest = ['common', 'core', 'platform-express', 'platform-fastify'];
    return {
      name: 'scratch-app',
      private: true,
      type: format === 'ESM' ? 'module' : 'commonjs',
      dependencies: {
        ...Object.fromEntries(ofNest.map((name) => [`@nestjs/${name}`, `^${nest}.0.0`])),
        ...Object.fromEntries(
          COMPILERS.map((version) => [`typescript-${version}`, `npm:typescript@~${version}.0`]),
        ),
        '@types/express': '^5.0.0',
        '@types/node': nodeTypes,
        'reflect-metadata': '^0.2.2',
        rxjs: '^7.8.0',
      },
    };
  }
}

/** What the README says to install on this version of NestJS. */
export function installLine(nest: number): string {
  const [block] = blocksIn('sh').filter(({ section }) => section === 'Installation');
  const line = new RegExp(`^# NestJS ${nest}\n(npm install .+)$`, 'm').exec(block?.text ?? '')?.[1];
  if (line === undefined) throw new Error(`The README has no install line for NestJS ${nest}`);
  return line;
}

/** A server in a process of its own. */
export class RunningApp {
  constructor(
    private readonly server: ChildProcess,
    private readonly url: string,
  ) {}

  async request(
    method: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, { method, headers });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer['body'],
    };
  }

  stop(): void {
    this.server.kill();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

/** Without what Jest and npm put there for themselves: nothing of this run may help the application. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(NODE_OPTIONS|NODE_ENV|JEST_WORKER_ID|npm_(package|lifecycle)_.*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const address = /listening on (\S+)/.exec(output)?.[1];
      if (address !== undefined) resolve(address);
    };
    server.stdout?.on('data', read);
    server.stderr?.on('data', read);
    server.once('exit', () => reject(new Error(`The application did not start:\n${output}`)));
  });
}
