import type { DirEntry, Tree } from '@angular-devkit/schematics';
import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, posix, resolve } from 'node:path';
import { textMentions, type TypeScript } from './module-file.js';

/** The versions of other packages that go with a version of NestJS. */
const PACKAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  11: { '@nestjs/jwt': '11', '@nestjs/config': '4' },
  12: { '@nestjs/jwt': '12', '@nestjs/config': '12' },
};

/** @throws {Error} if the file is not UTF-8 text, which additions would damage. */
export function readText(tree: Tree, path: string): string | undefined {
  const bytes = tree.read(path);
  if (bytes === null) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error(`${path} is not UTF-8 text`);
  }
}

export function readManifest(tree: Tree): Manifest {
  return readJson(tree, 'package.json') ?? {};
}

interface Manifest {
  readonly type?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readJson(tree: Tree, path: string): unknown {
  const text = readText(tree, path);
  try {
    return text === undefined ? undefined : (JSON.parse(text.replace(/^\uFEFF/, '')) as unknown);
  } catch {
    throw new Error(`${path} is not JSON`);
  }
}

/** Packages that the application needs and package.json does not list, with the version for its NestJS. */
export function missingPackages(tree: Tree, names: readonly string[]): string[] {
  const { dependencies = {} } = readManifest(tree);
  const core = '@nestjs/core';
  const installed = readJson(tree, `node_modules/${core}/package.json`);
  const version = (installed as { version: string } | undefined)?.version ?? dependencies[core];
  const versions = PACKAGES[/\d+/.exec(version ?? '')?.[0] ?? ''];
  if (versions === undefined)
    throw new Error(
      `NestJS 11 or 12 is needed; package.json has ${core} ${version ?? 'not at all'}`,
    );
  return names
    .filter((name) => !Object.hasOwn(dependencies, name))
    .map((name) => `${name}@${versions[name] ?? ''}`);
}

/**
 * The path of the root module: the one that was named, else `app.module.ts`, else the only module beside `main.ts`: in a
 * workspace of several applications it is called after its application.
 */
export function findModule(
  tree: Tree,
  options: { readonly module?: string; readonly project?: string; readonly sourceRoot?: string },
): string {
  const { module, project, sourceRoot = 'src' } = options;
  requireApplication(tree, project, sourceRoot);
  if (module !== undefined) return findNamed(tree, module, sourceRoot);
  const modules = tree.getDir(sourceRoot).subfiles.filter((name) => name.endsWith('.module.ts'));
  const [only, ...others] = modules;
  const found = modules.find((name) => name === 'app.module.ts') ?? only;
  if (found === undefined) throw new Error(`${sourceRoot} has no app.module.ts; ${HINT}`);
  if (others.length > 0 && found !== 'app.module.ts')
    throw new Error(`${sourceRoot} has several modules and no app.module.ts; ${HINT}`);
  return posix.join(sourceRoot, found);
}

const HINT = 'name the file of your root module with --module=<path>';

/** From the project's folder, else from the source root; with or without `.ts`. */
function findNamed(tree: Tree, module: string, sourceRoot: string): string {
  const name = module.replaceAll('\\', '/');
  const paths = [
    name,
    `${name}.ts`,
    posix.join(sourceRoot, name),
    posix.join(sourceRoot, `${name}.ts`),
  ];
  const found = paths
    .map((path) => posix.normalize(path))
    .find((path) => !path.startsWith('..') && tree.exists(path));
  if (found !== undefined) return found;
  throw new Error(
    `There is no file ${module}; --module=<path> counts from the project's folder or from ${sourceRoot}`,
  );
}

/**
 * The CLI takes the default project in the place of one that it does not know. If it has asked for the project, it passes
 * the source root only.
 */
function requireApplication(tree: Tree, project: string | undefined, sourceRoot: string): void {
  const files = ['nest-cli.json', '.nestcli.json', '.nest-cli.json', 'nest.json'];
  const file = files.find((name) => tree.exists(name));
  const workspace = (file === undefined ? {} : readJson(tree, file)) as Workspace;
  const { projects = {} } = workspace;
  if (project !== undefined && !Object.hasOwn(projects, project))
    throw new Error(`${file ?? files[0]} has no project ${project}`);
  const [library] =
    Object.entries(projects).find(
      ([name, { type, sourceRoot: root = '' }]) =>
        type === 'library' &&
        (project === undefined ? posix.relative(root, sourceRoot) === '' : name === project),
    ) ?? [];
  if (library !== undefined) throw new Error(`${library} is a library; name an application`);
}

interface Workspace {
  readonly projects?: Readonly<Record<string, { readonly type?: string; sourceRoot?: string }>>;
}

/**
 * The devkit writes only after the schematic, when it has said already what it did.
 *
 * @throws {Error} if a file in the project's folder cannot be changed or made.
 */
export function requireWritable(paths: readonly string[]): void {
  const locked = paths.find((path) => !isWritable(resolve(path)));
  if (locked !== undefined) throw new Error(`${locked} cannot be written`);
}

/** A file that is not there yet needs a folder above it that is. */
function isWritable(path: string, isFolder = false): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return isWritable(dirname(path), true);
    accessSync(path, constants.W_OK);
    return stats.isDirectory() === isFolder;
  } catch {
    return false;
  }
}

/** The file of the application that uses `JwtExtendedModule` already. */
export function findUser(
  tree: Tree,
  typescript: TypeScript,
  module: string,
  sourceRoot = 'src',
): string | undefined {
  return [module, ...sourceFiles(tree.getDir(sourceRoot))].find((path) =>
    textMentions(typescript, tree.read(path)?.toString() ?? '', 'JwtExtendedModule'),
  );
}

/** Without tests, which may set the module up in a way of their own. */
function sourceFiles(folder: DirEntry): string[] {
  const files = folder.subfiles.filter((name) => /(?<![.-]spec|\.d)\.ts$/.test(name));
  const folders = folder.subdirs.filter((name) => name !== 'node_modules' && name !== 'dist');
  return [
    ...files.map((name) => posix.join(folder.path, name).slice(1)),
    ...folders.flatMap((name) => sourceFiles(folder.dir(name))),
  ];
}

/** The project's TypeScript, else that of the Nest CLI: TypeScript 7 has no such API yet. */
export function loadTypeScript(): TypeScript {
  const places = ['package.json', 'node_modules/@nestjs/cli/package.json', process.argv[1] ?? ''];
  for (const place of places) {
    try {
      const typescript = createRequire(resolve(place))('typescript') as Partial<TypeScript>;
      if (typescript.createSourceFile !== undefined) return typescript as TypeScript;
    } catch {
      // It is not there.
    }
  }
  throw new Error('There is no TypeScript 5 or 6 to read the module with; install typescript@6');
}
