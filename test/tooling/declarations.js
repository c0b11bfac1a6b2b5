// Rolls the declarations of each entry up into one file, and reports the public API.
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ENTRIES } from './entries.js';

/** What the compiler writes: one file for each module. Beside src, so that packages are found. */
const compiled = resolve('dist/declarations');
/** The root entry as a package of its own, so that the other entries import its types and do not repeat them. */
const rootPackage = join(compiled, 'node_modules/nestjs-jwt-extended');
/** The API as it is now, to be compared with the one on record in test/api. */
export const REPORTS = resolve('node_modules/.cache/api');

export async function rollUpDeclarations() {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  await compile();
  // Without a name of its own, the folder would take `nestjs-jwt-extended` for itself.
  writeJson(join(compiled, 'package.json'), { name: 'declarations', type: 'module' });
  for (const [name, module] of Object.entries(ENTRIES)) {
    const isRoot = name === 'index';
    if (!isRoot) importFromRoot(dirname(join(compiled, module)));
    rollUp(name, join(compiled, module.replace(/\.ts$/, '.d.ts')));
    if (isRoot) makeRootPackage();
  }
  rmSync(compiled, { recursive: true });
}

async function compile() {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
  try {
    await promisify(execFile)(process.execPath, tsc);
  } catch ({ stdout, stderr }) {
    throw new Error(`The declarations cannot be compiled:\n${stdout}${stderr}`);
  }
}

function makeRootPackage() {
  mkdirSync(rootPackage, { recursive: true });
  writeJson(join(rootPackage, 'package.json'), {
    name: 'nestjs-jwt-extended',
    types: 'index.d.ts',
  });
  cpSync('dist/cjs/index.d.ts', join(rootPackage, 'index.d.ts'));
}

/** Makes the modules of a folder import from the root entry what they import from outside of their folder. */
function importFromRoot(folder) {
  for (const file of filesIn(folder)) {
    const text = readFileSync(file, 'utf8');
    const specifiers = /(?<=\bfrom '|\bimport\(['"])\.[^'"]+/g;
    writeFileSync(
      file,
      text.replace(specifiers, (path) =>
        relative(folder, resolve(dirname(file), path)).startsWith('..')
          ? 'nestjs-jwt-extended'
          : path,
      ),
    );
  }
}

function rollUp(name, mainEntryPointFilePath) {
  const declarations = resolve(`dist/cjs/${name}.d.ts`);
  const reportName = ['nestjs-jwt-extended', ...(name === 'index' ? [] : [name])].join('-');
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
    configObject: {
      projectFolder: resolve('.'),
      mainEntryPointFilePath,
      compiler: { tsconfigFilePath: resolve('tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${reportName}.api.md`,
        reportFolder: REPORTS,
        reportTempFolder: resolve('node_modules/.cache/api-extractor'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: declarations },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: {
          default: { logLevel: 'warning' },
          'ae-missing-release-tag': { logLevel: 'none' },
          'ae-undocumented': { logLevel: 'none' },
          'ae-forgotten-export': { logLevel: 'error', addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = message.messageId === 'console-api-report-created';
    },
  });
  if (!succeeded) throw new Error(`The declarations of ${name} cannot be rolled up`);
  // @types/node has to be loaded where a project does not do so itself.
  const text = `/// <reference types="node" />\n${readFileSync(declarations, 'utf8')}`;
  writeFileSync(declarations, text);
  // One copy is enough, and keeps the types of both formats the same.
  mkdirSync('dist/esm', { recursive: true });
  writeFileSync(`dist/esm/${name}.d.ts`, `export * from '../cjs/${name}.js';\n`);
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function writeJson(path, content) {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
