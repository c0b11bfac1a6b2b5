// Bundles src into dist/esm and dist/cjs. It compiles without checking types: `npm run types` does that.
import { decode, encode } from '@jridgewell/sourcemap-codec';
import * as esbuild from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { ENTRIES } from './entries.js';

/** Holds everything that can be reached from the root entry. All entries of one format import it, so they share its classes. */
const SHARED = 'library';

const common = {
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  // With the sources in it a map would be as large as all code of its format. Stack traces need only file and line.
  sourcesContent: false,
  logLevel: 'warning',
};
const bundled = {
  ...common,
  bundle: true,
  format: 'esm',
  outdir: 'dist/esm',
  packages: 'external',
  // Of tslib come two small functions: they are copied in.
  alias: { tslib: './node_modules/tslib/tslib.es6.mjs' },
  plugins: [typescript()],
  metafile: true,
};

export async function bundle() {
  const paths = Object.entries(ENTRIES).map(([name, module]) => [name, `src/${module}`]);
  const entryPoints = Object.fromEntries(paths);
  const outputs = [
    await esbuild.build({ ...bundled, entryPoints, splitting: true, chunkNames: SHARED }),
    await esbuild.build({ ...bundled, entryPoints: { cli: 'src/cli/main.ts' } }),
    await esbuild.build({
      ...bundled,
      entryPoints: ['src/schematics/nest-add.ts'],
      format: 'cjs',
      outdir: 'dist/schematics',
      sourcemap: false,
    }),
    await esbuild.build({
      ...common,
      entryPoints: [SHARED, ...Object.keys(ENTRIES)].map((name) => `dist/esm/${name}.js`),
      format: 'cjs',
      outdir: 'dist/cjs',
      // `import()` of a package becomes a `require` at the same moment: Jest's CommonJS mode has no `import()`.
      supported: { 'dynamic-import': false },
      metafile: true,
    }),
  ].flatMap(({ metafile }) => Object.keys(metafile.outputs));
  outputs.filter((file) => file.endsWith('.map')).forEach(keepLines);
  outputs.filter((file) => file.endsWith('.js')).forEach(dropFileNames);
}

/**
 * TypeScript compiles each file, as for the tests and for the declarations: esbuild would put private members of a
 * class with decorators into a WeakMap, which is slower.
 */
function typescript() {
  const { config } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const compilerOptions = {
    ...options,
    module: ts.ModuleKind.ES2022,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    importHelpers: true,
    inlineSourceMap: true,
    removeComments: true,
  };
  const root = resolve('src', ENTRIES.index);
  const others = Object.values(ENTRIES)
    .map((module) => resolve('src', module))
    .filter((path) => path !== root);
  return {
    name: 'typescript',
    setup(build) {
      build.onResolve({ filter: /./ }, ({ kind, path }) => {
        if (path === 'nestjs-jwt-extended') return { path: root, sideEffects: true };
        return kind === 'entry-point' ? { path: resolve(path), sideEffects: true } : undefined;
      });
      build.onLoad({ filter: /\.ts$/ }, ({ path: fileName }) => {
        // What several entries reach becomes one shared file, and only one if all of them reach the same.
        const first = others.includes(fileName) ? "import 'nestjs-jwt-extended';" : '';
        const source = first + readFileSync(fileName, 'utf8');
        const { outputText } = ts.transpileModule(source, { compilerOptions, fileName });
        return { contents: withoutInnerNames(outputText) };
      });
    },
  };
}

/**
 * TypeScript writes a class with decorators as `let Guard = class Guard {`, which the bundle would change to
 * `class Guard2 {`. Without its inner name the class is called by the outer one. A class that mentions itself does so by
 * the name `Guard_1`.
 */
function withoutInnerNames(text) {
  return text.replace(
    /^( *let (\w+) =)( \w+_1 =)? class \2\b(.*)$/gm,
    (_, start, name, alias, rest) =>
      `${start} class${rest}${alias === undefined ? '' : ` static { ${name}_1 = this; }`}`,
  );
}

/** Keeps the lines of a source map and drops the columns, which make up six sevenths of its size. */
function keepLines(file) {
  const map = JSON.parse(readFileSync(join(file), 'utf8'));
  const lines = decode(map.mappings).map((segments) => {
    const [first] = segments.filter((segment) => segment.length > 1);
    return first ? [[0, first[1], first[2], 0]] : [];
  });
  writeFileSync(file, JSON.stringify({ ...map, names: [], mappings: encode(lines) }));
}

/** Empties the lines in which esbuild names the file that the next ones come from: the source map names it. */
function dropFileNames(file) {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^\/\/ \S+\.(?:ts|mjs|js)$/gm, ''));
}
