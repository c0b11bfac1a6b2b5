#!/usr/bin/env node
import { run } from './keygen.js';

process.exitCode = run(process.argv.slice(2), {
  folder: process.cwd(),
  write: (text) => process.stdout.write(text),
  warn: (text) => process.stderr.write(text),
});
