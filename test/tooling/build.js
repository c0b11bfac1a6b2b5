// `npm run build`: everything that ships. It compiles without checking the types of src: `npm run types` does that.
// With `--no-declarations` it makes what runs, and takes seconds: for the demo, which starts right after `npm ci`.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { bundle } from './bundle.js';
import { SCHEMATIC_FILES } from './entries.js';

rmSync('dist', { recursive: true, force: true });
// The package is ESM: this tells Node and TypeScript what of it is not. The Nest CLI loads schematics as CommonJS.
const manifest = { type: 'commonjs', sideEffects: false };
for (const folder of ['dist/cjs', 'dist/schematics']) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
}
for (const name of SCHEMATIC_FILES) cpSync(`src/schematics/${name}`, `dist/schematics/${name}`);
await Promise.all([bundle(), declare()]);

async function declare() {
  if (process.argv.includes('--no-declarations')) return;
  const { rollUpDeclarations } = await import('./declarations.js');
  await rollUpDeclarations();
}
