import { beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { run } from '../../src/cli/keygen.js';
import { type Block, blocksIn, root } from '../support/readme.js';

/** A first line that says which file the rest is taken from. */
const SOURCE = /^\/\/ (sample\/\S+)\n/;

const snippets = blocksIn('ts');
const excerpts = snippets.filter(({ text }) => SOURCE.test(text));
const modules = snippets.filter(({ text }) => !SOURCE.test(text));

/** At a line that no README has, so that what is said of it can be told from the rest. */
const broken: Block = {
  language: 'ts',
  section: '',
  line: 0,
  text: "import { RefreshGuard } from 'nestjs-jwt-extended';\nexport const guard: string = RefreshGuard;\n",
};
const ofBroken = 'README.md:1: ';
let mistakes: string[];

beforeAll(() => {
  mistakes = mistakesIn([...modules, broken]);
});

describe('The snippets of the README', () => {
  it('are all in a language that is checked', () => {
    expect(excerpts.length).toBeGreaterThanOrEqual(5);
    expect(modules.length).toBeGreaterThanOrEqual(12);
    expect(['js', 'javascript', 'typescript', 'tsx'].flatMap(blocksIn)).toEqual([]);
  });

  it.each(excerpts.map((block) => [`at line ${block.line}`, block] as const))(
    'stand in the file that they name: %s',
    (_where, { text }) => {
      const path = join(root, SOURCE.exec(text)?.[1] ?? '');

      expect(existsSync(path)).toBe(true);
      expect(unindented(readFileSync(path, 'utf8'))).toContain(
        unindented(text.replace(SOURCE, '')),
      );
    },
  );

  it('show the usage text of the command', () => {
    let usage = '';
    run(['--help'], { folder: '', write: (text) => (usage += text), warn: () => {} });

    expect(blocksIn('text').map(({ text }) => text)).toEqual([usage]);
  });

  it('compile as files of the sample', () => {
    expect(mistakes.filter((mistake) => !mistake.startsWith(ofBroken))).toEqual([]);
  });

  it('fail the check if they do not compile', () => {
    expect(mistakes.filter((mistake) => mistake.startsWith(ofBroken))).toEqual([
      expect.stringContaining("is not assignable to type 'string'"),
    ]);
  });
});

/** How deep a line is indented depends on where it stands. */
function unindented(text: string): string {
  return text.replace(/^ +/gm, '').trim();
}

/** What the compiler has to say, as the house's own settings make it say. */
function mistakesIn(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map((block) => [fileOf(block), block]));
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // Two of them are for a browser.
  const program = ts.createProgram({
    rootNames: [...files.keys()],
    options: { ...options, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'] },
    host: hostWith(files, options),
  });
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || files.has(file.fileName))
    .map(({ file, start = 0, messageText }) => {
      const line = file ? file.getLineAndCharacterOfPosition(start).line : 0;
      const first = file ? files.get(file.fileName)!.line : 0;
      return `README.md:${first + line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
}

/** Beside the sample's own files, so that a snippet may import them. */
function fileOf({ line }: Block): string {
  return join(root, `sample/01-quickstart/src/readme-line-${line}.ts`);
}

function hostWith(files: ReadonlyMap<string, Block>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  return {
    ...host,
    fileExists: (name) => files.has(name) || host.fileExists(name),
    readFile: (name) => files.get(name)?.text ?? host.readFile(name),
    getSourceFile: (name, settings) => {
      const text = files.get(name)?.text;
      return text === undefined
        ? host.getSourceFile(name, settings)
        : ts.createSourceFile(name, text, settings);
    },
  };
}
