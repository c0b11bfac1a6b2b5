import { beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import ts from 'typescript';
import { Refusals } from '../../src/authentication/refusals.js';
import { run as keygen } from '../../src/cli/keygen.js';
import type { Token } from '../../src/contracts/token.js';
import * as errors from '../../src/errors/token-errors.js';
import type { TokenError } from '../../src/errors/token.error.js';
import { Outages } from '../../src/events/outages.js';
import * as library from '../../src/index.js';
import { ALGORITHMS } from '../../src/keys/algorithms.js';
import { EXTRA_ROWS } from '../../src/module/module-extras.js';
import {
  BLOCKLIST_ROWS,
  ROTATION_ROWS,
  SESSION_ROWS,
} from '../../src/options/blocklist-options.js';
import { COOKIE_ROWS } from '../../src/options/cookie-options.js';
import { CSRF_ROWS } from '../../src/options/csrf-options.js';
import { LOGIN_ROWS } from '../../src/options/login-options.js';
import { OPTION_ROWS, resolveOptions } from '../../src/options/resolve-options.js';
import {
  type Block,
  blocksIn,
  isExcerpt,
  pageAt,
  plain,
  root,
  sourceOf,
  tableOf,
} from '../support/readme.js';
import { RunFiles } from '../support/run-files.js';

/** The languages whose blocks are excerpts of files that tests run. A test of its own makes those in `diff`. */
const LANGUAGES = ['ts', 'js', 'py', 'html'];

const blocks = LANGUAGES.flatMap(blocksIn);
const excerpts = blocks.filter((block) => sourceOf(block) !== undefined);
const modules = blocksIn('ts').filter((block) => sourceOf(block) === undefined);

/** A snippet with a mistake. Its page tells its mistakes from those of the others. */
const broken: Block = {
  page: 'broken.md',
  language: 'ts',
  section: '',
  line: 0,
  text: "import { RefreshGuard } from 'nestjs-jwt-extended';\nexport const guard: string = RefreshGuard;\n",
};
const ofBroken = 'broken.md:1: ';

const FROM_PASSPORT = 'Option of @nestjs/jwt or passport-jwt';

/** The options in code of a cell: `signOptions.expiresIn`, or what stands before a colon. */
const optionsIn = (cell = '') =>
  [...cell.matchAll(/`([\w.]+)(?:: [^`]+)?`/g)].map(([, name = '']) => name);

/** The code in a cell. */
const codeOf = (cell = '') => (cell.match(/`[^`]+`/g) ?? []).join(' ');

/** Compiles if `@nestjs/jwt` and `passport-jwt` have the options that the guide maps to ours. */
const mapped: Block = {
  page: 'options of passport',
  language: 'ts',
  section: '',
  line: 0,
  text: [
    "import type { JwtModuleOptions } from '@nestjs/jwt';",
    "import type { StrategyOptions } from 'passport-jwt';",
    'type Names<T> = T extends unknown ? keyof T : never;',
    'type Options = Required<JwtModuleOptions> & Record<Names<StrategyOptions>, unknown>;',
    ...tableOf(FROM_PASSPORT)
      .flatMap((row) => optionsIn(row[FROM_PASSPORT]))
      .map((name, at) => `export type Option${at} = Options['${name.replaceAll('.', "']['")}'];`),
  ].join('\n'),
};

describe('The snippets of the README', () => {
  const run = new RunFiles();
  let mistakes: string[];
  beforeAll(() => {
    mistakes = mistakesIn([...modules, mapped, broken]);
  });

  it('name the file that they are taken from, except the complete application', () => {
    const loose = blocks.filter((block) => sourceOf(block) === undefined);

    expect(loose.map(({ page, section }) => `${page}: ${section}`)).toEqual([
      'README.md: A complete application',
    ]);
    expect(['javascript', 'typescript', 'tsx', 'json', 'python'].flatMap(blocksIn)).toEqual([]);
  });

  it.each(excerpts.map((block) => [`${block.page}:${block.line}`, block] as const))(
    'appear in the file that they name, which a test runs: %s',
    (_where, block) => {
      expect(isExcerpt(block)).toBe(true);
      expect(run.has(sourceOf(block)!)).toBe(true);
    },
  );

  it('fail the check if they differ from their file, or if no test runs it', () => {
    const [excerpt] = blocksIn('py');
    const changed = excerpt!.text.replace('login', 'logon');

    expect(isExcerpt({ ...excerpt!, text: changed })).toBe(false);
    expect(run.has('test/types/errors.ts')).toBe(false);
  });

  it('show the usage text of the command', () => {
    let usage = '';
    keygen(['--help'], { folder: '', write: (text) => (usage += text), warn: () => {} });

    expect(blocksIn('text').map(({ text }) => text)).toContain(usage);
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

/** The errors that the compiler reports with the settings of this project. */
function mistakesIn(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map((block) => [fileOf(block), block]));
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // Some of the snippets run in a browser.
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
      const { page = '', line: first = 0 } = (file && files.get(file.fileName)) ?? {};
      return `${page}:${first + line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
}

/** A path among the files of the sample, so that a snippet may import them. */
function fileOf({ page, line }: Block): string {
  return join(root, `sample/01-quickstart/src/${page.replaceAll('/', '-')}-${line}.ts`);
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

/** The groups of options. The README's table has a row for each member. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  cookies: COOKIE_ROWS,
  csrf: CSRF_ROWS,
  blocklist: BLOCKLIST_ROWS,
  rotation: ROTATION_ROWS,
  sessions: SESSION_ROWS,
  login: LOGIN_ROWS,
};

/** One of each store, with clients that are not connected. */
const STORES: Readonly<Record<string, library.BlocklistStore>> = {
  MemoryBlocklistStore: new library.MemoryBlocklistStore(),
  RedisBlocklistStore: new library.RedisBlocklistStore(new Redis({ lazyConnect: true })),
  SqlBlocklistStore: new library.SqlBlocklistStore(new pg.Pool()),
  KeyvBlocklistStore: new library.KeyvBlocklistStore(new Keyv()),
};

const token = { identity: 'alice', type: 'access' } as Token;
const refusals = [
  new errors.MissingTokenError('reason'),
  new errors.CsrfError('reason'),
  new errors.BadCredentialsError(),
  new errors.InvalidTokenError('reason'),
  new errors.WrongTokenTypeError('access'),
  new errors.ExpiredTokenError(token),
  new errors.StaleTokenError(token, {}),
  new errors.RevokedTokenError(token),
  new errors.ReusedTokenError(token),
  new errors.TokenVerificationError(token),
  new errors.UserLookupError(token),
  new errors.InsufficientClaimsError(token, 'Missing required claim(s)'),
  new errors.TokenCheckUnavailableError(),
];

describe("The README's tables", () => {
  it('give the figures of the recorded run of the benchmark', () => {
    const words = ['test/benchmark/readme-table.js', 'test/benchmark/recorded.json', '--print'];
    const figures = execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8' });

    expect(pageAt('README.md')).toContain(figures.trim());
  });

  it('name exactly the options, with their defaults', () => {
    expect(sorted(columns('Option', 'Default'))).toEqual(sorted(optionDefaults()));
  });

  it('map the options of passport to options, loaders and decorators that exist', () => {
    const loaders = columns('`loaders.`').map(([name]) => name);
    const known = new Set([...columns('Option', 'Default').map(([name]) => name), ...loaders]);
    const decorators = tableOf(FROM_PASSPORT).flatMap(
      (row) => row['Option here']?.match(/(?<=@)\w+/g) ?? [],
    );
    const names = tableOf(FROM_PASSPORT).flatMap((row) => optionsIn(row['Option here']));

    expect(mapped.text.match(/^export/gm)?.length).toBeGreaterThan(15);
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !known.has(name.replace('.kid', '')))).toEqual([]);
    expect(decorators.filter((name) => !(name in library))).toEqual([]);
  });

  it('map the code around passport to what the library exports', () => {
    const names = tableOf('Before').flatMap(
      (row) => codeOf(row['Now']).match(/\b[A-Z]\w+|\boneOf\b/g) ?? [],
    );

    expect(names.length).toBeGreaterThan(7);
    expect(names.filter((name) => !(name in library))).toEqual([]);
  });

  it('agree with the doc comments of the options', () => {
    const documented = documentedDefaults();
    const rows = columns('Option', 'Default').filter(([name]) => documented.has(name));

    expect(rows.length).toBeGreaterThan(40);
    expect(rows).toEqual(rows.map(([name]) => [name, documented.get(name)]));
  });

  it('name exactly the algorithms, with the required key strength', () => {
    const rows = tableOf('Algorithms').map((row) => ({
      names: plain(row['Algorithms']).split(', '),
      numbers: row['Key']?.match(/(?<=P-)\d+|\b\d{2,}(?= bits|,| and| bytes)/g)?.map(Number) ?? [],
    }));

    expect(rows.flatMap(({ names }) => names)).toEqual(Object.keys(ALGORITHMS));
    for (const { names, numbers } of rows) {
      expect(numbers).toEqual([...new Set(names.flatMap(strengthOf))]);
    }
  });

  it("name exactly the module's extras, with their defaults", () => {
    const extras = Object.entries(EXTRA_ROWS).map(([name, row]) => [name, literal(row[1])]);

    expect(columns('Extra', 'Default')).toEqual(extras);
  });

  it('state the defaults of the members of an issuer', () => {
    const members = membersOf('issuer-options.ts').get('IssuerOptions') ?? [];

    expect(columns('Member of an issuer', 'Default')).toEqual(
      members.map(({ name, documented = '' }) => [name, plain(documented)]),
    );
  });

  it('name exactly the options of @JwtRequired, with their defaults', () => {
    const members = membersOf('../route/policy-metadata.ts').get('JwtRequiredOptions') ?? [];

    expect(columns('Option of `@JwtRequired`', 'Default')).toEqual(
      members.map(({ name, documented }) => [name, plain(documented)]),
    );
  });

  it.each([
    ['Member of a key', 'key-options.ts', 'KeyInput'],
    ['Member of an issuer', 'issuer-options.ts', 'IssuerOptions'],
    ['`loaders.`', 'callbacks.ts', 'JwtExtendedLoaders'],
    ['`responses.`', 'callbacks.ts', 'JwtExtendedResponses'],
  ])('name exactly the members of the table %s', (heading, file, type) => {
    const members = membersOf(file).get(type) ?? [];

    expect(columns(heading)).toEqual(members.map(({ name }) => [name]));
  });

  it('name exactly the decorators of requirements', () => {
    const rows = tableOf('Decorator').map((row) => /@(\w+)/.exec(row['Decorator']!)?.[1]);

    const decorators = [library.MatchParam, library.RequireClaims, library.RequireScope];
    expect([...new Set(rows)].sort()).toEqual(decorators.map(({ name }) => name));
  });

  it('name exactly the stores, with their features', () => {
    const rows = tableOf('Store').map((row) => {
      const name = /new (\w+)/.exec(row['Store'] ?? '')?.[1] ?? '';
      return { name, rotation: row['Rotation'], sessions: row['Sessions'] };
    });

    const exported = Object.keys(library).filter((name) => name.endsWith('BlocklistStore'));
    expect([...new Set(rows.map(({ name }) => name))].sort()).toEqual(exported.sort());
    expect(rows).toEqual(rows.map(({ name }) => ({ name, ...abilitiesOf(STORES[name]!) })));
  });

  it('name exactly the events, with their members', () => {
    const rows = tableOf('Event').map((row) => [
      plain(row['Event']),
      new Set(row['What it holds']?.match(/(?<=`)\w+(?=`)/g)),
    ]);

    expect(rows).toEqual(eventsWithMembers());
  });

  it('name exactly the errors', () => {
    const { VerifiedTokenError, ...concrete } = errors;

    expect(VerifiedTokenError).toBeDefined();
    expect(columns('Class').flat().sort()).toEqual(Object.keys(concrete).sort());
  });

  it('state code, status, body and callback of each error', async () => {
    const headings = ['Class', 'Code', 'Status', 'Default body', 'Answered by'] as const;

    expect(Object.keys(tableOf('Class')[0] ?? {})).toEqual(headings);
    expect(columns(...headings)).toEqual(await Promise.all(refusals.map(answered)));
  });
});

/** The rows of a table with this first heading: the cells of some columns. */
function columns(first: string, ...others: readonly string[]): [string, ...string[]][] {
  return tableOf(first).map((row) => [
    plain(row[first]),
    ...others.map((heading) => plain(row[heading])),
  ]);
}

/** The bytes, bits or curve that an algorithm requires of its key. */
function strengthOf(name: string): number[] {
  const traits = ALGORITHMS[name as keyof typeof ALGORITHMS];
  if ('minimumBytes' in traits) return [traits.minimumBytes];
  if ('minimumBits' in traits) return [traits.minimumBits];
  return 'curve' in traits ? [Number(/\d{3}/.exec(traits.curve)?.[0])] : [];
}

function abilitiesOf({ isAtomic = true, sessions }: library.BlocklistStore) {
  return { rotation: isAtomic ? 'yes' : 'no', sessions: sessions ? 'yes' : 'no' };
}

/** The names of the events in order, each with all members of its type. */
function eventsWithMembers(): [string, Set<string>][] {
  const path = join(root, 'src/contracts/security-events.ts');
  const program = ts.createProgram([path], { strict: true });
  const checker = program.getTypeChecker();
  const events = program
    .getSourceFile(path)!
    .statements.filter(ts.isInterfaceDeclaration)
    .find(({ name }) => name.text === 'SecurityEvents')!;
  return events.members.filter(ts.isPropertySignature).map((member) => {
    const type = checker.getTypeAtLocation(member.type!);
    const kinds = type.isUnion() ? type.types : [type];
    const names = kinds.flatMap((kind) => kind.getProperties().map((property) => property.name));
    return [member.name.getText().replaceAll("'", ''), new Set(names)];
  });
}

/** Each option's name with its default: the value in its row, or else the `@default` of its comment. */
function optionDefaults(): string[][] {
  const documented = documentedDefaults();
  const ring = membersOf('key-options.ts').get('KeyRingOptions') ?? [];
  const groups = { ...GROUPS, keys: Object.fromEntries(ring.map(({ name }) => [name, []])) };
  return Object.entries(OPTION_ROWS)
    .flatMap(([name, row]): [string, unknown][] =>
      name in groups
        ? Object.entries(groups[name as keyof typeof groups] ?? {}).map(([member, inner]) => [
            `${name}.${member}`,
            inner[1],
          ])
        : [[name, (row as readonly unknown[])[1]]],
    )
    .map(([name, value]) => [
      name,
      value === undefined || typeof value === 'function'
        ? (documented.get(name) ?? '')
        : literal(value),
    ]);
}

/** The `@default` of each option. */
function documentedDefaults(): Map<string, string> {
  const files = ['token', 'location', 'cookie', 'csrf', 'login', 'key', 'blocklist', 'response'];
  const interfaces = [...files, 'jwt-extended'].flatMap((name) => [
    ...membersOf(`${name}-options.ts`),
  ]);
  const prefixes = {
    CookieOptions: 'cookies.',
    CsrfOptions: 'csrf.',
    BlocklistOptions: 'blocklist.',
    RotationOptions: 'rotation.',
    SessionOptions: 'sessions.',
    LoginOptions: 'login.',
  };
  return new Map(
    interfaces.flatMap(([type, members]) =>
      members.flatMap(({ name, documented }): [string, string][] => {
        const prefix = type in prefixes ? prefixes[type as keyof typeof prefixes] : '';
        return documented === undefined ? [] : [[`${prefix}${name}`, plain(documented)]];
      }),
    ),
  );
}

/** The members of each interface in a file of options, in order. */
function membersOf(file: string) {
  const path = join(root, 'src/options', file);
  const text = readFileSync(path, 'utf8');
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return new Map(
    statements.filter(ts.isInterfaceDeclaration).map(({ name: type, members }) => [
      type.text,
      members.map((member) => ({
        name: member.name?.getText() ?? '',
        documented: ts
          .getJSDocTags(member)
          .filter(({ tagName }) => tagName.text === 'default')
          .map(({ comment }) => ts.getTextOfJSDocComment(comment))[0],
      })),
    ]),
  );
}

/** The answer of a module with default options to an error, and the callback that could replace it. */
async function answered(error: TokenError) {
  const { status, body } = await new Refusals(resolveOptions({}), new Outages()).answer(
    error,
    undefined,
  );
  const text = literal(body).replace("'reason'", 'reason');
  return [error.constructor.name, error.code, String(status), text, await callbackFor(error)];
}

async function callbackFor(error: TokenError): Promise<string> {
  const responses = Object.fromEntries(
    columns('`responses.`').map(([name]) => [name, () => ({ status: 418, body: name })]),
  );
  const { body } = await new Refusals(resolveOptions({ responses }), new Outages()).answer(
    error,
    undefined,
  );
  return String(body);
}

/** A value as TypeScript source. */
function literal(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner)}`);
    return members.length > 0 ? `{ ${members.join(', ')} }` : '{}';
  }
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function sorted<T>(rows: readonly T[]): T[] {
  return [...rows].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}
