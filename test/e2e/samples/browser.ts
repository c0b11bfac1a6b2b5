import type { Sample } from '../../support/sample.js';

/** The cookies of a browser: it keeps them by name and sends each to the paths that it is for. */
export class Browser {
  readonly cookies = new Map<string, { value: string; path: string }>();

  constructor(private readonly sample: Sample) {}

  async send(
    method: string,
    path: string,
    { csrf, json }: { csrf?: string; json?: unknown } = {},
  ): Promise<{ status: number; body: unknown }> {
    const sent = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    const response = await fetch(this.sample.url + path, {
      method,
      headers: {
        cookie: sent.map(([name, { value }]) => `${name}=${value}`).join('; '),
        ...(csrf !== undefined && { 'x-csrf-token': this.cookies.get(csrf)?.value ?? '' }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      body: JSON.stringify(json),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return { status: response.status, body: await response.json() };
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /; Path=([^;]+)/.exec(line)?.[1] ?? '/';
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, { value, path });
  }
}
