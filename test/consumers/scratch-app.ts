import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

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
}

/** An application in a folder of its own, with the packed library installed as any other package. */
export class ScratchApp {
  private readonly folder = mkdtempSync(join(tmpdir(), 'consumer-'));

  constructor(
    private readonly flavour: Flavour,
    private readonly tarball: string,
  ) {}

  async install(): Promise<void> {
    cpSync(join(import.meta.dirname, 'template'), this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(this.manifest(), null, 2));
    await this.run('npm', [
      ...['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'],
      '--no-package-lock',
    ]);
  }

  /** Compiles with every declaration checked, ours included; gives the compiler's complaints. */
  async compile(): Promise<string> {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    try {
      return (await run(process.execPath, [tsc, '-p', '.'], { cwd: this.folder })).stdout;
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  /** The suite in the application's folder, by the application's own Jest. Gives its summary. */
  async runJest(): Promise<string> {
    const esm = this.flavour.format === 'ESM';
    const { stderr } = await this.run(process.execPath, [
      ...(esm ? ['--experimental-vm-modules'] : []),
      'node_modules/jest/bin/jest.js',
      ...['-c', `jest/${esm ? 'esm' : 'commonjs'}.config.cjs`, '--rootDir', '.'],
    ]);
    return stderr;
  }

  /** Runs the library's command as users do. Gives what it prints. */
  async command(...words: readonly string[]): Promise<string> {
    return (await this.run('npx', ['--no', 'nestjs-jwt-extended', ...words])).stdout;
  }

  async start(adapter: string): Promise<RunningApp> {
    const server = spawn(process.execPath, ['dist/main.js', adapter], {
      cwd: this.folder,
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new RunningApp(server, await addressOf(server));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
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

  private manifest() {
    const { nest, format } = this.flavour;
    const ofNest = [
      'common',
      'core',
      'jwt',
      'passport',
      'platform-express',
      'platform-fastify',
      'testing',
    ];
    return {
      name: 'scratch-app',
      private: true,
      type: format === 'ESM' ? 'module' : 'commonjs',
      dependencies: {
        ...Object.fromEntries(ofNest.map((name) => [`@nestjs/${name}`, `^${nest}.0.0`])),
        '@swc/core': '^1.16.0',
        '@swc/jest': '^0.2.39',
        '@types/express': '^5.0.0',
        '@types/node': '^20.19.0',
        jest: '^30.0.0',
        'nestjs-jwt-extended': `file:${this.tarball}`,
        passport: '^0.7.0',
        'passport-jwt': '^4.0.1',
        'reflect-metadata': '^0.2.2',
        rxjs: '^7.8.0',
      },
    };
  }
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
function plainEnvironment(): NodeJS.ProcessEnv {
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
