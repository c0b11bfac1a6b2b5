import type { SchematicContext, TaskConfigurationGenerator } from '@angular-devkit/schematics';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { nestAdd, type NestAddOptions } from '../../../src/schematics/nest-add.js';
import { root } from '../../tooling/sources.js';

// An ES module that the devkit requires and this test does not need: Jest cannot load it like that on Node 20.
jest.mock('magic-string', () => ({}));
const { HostTree } = await import('@angular-devkit/schematics');

type Files = Readonly<Record<string, string | Buffer>>;

/** What `nest new` writes, in an ES module and in CommonJS. */
const appModule = (extension = '') => `import { Module } from '@nestjs/common';
import { AppController } from './app.controller${extension}';
import { AppService } from './app.service${extension}';

@Module({
  imports: [],
  controllers: [AppController],
  providers: [AppService],
})
export class AppModule {}
`;
const manifest = (nest = '^12.0.1', more: object = {}) =>
  JSON.stringify({ dependencies: { '@nestjs/core': nest, ...more } });
const PROJECT: Files = { 'package.json': manifest(), 'src/app.module.ts': appModule('.js') };

/** Runs the schematic as the devkit does. Secrets are random, so the result has `<secret>` in their place. */
function run(files: Files, options: NestAddOptions = {}) {
  const tree = new HostTree();
  for (const [path, content] of Object.entries(files)) tree.create(path, content);
  const log: string[] = [];
  const installed: string[] = [];
  const context = {
    logger: { info: (text: string) => log.push(text) },
    addTask: (task: TaskConfigurationGenerator<{ packageName: string }>) =>
      installed.push(task.toConfiguration().options!.packageName),
  } as unknown as SchematicContext;
  let error = '';
  try {
    void nestAdd(options)(tree, context);
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  const after: Record<string, string> = {};
  tree.visit((path) => (after[path.slice(1)] = tree.read(path)!.toString('latin1')));
  const before = Object.fromEntries(
    Object.entries(files).map(([path, content]) => [path, Buffer.from(content).toString('latin1')]),
  );
  return { after, before, error, installed, log: log.join('\n') };
}

const SECRET = /(?<=^JWT_SECRET=)[\w-]{43}$/m;
/** The text of the root module after the schematic has run on it. */
function changed(module: string, files: Files = {}, options: NestAddOptions = {}): string {
  const { after, error } = run({ ...PROJECT, 'src/app.module.ts': module, ...files }, options);
  expect(error).toBe('');
  return Buffer.from(after['src/app.module.ts']!, 'latin1').toString();
}

const IMPORTS = `import { ConfigModule } from '@nestjs/config';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
`;
const ITEMS = `    ConfigModule.forRoot(),
    JwtExtendedModule.forRootAsync({
      useFactory: () => ({ secret: process.env.JWT_SECRET }),
    }),
`;

describe('The schematic nest-add', () => {
  it.each(['', '.js', '.ts'])('adds both modules to what `nest new` wrote (%j)', (extension) => {
    const expected = appModule(extension)
      .replace('\n\n@', `\n${IMPORTS}\n@`)
      .replace('[]', `[\n${ITEMS}  ]`);

    expect(changed(appModule(extension))).toBe(expected);
    expect(changed(appModule(extension), {}, { example: true })).toBe(
      expected
        .replace(
          '\n\n@',
          `\nimport { AccountController } from './account/account.controller${extension}';\n\n@`,
        )
        .replace('[AppController]', '[AppController, AccountController]'),
    );
  });

  // The module's metadata before and after.
  it.each([
    ['one import in one line', '{\n  imports: [A],\n}', `{\n  imports: [\n    A,\n${ITEMS}  ],\n}`],
    [
      'two of them',
      '{\n  imports: [A, B()],\n}',
      `{\n  imports: [\n    A,\n    B(),\n${ITEMS}  ],\n}`,
    ],
    ['a comma at the end', '{\n  imports: [A, ],\n}', `{\n  imports: [\n    A,\n${ITEMS}  ],\n}`],
    [
      'a spread',
      '{\n  imports: [...a, B],\n}',
      `{\n  imports: [\n    ...a,\n    B,\n${ITEMS}  ],\n}`,
    ],
    [
      'several lines',
      '{\n  imports: [\n    A,\n    B,\n  ],\n}',
      `{\n  imports: [\n    A,\n    B,\n${ITEMS}  ],\n}`,
    ],
    [
      'comments behind the last import',
      '{\n  imports: [\n    A, // one\n    B /* two */ // three\n    // four\n  ],\n}',
      `{\n  imports: [\n    A, // one\n    B, /* two */ // three\n${ITEMS}    // four\n  ],\n}`,
    ],
    [
      'a comment alone',
      '{\n  imports: [\n    // none yet\n  ],\n}',
      `{\n  imports: [\n${ITEMS}    // none yet\n  ],\n}`,
    ],
    [
      'a comment inside',
      '{\n  imports: [/* none */],\n}',
      `{\n  imports: [/* none */\n${ITEMS}  ],\n}`,
    ],
    ['a quoted name', "{\n  'imports': [],\n}", `{\n  'imports': [\n${ITEMS}  ],\n}`],
    [
      'no imports',
      '{\n  // first\n  providers: [],\n}',
      `{\n  // first\n  imports: [\n${ITEMS}  ],\n  providers: [],\n}`,
    ],
    [
      'no imports in one line',
      '{ providers: [] }',
      `{ imports: [\n${ITEMS.replaceAll(/^ {2}/gm, '')}], providers: [] }`,
    ],
    ['nothing at all', '{}', `{\n  imports: [\n${ITEMS}  ],\n}`],
  ])('adds to a module that has %s', (_, before, after) => {
    const module = (metadata: string, imports = '') =>
      `import { Module } from '@nestjs/common';\n${imports}\n@Module(${metadata})\nexport class AppModule {}\n`;

    expect(changed(module(before))).toBe(module(after, IMPORTS));
  });

  it.each<[string, (text: string) => string]>([
    ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['tabs', (text) => text.replaceAll('  ', '\t')],
    ['double quotes', (text) => text.replaceAll("'", '"')],
    ['no semicolons', (text) => text.replaceAll(';', '')],
    ['a byte order mark', (text) => `\uFEFF${text}`],
    ['other letters', (text) => `// Ærlig talt, 日本\n${text}`],
    [
      'a namespace import',
      (text) => text.replace('{ Module }', '* as nest').replace('@M', '@nest.M'),
    ],
    ['another name', (text) => text.replace('class AppModule', 'class RootModule')],
    [
      'other modules before it',
      (text) => text.replace('\n\n@', '\n\n@Module({ imports: [] })\nclass Other {}\n\n@'),
    ],
    ['a class without a decorator', (text) => `${text}export class AppSettings {}\n`],
    [
      'an import of its own package',
      (text) => `import { AccessGuard } from 'nestjs-jwt-extended';\n${text}`,
    ],
    ['a comment that names it', (text) => `// JwtExtendedModule, ConfigModule\n${text}`],
  ])('keeps to the style of a module with %s', (_, style) => {
    const plain = appModule();
    const expected = plain.replace('\n\n@', `\n${IMPORTS}\n@`).replace('[]', `[\n${ITEMS}  ]`);

    expect(changed(style(plain))).toBe(style(expected));
  });
});

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

describe('The schematic nest-add changes nothing', () => {
  const module = (metadata: string) =>
    `import { Module } from '@nestjs/common';\n@Module(${metadata})\nexport class AppModule {}\n`;
  const computed = (what: string, expected: string) =>
    `In src/app.module.ts the ${what} must be ${expected} literal; add JwtExtendedModule by hand`;
  const HINT = 'name the file of your root module with --module=<path>';
  const workspace = JSON.stringify({
    projects: {
      api: { type: 'application', sourceRoot: 'apps/api/src' },
      shared: { type: 'library', sourceRoot: 'libs/shared/src' },
    },
  });
  const noFile = (path: string) =>
    `There is no file ${path}; --module=<path> counts from the project's folder or from src`;
  const text = (content: string) => ({ 'src/app.module.ts': content });

  it.each<[string, Files, NestAddOptions, string]>([
    [
      'there is no root module',
      { 'package.json': manifest() },
      {},
      `src has no app.module.ts; ${HINT}`,
    ],
    [
      'the source root is another',
      PROJECT,
      { sourceRoot: 'source' },
      `source has no app.module.ts; ${HINT}`,
    ],
    [
      'the root module cannot be told from others',
      {
        'package.json': manifest(),
        'src/a.module.ts': appModule(),
        'src/b.module.ts': appModule(),
      },
      {},
      `src has several modules and no app.module.ts; ${HINT}`,
    ],
    [
      '--module names no file',
      PROJECT,
      { module: 'src/core.module.ts' },
      noFile('src/core.module.ts'),
    ],
    ...['/../outside.module.ts', '../outside.module.ts', '../src/../../a', 'src', ''].map(
      (path): [string, Files, NestAddOptions, string] => [
        `--module is ${path}`,
        PROJECT,
        { module: path },
        noFile(path),
      ],
    ),
    ['--project names none', PROJECT, { project: 'api' }, 'nest-cli.json has no project api'],
    [
      '--project names another',
      { ...PROJECT, 'nest-cli.json': workspace },
      { project: 'shop' },
      'nest-cli.json has no project shop',
    ],
    ...[{ project: 'shared' }, { sourceRoot: './libs/shared/src' }].map(
      (options): [string, Files, NestAddOptions, string] => [
        `the project is a library: ${JSON.stringify(options)}`,
        {
          ...PROJECT,
          'nest-cli.json': workspace,
          'libs/shared/src/shared.module.ts': appModule(),
        },
        options,
        'shared is a library; name an application',
      ],
    ),
    [
      'the workspace is not JSON',
      { ...PROJECT, 'nest-cli.json': '{' },
      { project: 'api' },
      'nest-cli.json is not JSON',
    ],
    [
      'the file has no module',
      text('export class AppModule {}\n'),
      {},
      'src/app.module.ts has no class with @Module()',
    ],
    [
      'the decorator has another name',
      text(module('{}').replace('Module }', 'Module as M }').replace('@Module', '@M')),
      {},
      'src/app.module.ts imports Module as M, which is not recognised; add JwtExtendedModule by hand',
    ],
    [
      'the module has a syntax error',
      text(module('{\n  imports: [A B(],\n}')),
      {},
      "src/app.module.ts has a syntax error in line 3: ',' expected",
    ],
    [
      'none of several modules is AppModule',
      text(module('{}').replace('AppModule', 'A') + '@Module({}) class B {}'),
      {},
      'src/app.module.ts has several modules, and none of them is AppModule',
    ],
    [
      'metadata is a variable',
      text(module('metadata')),
      {},
      computed('argument of @Module()', 'an object'),
    ],
    ['metadata is missing', text(module('')), {}, computed('argument of @Module()', 'an object')],
    [
      'metadata has a spread',
      text(module('{ ...base }')),
      {},
      computed('argument of @Module()', 'an object without spread'),
    ],
    [
      'imports is a variable',
      text(module('{ imports: MODULES }')),
      {},
      computed('imports of the module', 'an array'),
    ],
    [
      'imports is shorthand',
      text(module('{ imports }')),
      {},
      computed('imports of the module', 'an array'),
    ],
    [
      'imports is a call',
      text(module('{ imports: [A].concat(b) }')),
      {},
      computed('imports of the module', 'an array'),
    ],
    [
      'controllers is a variable',
      text(module('{ controllers: C }')),
      { example: true },
      computed('controllers of the module', 'an array'),
    ],
    [
      'the module is not UTF-8',
      { 'src/app.module.ts': Buffer.from('// Zürich\n', 'latin1') },
      {},
      'src/app.module.ts is not UTF-8 text',
    ],
    [
      '.env is not UTF-8',
      { '.env': Buffer.from('\uFEFFJWT_SECRET=a', 'utf16le') },
      {},
      '.env is not UTF-8 text',
    ],
    [
      'NestJS is too old',
      { 'package.json': manifest('^10.4.0') },
      {},
      'NestJS 11 or 12 is needed; package.json has @nestjs/core ^10.4.0',
    ],
    [
      'NestJS is not there',
      { 'package.json': '{}' },
      {},
      'NestJS 11 or 12 is needed; package.json has @nestjs/core not at all',
    ],
  ])('and says why if %s', (title, files, options, problem) => {
    const isWhole = 'package.json' in files && !title.startsWith('NestJS');
    const { after, before, error, installed, log } = run(
      isWhole ? files : { ...PROJECT, ...files },
      options,
    );

    expect(error).toBe(`${problem}. Nothing was changed.`);
    expect(after).toEqual(before);
    expect({ installed, log }).toEqual({ installed: [], log: '' });
  });

  it.each(['src/app.module.ts', 'src/auth/auth.module.ts'])(
    'and says so if the module is already in %s',
    (path) => {
      const use = module('{ imports: [JwtExtendedModule.forRoot({})] }');
      const { after, before, error, installed, log } = run(
        { ...PROJECT, [path]: use },
        { example: true },
      );

      expect(log).toBe(`JwtExtendedModule is already in ${path}. Nothing was changed.`);
      expect(after).toEqual(before);
      expect({ error, installed }).toEqual({ error: '', installed: [] });
    },
  );

  // Root may write to every file.
  const lock =
    process.getuid?.() === 0 ? replaceByFolder : (path: string) => chmodSync(path, 0o444);
  it.each<[string, (path: string) => void, string?]>([
    ['.env', lock],
    ['.gitignore', lock],
    ['package.json', lock],
    ['src/app.module.ts', lock],
    ['src/account', (path) => writeFileSync(path, ''), 'src/account/account.controller.ts'],
  ])('if %s cannot be written', (obstacle, obstruct, named = obstacle) => {
    const home = process.cwd();
    const folder = mkdtempSync(join(tmpdir(), 'read-only-'));
    const files: Files = { ...PROJECT, '.env': 'A=1\n', '.gitignore': 'dist\n' };
    mkdirSync(join(folder, 'src'));
    for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    obstruct(join(folder, obstacle));
    process.chdir(folder);
    try {
      const { after, before, error, installed, log } = run(files, { example: true });

      expect(error).toBe(`${named} cannot be written. Nothing was changed.`);
      expect(after).toEqual(before);
      expect({ installed, log }).toEqual({ installed: [], log: '' });
    } finally {
      process.chdir(home);
      rmSync(folder, { recursive: true });
    }
  });

  it('when it runs a second time', () => {
    const { after } = run(PROJECT, { example: true });
    const again = run(after, { example: true });

    expect(again.after).toEqual(after);
    expect(again.log).toContain('is already in src/app.module.ts');
  });
});

describe('The secret of the schematic nest-add', () => {
  // .env before and after.
  it.each<[string, string | undefined, string]>([
    ['a new file', undefined, 'JWT_SECRET=<secret>\n'],
    ['an empty file', '', 'JWT_SECRET=<secret>\n'],
    ['what is there', 'PORT=3000\n', 'PORT=3000\nJWT_SECRET=<secret>\n'],
    ['a last line without an end', 'A=1\n\nPORT=3000', 'A=1\n\nPORT=3000\nJWT_SECRET=<secret>\n'],
    ['CRLF', 'A=1\r\nPORT=3000', 'A=1\r\nPORT=3000\r\nJWT_SECRET=<secret>\r\n'],
    ['a comment', '# JWT_SECRET=old\n', '# JWT_SECRET=old\nJWT_SECRET=<secret>\n'],
    [
      'other names',
      'MY_JWT_SECRET=a\nJWT_SECRET_OLD=b\n',
      'MY_JWT_SECRET=a\nJWT_SECRET_OLD=b\nJWT_SECRET=<secret>\n',
    ],
    ['a byte order mark', '\uFEFFA=ü\n', '\uFEFFA=ü\nJWT_SECRET=<secret>\n'],
  ])('is added to %s, and is not shown', (_, env, expected) => {
    const { after, log } = run(env === undefined ? PROJECT : { ...PROJECT, '.env': env });
    const text = Buffer.from(after['.env']!, 'latin1').toString();

    expect(text.replace(SECRET, '<secret>')).toBe(expected);
    expect(log).toContain('Added a new JWT_SECRET to .env.');
    expect(log).not.toContain(SECRET.exec(text)![0]);
  });

  it.each([
    'JWT_SECRET=a',
    '\uFEFFJWT_SECRET=a\n',
    'A=1\r\n export  JWT_SECRET = "a"\r\n',
    'JWT_SECRET: a',
    'JWT_SECRET=\nJWT_SECRET=a\n',
    'JWT_SECRET="\na"\n',
    'JWT_SECRET="#"\n',
  ])('is not added if there is one: %j', (env) => {
    const { after, before, log } = run({ ...PROJECT, '.env': env, '.gitignore': 'dist\n' });

    expect(after).toEqual({
      ...before,
      'src/app.module.ts': after['src/app.module.ts'],
      '.gitignore': 'dist\n.env\n',
    });
    expect(log).toContain('Added .env to .gitignore.');
    expect(after['src/app.module.ts']).toContain('JwtExtendedModule.forRootAsync');
    expect(log).toContain('Kept the JWT_SECRET that is in .env.');
    expect(log).not.toMatch(/= *"?a/);
  });

  it.each([
    ['JWT_SECRET=\n', 'JWT_SECRET=<secret>\n'],
    ['A=1\r\nJWT_SECRET=\r\n\r\nB=2', 'A=1\r\nJWT_SECRET=<secret>\r\n\r\nB=2'],
    ['JWT_SECRET=""\nB=""\n', 'JWT_SECRET="<secret>"\nB=""\n'],
    ["export JWT_SECRET = '' # ours", "export JWT_SECRET = '<secret>' # ours"],
    ['JWT_SECRET=  # ours\nB=\n', 'JWT_SECRET=<secret>  # ours\nB=\n'],
    ['\uFEFFJWT_SECRET=', '\uFEFFJWT_SECRET=<secret>'],
    ['JWT_SECRET=\nJWT_SECRET=""\n', 'JWT_SECRET=<secret>\nJWT_SECRET="<secret>"\n'],
  ])('is filled in where it is empty: %j', (env, expected) => {
    const { after, log } = run({ ...PROJECT, '.env': env });
    const text = Buffer.from(after['.env']!, 'latin1').toString();

    const { JWT_SECRET = '' } = parseEnv(text.replace('\uFEFF', ''));
    expect(JWT_SECRET).toMatch(/^[\w-]{43}$/);
    expect(text.replaceAll(JWT_SECRET, '<secret>')).toBe(expected);
    expect(log).toContain('Filled the empty JWT_SECRET in .env.');
    expect(log).not.toContain(JWT_SECRET);
  });

  it('is another one each time', () => {
    const secrets = [run(PROJECT), run(PROJECT)].map(({ after }) => after['.env']);

    expect(secrets[0]).not.toBe(secrets[1]);
  });

  it.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ['', '.env\n'],
    ['node_modules', 'node_modules\n.env\n'],
    ['dist\r\n# .env\r\n', 'dist\r\n# .env\r\n.env\r\n'],
    ['.env.local\nsrc/.env\n', '.env.local\nsrc/.env\n.env\n'],
    ...['.env\n', 'a\n/.env', '.env*\n', '*.env\r\n', '**/.env\n'].map((text): [string, string] => [
      text,
      text,
    ]),
  ])('stays out of the repository: .gitignore %j becomes %j', (before, expected) => {
    const { after } = run(before === undefined ? PROJECT : { ...PROJECT, '.gitignore': before });

    expect(after['.gitignore']).toBe(expected);
  });
});

describe('Packages of the schematic nest-add', () => {
  const installedCore = (version: string) => ({
    'node_modules/@nestjs/core/package.json': JSON.stringify({ version }),
  });

  it.each<[string, Files, string[]]>([
    ['NestJS 11', { 'package.json': manifest('^11.0.1') }, ['@nestjs/jwt@11 @nestjs/config@4']],
    ['NestJS 12', { 'package.json': manifest('12.x') }, ['@nestjs/jwt@12 @nestjs/config@12']],
    [
      'the installed NestJS',
      { 'package.json': manifest('latest'), ...installedCore('11.1.2') },
      ['@nestjs/jwt@11 @nestjs/config@4'],
    ],
    [
      '@nestjs/jwt there',
      { 'package.json': manifest('12', { '@nestjs/jwt': '12' }) },
      ['@nestjs/config@12'],
    ],
    [
      '@nestjs/config there',
      { 'package.json': `\uFEFF${manifest('12', { '@nestjs/config': '4' })}` },
      ['@nestjs/jwt@12'],
    ],
    [
      'both there',
      { 'package.json': manifest('12', { '@nestjs/config': '4', '@nestjs/jwt': '12' }) },
      [],
    ],
  ])('are those that are missing, for %s', (_, files, expected) => {
    const { after, installed } = run({ ...PROJECT, ...files });

    expect(installed).toEqual(expected);
    // The package manager does this.
    expect(after['package.json']).toBe(run({ ...PROJECT, ...files }).before['package.json']);
    expect(after['src/app.module.ts']!.includes('ConfigModule.forRoot()')).toBe(
      expected.join().includes('@nestjs/config'),
    );
  });

  it('are named instead with --skip-install', () => {
    const { installed, log } = run(PROJECT, { skipInstall: true });

    expect(installed).toEqual([]);
    expect(log).toContain('Now install @nestjs/jwt@12 @nestjs/config@12.');
  });

  it('do not include @nestjs/config if the module has a ConfigModule of its own', () => {
    const own = appModule().replace('\n\n@', "\nimport { ConfigModule } from './config';\n\n@");
    const { installed, log } = run({ ...PROJECT, 'src/app.module.ts': own });

    expect(installed).toEqual(['@nestjs/jwt@12']);
    expect(log).toContain('Your configuration must read JWT_SECRET from .env.');
  });
});

describe('The root module for the schematic nest-add', () => {
  const workspace = { 'nest-cli.json': JSON.stringify({ projects: { api: {} } }) };

  it.each<[string, NestAddOptions, string]>([
    [
      'the only one of an application',
      { sourceRoot: 'apps/api/src', project: 'api' },
      'apps/api/src/api.module.ts',
    ],
    ['app.module.ts beside others', { sourceRoot: 'src' }, 'src/app.module.ts'],
    ['app.module.ts without options', {}, 'src/app.module.ts'],
    ...[
      './src/core/core.module.ts',
      'src/core/core.module',
      'core/core.module.ts',
      './core/core.module',
      '/src/core/core.module.ts',
      'src\\core\\core.module.ts',
    ].map((module): [string, NestAddOptions, string] => [
      `the one that is named: ${module}`,
      { module },
      'src/core/core.module.ts',
    ]),
  ])('is %s', (_, options, path) => {
    const paths = ['apps/api/src/api.module.ts', 'src/aaa.module.ts', 'src/core/core.module.ts'];
    const modules = Object.fromEntries(paths.map((name) => [name, appModule()]));
    const { after, before, error } = run(
      { ...PROJECT, ...workspace, ...modules },
      { ...options, example: true },
    );
    const example = join(path, '../account/account.controller.ts');

    expect(error).toBe('');
    expect(
      Object.keys(after)
        .filter((name) => after[name] !== before[name])
        .sort(),
    ).toEqual(['.env', path, example].sort());
  });
});

describe('The schematic nest-add', () => {
  it.each(['src/app.spec.ts', 'src/app.e2e-spec.ts', 'src/types.d.ts', 'src/node_modules/a.ts'])(
    'adds the module although %s mentions it',
    (path) => {
      const { log } = run({ ...PROJECT, [path]: 'JwtExtendedModule.forRoot({});' });

      expect(log).toContain('Added JwtExtendedModule');
    },
  );
});

describe('The example of the schematic nest-add', () => {
  const FILE = 'src/account/account.controller.ts';

  it('is announced with what must be replaced', () => {
    expect(run(PROJECT, { example: true }).log).toContain(
      `Added the example ${FILE}. Replace its login, which knows alice with the password wonderland.`,
    );
  });

  it('is not added unless it is asked for', () => {
    expect(Object.keys(run(PROJECT).after)).not.toContain(FILE);
  });

  it.each<[string, Files, string]>([
    [
      'its file',
      { [FILE]: '// mine\n' },
      `Kept ${FILE}, which is there already: no example added.`,
    ],
    [
      'its class',
      { 'src/app.module.ts': appModule().replaceAll('AppController', 'AccountController') },
      'The module names an AccountController already: no example added.',
    ],
  ])('leaves %s as it is, and says so', (_, files, note) => {
    const { after, before, log } = run({ ...PROJECT, ...files }, { example: true });

    expect(log).toContain(note);
    expect(after[FILE]).toBe(before[FILE]);
    expect(after['src/app.module.ts']).not.toContain('./account/');
    expect(after['src/app.module.ts']).toContain('JwtExtendedModule.forRootAsync');
  });

  it.each([
    ['module', '.js'],
    [undefined, ''],
  ])('is imported as the package.json with the type %s wants it', (type, extension) => {
    const alone = `import { Module } from '@nestjs/common';\n\n@Module({})\nexport class AppModule {}\n`;
    const files = {
      'package.json': JSON.stringify({ type, dependencies: { '@nestjs/core': '12' } }),
    };

    expect(changed(alone, files, { example: true })).toContain(
      `import { AccountController } from './account/account.controller${extension}';`,
    );
  });
});

describe('TypeScript for the schematic nest-add', () => {
  const home = process.cwd();
  const [, command = ''] = process.argv;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typescript-'));
    process.chdir(folder);
    process.argv[1] = join(folder, 'nest.js');
  });
  afterEach(() => {
    process.chdir(home);
    process.argv[1] = command;
    rmSync(folder, { recursive: true });
  });

  it("is the Nest CLI's if the project's has no such API, as version 7", () => {
    mkdirSync('node_modules/typescript', { recursive: true });
    writeFileSync('node_modules/typescript/index.js', "exports.version = '7.0.2';");
    mkdirSync('node_modules/@nestjs/cli/node_modules', { recursive: true });
    symlinkSync(
      join(root, 'node_modules/typescript'),
      'node_modules/@nestjs/cli/node_modules/typescript',
    );

    expect(changed(appModule())).toContain('JwtExtendedModule.forRootAsync');
  });

  it('is asked for if there is none', () => {
    expect(run(PROJECT).error).toMatch(/^There is no TypeScript 5 or 6.+ Nothing was changed\.$/);
  });
});
