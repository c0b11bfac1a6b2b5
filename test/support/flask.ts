import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Answer, Sent } from './app.js';
import { SECRET } from './forge.js';

/** Debian's Python, which finds Debian's Flask-JWT-Extended even if another Python comes first in the path. */
const PYTHON = '/usr/bin/python3';
const SERVER = resolve(import.meta.dirname, '../interop/serve.py');
const TWIN = resolve(import.meta.dirname, '../interop/flask_app.py');

/** Flask's configuration. Without one, Flask has the secret of the tests and its default settings. */
export type FlaskConfig = Readonly<Record<`JWT_${string}`, string | readonly string[] | boolean>>;

type Python = ChildProcessByStdio<Writable, Readable, Readable>;

/** A real Flask application with the real Flask-JWT-Extended, called over HTTP. */
export class FlaskApp {
  private constructor(
    private readonly python: Python,
    readonly url: string,
  ) {}

  /** Resolves when the application answers. It is the twin of `nest-twin.ts`. */
  static start(config: FlaskConfig = { JWT_SECRET_KEY: SECRET }): Promise<FlaskApp> {
    return FlaskApp.serve(TWIN, environmentOf(config));
  }

  /** Serves the application `app` of a Python file; resolves when it answers. */
  static async serve(file: string, variables: NodeJS.ProcessEnv): Promise<FlaskApp> {
    const python = spawn(PYTHON, [SERVER, file], {
      env: { PATH: process.env.PATH, ...variables },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new FlaskApp(python, `http://127.0.0.1:${await portOf(python)}`);
  }

  async send(
    method: string,
    path: string,
    { headers = {}, body, json, token }: Sent = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? body : JSON.stringify(json),
    });
    const isJson = response.headers.get('content-type') === 'application/json';
    return {
      status: response.status,
      body: isJson ? ((await response.json()) as unknown) : await response.text(),
      headers: response.headers,
      cookies: response.headers.getSetCookie(),
    };
  }

  /** Resolves when the process has ended. */
  async close(): Promise<void> {
    const ended = once(this.python, 'exit');
    this.python.stdin.end();
    await ended;
  }
}

/** As `Config.from_prefixed_env` reads it: JSON if it parses, otherwise text. */
function environmentOf(config: FlaskConfig): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      `FLASK_${name}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

/** The first line that the application prints. */
async function portOf(python: Python): Promise<number> {
  let printed = '';
  let complaints = '';
  python.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  python.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  while (!printed.includes('\n')) {
    await Promise.race([once(python.stdout, 'data'), once(python, 'exit'), once(python, 'error')]);
    if (python.exitCode !== null || python.pid === undefined)
      throw new Error(`Flask did not start: ${complaints}`);
  }
  return Number(printed);
}
