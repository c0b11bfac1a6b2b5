// `npm run build`: everything that ships. It compiles without checking the types of src: `npm run types` does that.
// With `--no-declarations` it makes what runs, and takes seconds: for the demo, which starts right after `npm ci`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { bundle } from './bundle.js';

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist/cjs', { recursive: true });
// The package is ESM: this tells Node and TypeScript that its other half is not.
const manifest = { type: 'commonjs', sideEffects: false };
writeFileSync('dist/cjs/package.json', `${JSON.stringify(manifest, null, 2)}\n`);
await Promise.all([bundle(), declare()]);

async function declare() {
  if (process.argv.includes('--no-declarations')) return;
  const { rollUpDeclarations } = await import('./declarations.js');
  await rollUpDeclarations();
}
