import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { publicSymbols } from './public-symbols.js';
import {
  barrelsOf,
  circleIn,
  layerOf,
  readSources,
  root,
  singleImports,
} from '../tooling/sources.js';
import { acceptedSingleImports } from './accepted-single-imports.js';

/** From the public surface down to the nouns; layers of one row do not know each other. */
const rows = [
  ['cli', 'schematics', 'passport', 'testing'],
  ['index'],
  ['module'],
  ['endpoints'],
  ['route'],
  ['token.service'],
  ['authentication'],
  ['http', 'transport', 'revocation'],
  ['tokens'],
  ['keys'],
  ['options', 'stores'],
  ['events'],
  ['common'],
  ['errors'],
  ['contracts'],
];
const rowOf = (layer: string) => rows.findIndex((row) => row.includes(layer));

const sources = readSources();
const internalImports = sources.flatMap((source) =>
  source.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => ({ from: source.path, name })),
);

describe('The source', () => {
  it('keeps every file in a layer that the design names', () => {
    const homeless = sources.filter(({ path }) => rowOf(layerOf(path)) === -1);

    expect(homeless.map(({ path }) => path)).toEqual([]);
  });

  it('imports downstream only', () => {
    const upstream = sources.flatMap(({ path, dependencies }) =>
      dependencies
        .filter((dependency) => layerOf(dependency) !== layerOf(path))
        .filter((dependency) => rowOf(layerOf(dependency)) <= rowOf(layerOf(path)))
        .map((dependency) => `${path} imports ${dependency}`),
    );

    expect(upstream).toEqual([]);
  });

  it('knows no circle, not even inside a folder', () => {
    expect(circleIn(sources)).toEqual([]);
  });

  it('imports the very file, with its extension', () => {
    const files = new Set(sources.map(({ path }) => path));
    const inexact = sources.flatMap(({ path, dependencies }) =>
      dependencies
        .filter((dependency) => !files.has(dependency))
        .map((name) => `${path} → ${name}`),
    );

    expect(inexact).toEqual([]);
    expect(internalImports.filter(({ name }) => !name.endsWith('.js'))).toEqual([]);
  });

  it('never imports itself by the name of the package', () => {
    const own = sources.filter(({ imports }) =>
      imports.some((name) => name.startsWith('nestjs-jwt-extended')),
    );

    expect(own.map(({ path }) => path)).toEqual([]);
  });

  it('has one barrel for each entry point, which names its exports', () => {
    expect(barrelsOf(sources).sort()).toEqual([
      'index.ts',
      'passport/index.ts',
      'testing/index.ts',
    ]);
    expect(sources.filter(({ exportsAll }) => exportsAll).map(({ path }) => path)).toEqual([]);
  });

  it('imports passport in the entry for passport alone', () => {
    const passportPackages = ['passport', 'passport-jwt', '@nestjs/passport'];
    const importers = sources.filter(
      ({ imports, dependencies }) =>
        imports.some((name) => passportPackages.includes(name)) ||
        dependencies.some((path) => layerOf(path) === 'passport'),
    );

    expect(importers.length).toBeGreaterThan(0);
    expect(importers.filter(({ path }) => layerOf(path) !== 'passport')).toEqual([]);
  });

  it('imports jose for remote key sets alone, and only when one is configured', () => {
    const importers = sources.filter(({ imports }) => imports.includes('jose'));
    const remote = readFileSync(`${root}/src/keys/remote-jwks.ts`, 'utf8');

    expect(importers.map(({ path }) => path)).toEqual(['keys/remote-jwks.ts']);
    expect(remote.match(/.*'jose'.*/g)).toEqual([
      expect.stringMatching(/= await import\('jose'\);$/),
    ]);
  });

  it('decides in one place whether it runs in production', () => {
    const readers = sources.filter(({ path }) =>
      readFileSync(`${root}/src/${path}`, 'utf8').includes('env.NODE_ENV'),
    );

    expect(readers.map(({ path }) => path)).toEqual(['common/environment.ts']);
  });

  it('knows no top-level await, which would break require(esm)', () => {
    expect(sources.filter(({ awaits }) => awaits).map(({ path }) => path)).toEqual([]);
  });

  it('merges a file into the only file that imports it, unless the list accepts it', () => {
    const barrels = barrelsOf(sources);
    const found = singleImports(sources)
      .filter(({ importer }) => !barrels.includes(importer))
      .map(({ imported }) => imported);

    expect(found.sort()).toEqual([...acceptedSingleImports].sort());
  });
});

describe('The public surface', () => {
  it.each(['index.ts', 'passport/index.ts', 'testing/index.ts'])(
    'explains everything it exports: %s',
    (entry) => {
      const symbols = publicSymbols(entry);

      expect(symbols.length).toBeGreaterThan(0);
      expect(symbols.filter(({ comment }) => comment === '').map(({ name }) => name)).toEqual([]);
    },
  );
});

describe('The house', () => {
  it('has nothing at its top level but what the design names', () => {
    const allowed = [
      ...['src', 'test', 'sample', 'package.json', 'package-lock.json', 'tsconfig.json'],
      ...['tsconfig.build.json', 'nest-cli.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
    ];
    const ignored = readFileSync(`${root}/.gitignore`, 'utf8')
      .split('\n')
      .map((line) => line.replace(/\/$/, ''));
    const strangers = readdirSync(root).filter(
      (name) => !name.startsWith('.') && !allowed.includes(name) && !ignored.includes(name),
    );

    expect(strangers.filter((name) => !/\.(tgz|log)$/.test(name))).toEqual([]);
  });
});
