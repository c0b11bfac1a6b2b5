import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { root } from './readme.js';
import { type StartScript, startSteps } from './sample.js';

/** The files that tests run: what they import, compile or start, and what these import. */
export class RunFiles {
  readonly #seen = new Map<string, string>();
  readonly #tests: string;
  /** The samples that a test copies as a whole, to run them as a project of their own. */
  readonly #copied: readonly string[];

  constructor() {
    for (const spec of specs()) this.#follow(spec);
    const ofTests = [...this.#seen].filter(([path]) => path.startsWith('test/'));
    this.#tests = ofTests.map(([, text]) => text).join('\n');
    this.#copied = this.#named(/= join\(root, '(sample\/[\w-]+)'\)/g);
    for (const script of this.#named(/compileSample\('([^']+)'/g)) this.#follow(mainOf(script));
    for (const path of this.#named(/compiled\(\s*pageAt\('([^']+)'\)\)/g)) this.#follow(path);
  }

  /** Whether a test runs this file. Files that a sample serves count if the sample runs, Python if a test names it. */
  has(path: string): boolean {
    const [, sample, name = ''] = /^(sample\/[^/]+)\/(?:public|flask)\/(.+)$/.exec(path) ?? [];
    if (name.endsWith('.py')) return this.#tests.includes(`flask: '${name}'`);
    if (this.#copied.some((copied) => path.startsWith(`${copied}/`))) return true;
    return this.#seen.has(sample === undefined ? path : `${sample}/src/main.ts`);
  }

  #named(pattern: RegExp): string[] {
    return [...this.#tests.matchAll(pattern)].map(([, name = '']) => name);
  }

  #follow(path: string): void {
    if (this.#seen.has(path) || !existsSync(join(root, path))) return;
    const text = readFileSync(join(root, path), 'utf8');
    this.#seen.set(path, text);
    // What is imported for its types only does not run.
    const running = text.replaceAll(/^import type [^;]+;/gm, '');
    for (const { fileName } of ts.preProcessFile(running, true, true).importedFiles) {
      if (!fileName.startsWith('.')) continue;
      this.#follow(join(dirname(path), fileName).replace(/\.js$/, '.ts'));
    }
    for (const [, start = '', end = ''] of running.matchAll(CHOICE))
      this.#followAll(join(dirname(path), start), end.replace(/\.js$/, '.ts'));
  }

  /** The files that an import chooses from by a variable. */
  #followAll(folder: string, end: string): void {
    for (const name of readdirSync(join(root, folder))) {
      const path = join(folder, end.startsWith('/') ? name + end : name);
      if (path.endsWith(end)) this.#follow(path);
    }
  }
}

/** An import whose path is a template with one variable: the folder before it, and what follows it. */
const CHOICE = /import\(`(\.[^`$]*\/)\$\{\w+\}([^`]+)`\)/g;

function specs(): string[] {
  const samples = readdirSync(join(root, 'sample')).map((name) => `sample/${name}/test`);
  return ['test', ...samples]
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((file) => file.endsWith('.spec.ts') && !file.includes('node_modules'));
}

/** The main file of the sample that a script of package.json starts. */
function mainOf(script: string): string {
  const { run } = startSteps(script as StartScript);
  return run.slice('node '.length).replace('/dist/main.js', '/src/main.ts');
}
