// `npm run build`: everything that ships. It compiles without checking the types of src: `npm run types` does that.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { bundle } from './bundle.js';
import { rollUpDeclarations } from './declarations.js';

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist/cjs', { recursive: true });
// The package is ESM: this tells Node and TypeScript that its other half is not.
const manifest = { type: 'commonjs', sideEffects: false };
writeFileSync('dist/cjs/package.json', `${JSON.stringify(manifest, null, 2)}\n`);
await Promise.all([bundle(), rollUpDeclarations()]);
