import type { Rule, SchematicContext, Tree } from '@angular-devkit/schematics';
import { posix } from 'node:path';
import { ALGORITHMS, generateSecret } from '../keys/algorithms.js';
import { EXAMPLE } from './example.js';
import { ModuleFile } from './module-file.js';
import {
  findModule,
  findUser,
  loadTypeScript,
  missingPackages,
  readManifest,
  readText,
  requireWritable,
} from './project.js';

/** The options in nest-add.json. */
export interface NestAddOptions {
  readonly sourceRoot?: string;
  readonly project?: string;
  readonly module?: string;
  readonly example?: boolean;
  readonly skipInstall?: boolean;
}

/** New contents of files, by their paths, and what to tell the user about them. */
interface Change {
  readonly files?: Readonly<Record<string, string>>;
  readonly note: string;
}

/**
 * The schematic of `nest add nestjs-jwt-extended`. It works out all changes before it makes the first one. Of the devkit
 * it imports types only, because the Nest CLI has the devkit and this package has not.
 */
export function nestAdd(options: NestAddOptions): Rule {
  return (tree, context) => {
    try {
      add(tree, context, options);
    } catch (error) {
      const reason = (error as Error).message.replace(/\.$/, '');
      throw new Error(`${reason}. Nothing was changed.`, { cause: error });
    }
  };
}

function add(tree: Tree, context: SchematicContext, options: NestAddOptions): void {
  const typescript = loadTypeScript();
  const path = findModule(tree, options);
  const user = findUser(tree, typescript, path, options.sourceRoot);
  if (user !== undefined) {
    context.logger.info(`JwtExtendedModule is already in ${user}. Nothing was changed.`);
    return;
  }
  const module = new ModuleFile(typescript, path, readText(tree, path) ?? '');
  const addsConfig = needsConfigModule(tree, module);
  const packages = missingPackages(tree, ['@nestjs/jwt', ...(addsConfig ? [CONFIG] : [])]);
  const changes = [
    register(module, path, addsConfig),
    addSecret(tree),
    ...ignoreEnv(tree),
    ...(options.example ? [addExample(tree, module, posix.dirname(path))] : []),
  ];
  const installs = packages.length > 0 && !options.skipInstall;
  requireWritable([
    path,
    ...changes.flatMap(({ files = {} }) => Object.keys(files)),
    ...(installs ? ['package.json'] : []),
  ]);
  write(tree, { [path]: module.changed() });
  for (const { files = {}, note } of changes) {
    write(tree, files);
    context.logger.info(note);
  }
  install(context, packages, options.skipInstall);
}

const CONFIG = '@nestjs/config';
const REGISTRATION = `JwtExtendedModule.forRootAsync({
  useFactory: () => ({ secret: process.env.JWT_SECRET }),
})`;

/** Nest does not read `.env` by itself, and an application that uses its own ConfigModule says what that reads. */
function needsConfigModule(tree: Tree, module: ModuleFile): boolean {
  const { dependencies = {} } = readManifest(tree);
  return !Object.hasOwn(dependencies, CONFIG) && !module.mentions('ConfigModule');
}

function register(module: ModuleFile, path: string, addsConfig: boolean): Change {
  if (addsConfig) module.addImport('ConfigModule', CONFIG);
  module.addImport('JwtExtendedModule', 'nestjs-jwt-extended');
  module.append('imports', [...(addsConfig ? ['ConfigModule.forRoot()'] : []), REGISTRATION]);
  return {
    note: addsConfig
      ? `Added JwtExtendedModule to ${path}, and ConfigModule, which reads .env.`
      : `Added JwtExtendedModule to ${path}. Your configuration must read JWT_SECRET from .env.`,
  };
}

const SECRET_LINES = /^[^\S\r\n]*(?:export\s+)?JWT_SECRET[^\S\r\n]*[=:].*$/gm;
const EMPTY_LINE = /^(.*?=)(\s*)(?:(["'`])\3)?(\s*(?:#.*)?)$/;

/** A secret that is there is never replaced: all tokens of its application would be refused. */
function addSecret(tree: Tree): Change {
  const env = readText(tree, '.env') ?? '';
  const secret = generateSecret(ALGORITHMS.HS256.minimumBytes);
  const lines = env.match(SECRET_LINES) ?? [];
  const isEmpty = lines.length > 0 && lines.every((line) => EMPTY_LINE.test(line));
  if (lines.length > 0 && !isEmpty) return { note: 'Kept the JWT_SECRET that is in .env.' };
  return {
    files: {
      '.env': isEmpty
        ? env.replace(SECRET_LINES, (line) => filled(line, secret))
        : withLine(env, `JWT_SECRET=${secret}`),
    },
    note: `${isEmpty ? 'Filled the empty JWT_SECRET in' : 'Added a new JWT_SECRET to'} .env. Keep that file out of the repository.`,
  };
}

/** The line with a value, in its quotes if it has some. */
function filled(line: string, secret: string): string {
  return line.replace(
    EMPTY_LINE,
    (_line, name: string, space: string, quote: string | undefined, rest: string) =>
      quote ? name + space + quote + secret + quote + rest : name + secret + space + rest,
  );
}

/** Whether the secret in it is new or was there before. */
function ignoreEnv(tree: Tree): Change[] {
  const ignored = readText(tree, '.gitignore');
  if (ignored === undefined || /^\/?(?:\*\*\/)?(?:\.env\*?|\*\.env)\s*$/m.test(ignored)) return [];
  return [
    {
      files: { '.gitignore': withLine(ignored, '.env') },
      note: 'Added .env to .gitignore. If Git tracks .env already, run: git rm --cached .env',
    },
  ];
}

function addExample(tree: Tree, module: ModuleFile, folder: string): Change {
  const file = posix.join(folder, 'account/account.controller.ts');
  if (tree.exists(file)) return { note: `Kept ${file}, which is there already: no example added.` };
  if (module.mentions('AccountController'))
    return { note: 'The module names an AccountController already: no example added.' };
  const isEsModule = readManifest(tree).type === 'module';
  const extension = module.relativeExtension(isEsModule);
  module.addImport('AccountController', `./account/account.controller${extension}`);
  module.append('controllers', ['AccountController']);
  return {
    files: { [file]: EXAMPLE },
    note: `Added the example ${file}. Replace its login, which knows alice with the password wonderland.`,
  };
}

/** The text with one more line, which ends as the others do. */
function withLine(text: string, line: string): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  return text + (text === '' || text.endsWith('\n') ? '' : lineEnd) + line + lineEnd;
}

function write(tree: Tree, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    if (tree.exists(path)) tree.overwrite(path, text);
    else tree.create(path, text);
  }
}

/** By the devkit's NodePackageInstallTask: the package manager runs after the changes, and writes package.json itself. */
function install(context: SchematicContext, packages: readonly string[], isSkipped = false): void {
  if (packages.length === 0) return;
  const packageName = packages.join(' ');
  if (isSkipped) {
    context.logger.info(`Now install ${packageName}.`);
    return;
  }
  const options = { command: 'install', quiet: true, hideOutput: true, packageName };
  context.addTask({ toConfiguration: () => ({ name: 'node-package', options }) });
}
