import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answersOf, walk } from '../e2e/samples/store-walk.js';
import { PostgresServer } from '../support/postgres.js';
import { root } from '../support/readme.js';
import { Sample } from '../support/sample.js';

const run = promisify(execFile);
const SECRET = 'q8Jr2xVn6LwTz4YbD1kPcH9mGsF3eUoA7iXWtRhK';

/** What `prisma init` installs for PostgreSQL. */
const PACKAGES = ['prisma@7', '@prisma/client@7', '@prisma/adapter-pg@7', 'pg@8'];

const SETTINGS = {
  extends: join(root, 'tsconfig.json'),
  compilerOptions: {
    rootDir: 'src',
    outDir: 'dist',
    noEmit: false,
    paths: {},
    lib: ['ES2022', 'DOM'],
  },
  include: ['src'],
  exclude: [],
};

/** The sample of stores in a folder where Prisma is installed. All else is resolved in the folders above. */
describe('The sample of stores with Prisma', () => {
  let folder: string;
  let postgres: PostgresServer;
  const variables = () => ({
    STORE: 'prisma',
    PORT: '0',
    JWT_SECRET: SECRET,
    DATABASE_URL: postgres.url,
  });

  beforeAll(async () => {
    mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
    folder = mkdtempSync(join(root, 'node_modules/.cache/prisma-'));
    const filter = (path: string) => !path.endsWith('/dist');
    cpSync(join(root, 'sample/06-stores'), folder, { recursive: true, filter });
    cpSync(join(import.meta.dirname, 'prisma'), join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS));
    const quietly = [
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--no-package-lock',
    ];
    await run('npm', ['install', ...PACKAGES, ...quietly], { cwd: folder });
    symlinkSync(root, join(folder, 'node_modules/nestjs-jwt-extended'));
    // Only migrations need this engine, which would be downloaded from Prisma's own server.
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' };
    await run('npx', ['--no', 'prisma', 'generate'], { cwd: folder, env });
    postgres = await PostgresServer.start();
  });
  afterAll(async () => {
    await postgres?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  it('compiles', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const compiled = await run(process.execPath, [tsc, '-p', folder]).catch((error) => error);
    expect(compiled.stdout).toBe('');
  });

  it('logs one device out, and remembers it over a restart', async () => {
    const start = () => Sample.run('node dist/main.js', variables(), folder);
    expect(await walk(start)).toEqual(answersOf(true));
  });

  it.each(['pool', 'client'])("passes the contract of stores over Prisma's %s", async (over) => {
    const words = ['--test', '--test-reporter=tap', 'dist/contract.js'];
    const env = { ...variables(), PATH: process.env.PATH, OVER: over };
    const { stdout } = await run(process.execPath, words, { cwd: folder, env }).catch(
      (error) => error,
    );
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(50);
  });
});
