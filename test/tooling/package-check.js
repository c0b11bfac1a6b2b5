// Packs the package as `npm publish` would and looks at what a user would get. Wants the build to be there.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatMessage } from 'publint/utils';
import { publint } from 'publint';
import ts from 'typescript';
import { ENTRIES, SCHEMATIC_FILES } from './entries.js';

const MOST_FILES = 40;
const MOST_BYTES = 295_000;

const folder = mkdtempSync(join(tmpdir(), 'package-check-'));
try {
  const tarball = pack(folder);
  const shipped = join(folder, 'package');
  const manifest = JSON.parse(readFileSync(join(shipped, 'package.json'), 'utf8'));

  await promise('publint finds nothing', () => publintFindings(tarball, manifest));
  await promise('the types are right for every way to import it', () => typeFindings(tarball));
  await promise('only what is meant to ship ships', () => strangers(shipped));
  await promise('it is small', () => surplus(shipped, tarball));
  await promise('every entry can be imported', () => missingEntries(manifest));
  await promise('it imports declared packages only', () => undeclaredImports(shipped, manifest));
  await promise('its declarations import typed packages only', () => untypedImports(shipped));
  await promise('its entries share their types', () => repeatedDeclarations(shipped));
  await promise('doc comments are in the declarations', () => lostComments(shipped));
  await promise('classes keep their names', () => renamedClasses(shipped));
  await promise('both formats load, change nothing by it and agree', () => disagreements());
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
  const atTop = ['LICENSE', 'README.md', 'package.json'];
  const entries = Object.keys(ENTRIES);
  const code = [...entries, 'library'].flatMap((name) => [`${name}.js`, `${name}.js.map`]);
  const inDist = [...code, ...entries.map((name) => `${name}.d.ts`)].flatMap((file) =>
    ['esm', 'cjs'].map((format) => `dist/${format}/${file}`),
  );
  const command = ['dist/esm/cli.js', 'dist/esm/cli.js.map'];
  const schematics = ['nest-add.js', 'package.json', ...SCHEMATIC_FILES].map(
    (name) => `dist/schematics/${name}`,
  );
  const wanted = [...atTop, ...inDist, ...command, ...schematics, 'dist/cjs/package.json'];
  const files = filesIn(shipped);
  return [
    ...files.filter((name) => !wanted.includes(name)),
    ...wanted.filter((name) => !files.includes(name)).map((name) => `${name} is missing`),
  ];
}

function surplus(shipped, tarball) {
  const [files, { size }] = [filesIn(shipped).length, statSync(tarball)];
  return [
    ...(files > MOST_FILES ? [`${files} files; at most ${MOST_FILES} should ship`] : []),
    ...(size > MOST_BYTES ? [`${size} bytes packed; at most ${MOST_BYTES} should ship`] : []),
  ];
}

function missingEntries({ exports }) {
  return Object.keys(ENTRIES)
    .map((name) => (name === 'index' ? '.' : `./${name}`))
    .filter((path) => !(path in exports))
    .map((path) => `package.json exports no "${path}"`);
}

function undeclaredImports(shipped, manifest) {
  const declared = Object.keys({
    ...{ ...manifest.dependencies, ...manifest.peerDependencies },
    [manifest.name]: 'itself',
  });
  return packageImports(shipped)
    .filter(({ name }) => !declared.includes(packageOf(name)))
    .map(({ file, name }) => `${file} imports ${name}`);
}

/** A declaration that needs `@types/…` of a package does not compile if these are not installed. */
function untypedImports(shipped) {
  return packageImports(shipped)
    .filter(({ file }) => file.endsWith('.d.ts'))
    .filter(({ name }) => name !== 'nestjs-jwt-extended' && !isTyped(packageOf(name)))
    .map(({ file, name }) => `${file} imports ${name}`);
}

function isTyped(name) {
  const { types, typings, main, exports } = JSON.parse(
    readFileSync(`node_modules/${name}/package.json`, 'utf8'),
  );
  return [
    types,
    typings,
    exports?.['.']?.types,
    (main ?? 'index.js').replace(/\.js$/, '.d.ts'),
  ].some(
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

/** What two entries declare are two types: a class with private members of one is no such class for the other. */
function repeatedDeclarations(shipped) {
  const declared = Object.keys(ENTRIES).flatMap((name) => {
    const { statements } = ts.createSourceFile(
      name,
      readFileSync(join(shipped, `dist/cjs/${name}.d.ts`), 'utf8'),
      ts.ScriptTarget.Latest,
    );
    return [...new Set(statements.map(nameOf))].filter((name) => name !== undefined);
  });
  return declared.filter((name, place) => declared.indexOf(name) !== place);
}

/** Doc comments of what the entries export, and of the members of its interfaces, that are in no declaration. */
function lostComments(shipped) {
  const declarations = Object.keys(ENTRIES)
    .map((name) => readFileSync(join(shipped, `dist/cjs/${name}.d.ts`), 'utf8'))
    .join('\n');
  const names = [...declarations.matchAll(/^export declare (?:abstract )?\w+ (\w+)/gm)];
  const exported = new Set(names.map(([, name]) => name));
  const shippedText = oneLine(declarations);
  return sources().flatMap(({ file, statements, text }) =>
    statements
      .filter((node) => isExported(node) && exported.has(nameOf(node)))
      .flatMap((node) => [node, ...(ts.isInterfaceDeclaration(node) ? node.members : [])])
      .flatMap((node) => (node.jsDoc ?? []).map(({ pos, end }) => oneLine(text.slice(pos, end))))
      .filter((comment) => !comment.includes('@internal') && !shippedText.includes(comment))
      .map((comment) => `${file}: ${comment}`),
  );
}

/** A bundler renames a class whose name another module uses too. Nest's messages and `error.name` would show it. */
function renamedClasses(shipped) {
  const known = new Set(
    sources().flatMap(({ text }) => [...text.matchAll(/\bclass (\w+)/g)].map(([, name]) => name)),
  );
  const classes = /\b(?:var|let|const) (\w+) = class\b|\bclass (\w+) (?:extends\b.+)?\{$/gm;
  return filesIn(shipped)
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => {
      const found = [...readFileSync(join(shipped, file), 'utf8').matchAll(classes)];
      if (found.length === 0 && file.endsWith('library.js')) return [`${file} has no classes`];
      return found.map(([, variable, name = variable]) => ({ file, name }));
    })
    .filter(({ name }) => !known.has(name))
    .map(({ file, name }) => `${file}: ${name}`);
}

function sources() {
  return filesIn('src').map((file) => {
    const text = readFileSync(join('src', file), 'utf8');
    const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    return { file, statements, text };
  });
}

function isExported({ modifiers }) {
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function nameOf(node) {
  return (node.name ?? node.declarationList?.declarations[0]?.name)?.text;
}

function disagreements() {
  const paths = Object.keys(ENTRIES).map((name) => (name === 'index' ? '' : `/${name}`));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      'test/tooling/both-formats.js',
      ...paths.map((path) => `nestjs-jwt-extended${path}`),
    ],
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
