// The package is ESM; the manifest in dist/cjs tells Node and TypeScript that what is compiled into it is not.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

const folder = 'dist/cjs';
const manifest = { type: 'commonjs', sideEffects: false };

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
