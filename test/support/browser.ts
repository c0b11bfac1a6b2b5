import type { Answer, RunningApp, Sent } from './app.js';

/** The part of a browser that these tests need: it keeps cookies by name and sends them to the paths that they are for. */
export class Browser {
  readonly #jar = new Map<string, { readonly value: string; readonly path: string }>();

  constructor(private readonly app: RunningApp) {}

  cookie(name: string): string | undefined {
    return this.#jar.get(name)?.value;
  }

  /** The sorted names of its cookies. */
  get cookies(): readonly string[] {
    return [...this.#jar.keys()].sort();
  }

  keep(name: string, value: string): void {
    this.#jar.set(name, { value, path: '/' });
  }

  forget(...names: readonly string[]): void {
    for (const name of names) this.#jar.delete(name);
  }

  /** @param csrf - the name of the cookie whose value is sent in the CSRF header */
  async send(
    method: string,
    path: string,
    { csrf, headers, ...sent }: Sent & { csrf?: string } = {},
  ): Promise<Answer> {
    const cookie = [...this.#jar]
      .filter(([, { path: cookiePath }]) => covers(cookiePath, path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const presented = csrf === undefined ? undefined : this.cookie(csrf);
    const answer = await this.app.send(method, path, {
      ...sent,
      headers: {
        ...(cookie !== '' && { cookie }),
        ...(presented !== undefined && { 'x-csrf-token': presented }),
        ...headers,
      },
    });
    for (const line of answer.cookies) this.#take(line);
    return answer;
  }

  /** Called for the lines in order, because the last line for a cookie counts (RFC 6265 section 5.3). */
  #take(line: string): void {
    const [pair = ''] = line.split(';', 1);
    const name = pair.slice(0, pair.indexOf('='));
    if (/; Max-Age=0(?:;|$)/.test(line)) this.#jar.delete(name);
    else {
      const path = /; Path=([^;]*)/.exec(line)?.[1] ?? '/';
      this.#jar.set(name, { value: pair.slice(name.length + 1), path });
    }
  }
}

/** RFC 6265 section 5.1.4. */
function covers(cookiePath: string, path: string): boolean {
  const base = cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`;
  return path === cookiePath || path.startsWith(base);
}
