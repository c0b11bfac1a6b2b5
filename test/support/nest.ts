import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './readme.js';

/** The version of NestJS that the tests run on: the newest, unless `NEST` chose another for `.ci/run`. */
export const NEST_MAJOR = Number.parseInt(
  (
    JSON.parse(readFileSync(join(root, 'node_modules/@nestjs/core/package.json'), 'utf8')) as {
      version: string;
    }
  ).version,
);

/** Methods beyond those of HTTP itself. The Fastify adapter of NestJS 11 has no routes for them. */
export function extensionMethods(...methods: readonly string[]): readonly string[] {
  return NEST_MAJOR > 11 ? methods : [];
}
