// Reads the files of src and what each imports: for the architecture tests and for `npm run figures`.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

export const root = resolve(import.meta.dirname, '../..');

export function readSources() {
  const folder = join(root, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readSource(folder, relative(folder, join(folder, name)).split(sep).join('/')));
}

function readSource(folder, path) {
  const text = readFileSync(join(folder, path), 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  const reexports = file.statements.filter(isReexport);
  return {
    path,
    lines: text.split('\n').length - 1,
    imports,
    dependencies: imports.filter((name) => name.startsWith('.')).map((name) => target(path, name)),
    onlyReexports: file.statements.length > 0 && reexports.length === file.statements.length,
    exportsAll: reexports.some(
      ({ exportClause }) => !exportClause || ts.isNamespaceExport(exportClause),
    ),
    awaits: file.statements.some(awaits),
  };
}

/** `./a.js`, imported by `b/c.ts`, is `b/a.ts`. */
function target(importer, name) {
  return posix.normalize(posix.join(posix.dirname(importer), name)).replace(/\.js$/, '.ts');
}

function isReexport(node) {
  return ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined;
}

function awaits(node) {
  if (ts.isFunctionLike(node)) return false;
  return ts.isAwaitExpression(node) || (ts.forEachChild(node, awaits) ?? false);
}

/** The folder of a file. The files of the module that lie at the top are part of the layer `module`. */
export function layerOf(path) {
  const [first = '', ...rest] = path.split('/');
  if (rest.length > 0) return first;
  return first.startsWith('jwt-extended.module') ? 'module' : first.replace(/\.ts$/, '');
}

/** Files that only re-export. */
export function barrelsOf(sources) {
  return sources.filter(({ onlyReexports }) => onlyReexports).map(({ path }) => path);
}

/** One circle of imports, with the first file repeated at the end; empty if there is none. */
export function circleIn(sources) {
  const dependencies = new Map(sources.map((source) => [source.path, source.dependencies]));
  const finished = new Set();

  function visit(path, trail) {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return [];
    for (const dependency of dependencies.get(path) ?? []) {
      const circle = visit(dependency, [...trail, path]);
      if (circle.length > 0) return circle;
    }
    finished.add(path);
    return [];
  }

  for (const { path } of sources) {
    const circle = visit(path, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

/** Every import of one file of `src` by another, counted once for each pair. */
export function importEdges(sources) {
  return sources.flatMap(({ path, dependencies }) =>
    [...new Set(dependencies)].map((dependency) => ({ importer: path, imported: dependency })),
  );
}

/** The imports of files that exactly one other file imports. */
export function singleImports(sources) {
  const edges = importEdges(sources);
  const counts = new Map();
  for (const { imported } of edges) counts.set(imported, (counts.get(imported) ?? 0) + 1);
  return edges.filter(({ imported }) => counts.get(imported) === 1);
}
