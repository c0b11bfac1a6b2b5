import { describe, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import * as library from '../../src/index.js';
import { blocklistStoreContract } from '../../src/testing/index.js';
import { root } from '../support/readme.js';

type StoreClass = new (database?: unknown) => library.BlocklistStore;

describe('The example of a BlocklistStore', () => {
  const source = readFileSync(join(root, 'src/contracts/blocklist-store.ts'), 'utf8');
  const [, example = ''] = /@example\n \* ```ts\n([^]*?) \* ```/.exec(source) ?? [];
  const MyStore = classIn(example.replaceAll(/^ \* /gm, ''), 'MyStore');
  const open = () => ({ store: new MyStore() });

  it.each(blocklistStoreContract(open, { sessions: false, outages: false }))('$name', ({ run }) =>
    run(),
  );
});

/** A class that a text defines; the text may import the library. */
function classIn(text: string, name: string): StoreClass {
  const { outputText } = ts.transpileModule(`${text}\nexport { ${name} as TheClass };`, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports: { TheClass?: StoreClass } = {};
  new Function('exports', 'require', outputText)(exports, () => library);
  if (!exports.TheClass) throw new Error(`There is no class ${name}`);
  return exports.TheClass;
}
