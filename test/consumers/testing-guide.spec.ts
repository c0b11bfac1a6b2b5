import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { blocksIn, root } from '../support/readme.js';
import { installLine, packLibrary, plainEnvironment } from './scratch-app.js';

const run = promisify(execFile);
const SAMPLE = join(root, 'sample/09-testing');
const QUIET = '--ignore-scripts --no-audit --no-fund --prefer-offline --no-package-lock';
const NEST =
  'typescript@6.0 @nestjs/common @nestjs/core @nestjs/platform-express reflect-metadata rxjs';

/** The commands that the guide shows for a test runner: what to install, and how to run the tests. */
function commandsFor(runner: string): readonly string[] {
  const blocks = blocksIn('sh').filter(({ page }) => page === 'sample/09-testing/README.md');
  const [, ...commands] = blocks
    .map(({ text }) => text.trim().split('\n'))
    .find(([first]) => first === `# ${runner}`)!;
  return commands;
}

describe.each([
  ['Vitest', 'vitest/globals', /Tests +(\d+) passed \(\1\)/],
  ['Jest', 'jest', /Tests: +(\d+) passed, \1 total/],
])('The sample of tests, set up for %s as the guide says', (runner, types, passed) => {
  let folder: string;
  let tarball: string;
  const sh = (command: string) =>
    run('bash', ['-c', command], { cwd: folder, env: plainEnvironment() });

  beforeAll(async () => {
    tarball = await packLibrary();
    folder = mkdtempSync(join(tmpdir(), 'tested-'));
    cpSync(SAMPLE, folder, { recursive: true });
    rmSync(join(folder, 'test/globals.d.ts'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const library = installLine(12).replace(' nestjs-jwt-extended ', ` ${tarball} `);
    await sh(`${library} ${NEST} ${QUIET}`);
    await sh(`${commandsFor(runner)[0]} ${QUIET}`);
  });
  afterAll(() => {
    for (const path of [folder, tarball && dirname(tarball)])
      if (path) rmSync(path, { recursive: true, force: true });
  });

  it('passes', async () => {
    const { stdout, stderr } = await sh(commandsFor(runner)[1]!);

    const [, count] = passed.exec(stripVTControlCharacters(stdout + stderr)) ?? [];
    const spec = readFileSync(join(SAMPLE, 'test/app.spec.ts'), 'utf8');
    expect(Number(count)).toBe(spec.match(/^ +it\(/gm)?.length);
  });

  it('compiles with the types that the guide names', async () => {
    const { stdout } = await sh(`npx tsc --noEmit --types node,${types} || true`);

    expect(stdout).toBe('');
  });
});
