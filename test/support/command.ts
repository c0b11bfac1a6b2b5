import { execFile } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/keygen.js';
import { root } from './readme.js';

/** The result of a command. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder in which a command runs; it starts empty. */
export class CommandFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'keygen-')));

  /** Runs the command here, in this process. */
  run(...words: string[]): Outcome {
    let [out, err] = ['', ''];
    const code = run(words, {
      folder: this.path,
      write: (text) => (out += text),
      warn: (text) => (err += text),
    });
    return { code, out, err };
  }

  /** Runs the built command here, in a process of its own. */
  spawn(...words: string[]): Promise<Outcome> {
    const command = join(root, 'dist/esm/cli.js');
    return new Promise((resolve) => {
      execFile(process.execPath, [command, ...words], { cwd: this.path }, (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, out, err });
      });
    });
  }

  files(): string[] {
    return readdirSync(this.path).sort();
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** The permissions of a file, as `chmod` writes them. */
  modeOf(name: string): string {
    return (statSync(join(this.path, name)).mode & 0o777).toString(8);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
