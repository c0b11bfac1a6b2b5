import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

export const root = resolve(import.meta.dirname, '../..');

/** A file of `src`, as far as its place in the house is concerned. */
export interface Source {
  /** Relative to `src`. */
  readonly path: string;
  readonly lines: number;
  /** Those that are neither empty nor comment. */
  readonly codeLines: number;
  /** What it imports or re-exports, as written. */
  readonly imports: readonly string[];
  /** The files of `src` among these, relative to `src`. */
  readonly dependencies: readonly string[];
  readonly onlyReexports: boolean;
  readonly exportsAll: boolean;
  readonly awaits: boolean;
}

export function readSources(): Source[] {
  const folder = join(root, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readSource(folder, relative(folder, join(folder, name)).split(sep).join('/')));
}

function readSource(folder: string, path: string): Source {
  const text = readFileSync(join(folder, path), 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  const reexports = file.statements.filter(isReexport);
  return {
    path,
    lines: text.split('\n').length - 1,
    codeLines: text.replace(/\/\*[^]*?\*\//g, '').match(/^\s*(?!\/\/)\S.*$/gm)?.length ?? 0,
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
function target(importer: string, name: string): string {
  return posix.normalize(posix.join(posix.dirname(importer), name)).replace(/\.js$/, '.ts');
}

function isReexport(node: ts.Node): node is ts.ExportDeclaration {
  return ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined;
}

function awaits(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  return ts.isAwaitExpression(node) || (ts.forEachChild(node, awaits) ?? false);
}

/** The folder a file is in; the module's own files, which lie beside each other at the top, are one layer. */
export function layerOf(path: string): string {
  const [first = '', ...rest] = path.split('/');
  if (rest.length > 0) return first;
  return first.startsWith('jwt-extended.module') ? 'module' : first.replace(/\.ts$/, '');
}

/** Files that only hand on what others export. */
export function barrelsOf(sources: readonly Source[]): string[] {
  return sources.filter(({ onlyReexports }) => onlyReexports).map(({ path }) => path);
}

/** One circle of imports, first file repeated at the end; empty where there is none. */
export function circleIn(sources: readonly Source[]): string[] {
  const dependencies = new Map(sources.map((source) => [source.path, source.dependencies]));
  const finished = new Set<string>();

  function visit(path: string, trail: readonly string[]): string[] {
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
