// Packs the package as `npm publish` would and looks at what a user would get. Wants the build to be there.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatMessage } from 'publint/utils';
import { publint } from 'publint';
import ts from 'typescript';

const folder = mkdtempSync(join(tmpdir(), 'package-check-'));
try {
  const tarball = pack(folder);
  const shipped = join(folder, 'package');
  const manifest = JSON.parse(readFileSync(join(shipped, 'package.json'), 'utf8'));

  await promise('publint finds nothing', () => publintFindings(tarball, manifest));
  await promise('the types are right for every way to import it', () => typeFindings(tarball));
  await promise('only what is meant to ship ships', () => strangers(shipped));
  await promise('it imports declared packages only', () => undeclaredImports(shipped, manifest));
  await promise('its declarations import typed packages only', () => untypedImports(shipped));
  await promise('doc comments are in the declarations', () => lostComments(shipped));
  await promise('both halves load, and loading them changes nothing', () => loadingEffects());
  await promise('nothing runs at install', () => installScripts(manifest));
  await promise('the lock file names no host', () => hostsInLockFile());
} finally {
  rmSync(folder, { recursive: true });
}

/** Prints whether a promise is kept; what breaks it is listed below it. */
async function promise(title, findProblems) {
  const problems = await findProblems();
  console.log(`${problems.length === 0 ? '✓' : '✗'} ${title}`);
  for (const problem of problems) console.log(`    ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

function pack(destination) {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', destination];
  const tarball = join(destination, execFileSync('npm', args, { encoding: 'utf8' }).trim());
  execFileSync('tar', ['-xzf', tarball, '-C', destination]);
  return tarball;
}

async function publintFindings(tarball, manifest) {
  const { messages } = await publint({
    pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer },
    strict: true,
  });
  return messages.map((message) => formatMessage(message, manifest));
}

function typeFindings(tarball) {
  const attw = 'node_modules/@arethetypeswrong/cli/dist/index.js';
  const { status, stdout, stderr } = spawnSync(process.execPath, [attw, tarball, '--no-color'], {
    encoding: 'utf8',
  });
  return status === 0 ? [] : [stdout, stderr];
}

function strangers(shipped) {
  const atTop = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
  const inDist = /^dist\/(esm|cjs)\/.+(\.js|\.d\.ts)$/;
  const files = filesIn(shipped);
  return [
    ...files.filter(
      (name) => ![...atTop, 'dist/cjs/package.json'].includes(name) && !inDist.test(name),
    ),
    ...atTop.filter((name) => !files.includes(name)).map((name) => `${name} is missing`),
  ];
}

function undeclaredImports(shipped, manifest) {
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  return packageImports(shipped)
    .filter(({ name }) => !declared.includes(packageOf(name)))
    .map(({ file, name }) => `${file} imports ${name}`);
}

/** A declaration that needs `@types/…` of somebody would not compile where these are not installed. */
function untypedImports(shipped) {
  return packageImports(shipped)
    .filter(({ file, name }) => file.endsWith('.d.ts') && !isTyped(packageOf(name)))
    .map(({ file, name }) => `${file} imports ${name}`);
}

function isTyped(name) {
  const { types, typings, main, exports } = JSON.parse(
    readFileSync(`node_modules/${name}/package.json`, 'utf8'),
  );
  return [types, typings, exports?.['.']?.types, main?.replace(/\.js$/, '.d.ts')].some(
    (path) =>
      path !== undefined &&
      readdirSync(`node_modules/${name}`, { recursive: true }).includes(path.replace(/^\.\//, '')),
  );
}

function packageImports(shipped) {
  return filesIn(shipped)
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => {
      const { importedFiles } = ts.preProcessFile(
        readFileSync(join(shipped, file), 'utf8'),
        true,
        true,
      );
      return importedFiles.map(({ fileName }) => ({ file, name: fileName }));
    })
    .filter(({ name }) => !name.startsWith('.') && !name.startsWith('node:'));
}

/** `@nestjs/common/enums` is of `@nestjs/common`. */
function packageOf(name) {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

function lostComments(shipped) {
  return filesIn('src').flatMap((file) => {
    const { statements, text } = ts.createSourceFile(
      file,
      readFileSync(join('src', file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const exported = statements.filter((node) =>
      node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
    );
    const comments = exported.flatMap((node) =>
      (node.jsDoc ?? []).map(({ pos, end }) => oneLine(text.slice(pos, end))),
    );
    return ['esm', 'cjs']
      .map((format) => `dist/${format}/${file.replace(/\.ts$/, '.d.ts')}`)
      .flatMap((declarations) => {
        const shippedText = oneLine(readFileSync(join(shipped, declarations), 'utf8'));
        return comments
          .filter((comment) => !shippedText.includes(comment))
          .map((comment) => `${declarations}: ${comment}`);
      });
  });
}

/** Loads the ESM and the CommonJS build beside each other, in a process whose globals and passport are compared. */
function loadingEffects() {
  const script = `
    import * as common from '@nestjs/common';
    import passport from 'passport';
    import { createRequire } from 'node:module';
    const state = () => JSON.stringify([
      Object.getOwnPropertyNames(globalThis), Object.getOwnPropertyNames(Object.prototype), Object.keys(process.env),
      Object.keys(passport._strategies), process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    ]);
    const before = state();
    for (const name of ['nestjs-jwt-extended', 'nestjs-jwt-extended/testing']) {
      const esm = Object.keys(await import(name)).sort();
      const cjs = Object.keys(createRequire(process.cwd() + '/')(name)).sort();
      if (state() !== before) console.log('before: ' + before + ' after: ' + state());
      if (String(esm) !== String(cjs)) console.log(name + ': ESM exports ' + esm + ', CommonJS exports ' + cjs);
    }`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  return [stdout.trim(), status === 0 ? '' : stderr].filter((problem) => problem !== '');
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ');
}

function installScripts({ scripts = {} }) {
  return ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
}

function hostsInLockFile() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  return Object.entries(packages)
    .filter(([, { resolved }]) => resolved)
    .map(([place]) => place);
}

function filesIn(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
}
