import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SECRET } from '../support/forge.js';
import { freePort } from '../support/ports.js';
import { blocksIn, compiled, pageAt, PAGES, root } from '../support/readme.js';

describe('The pages', () => {
  it('fit one sitting, as for the README', () => {
    expect(Buffer.byteLength(pageAt('README.md'))).toBeLessThanOrEqual(15_000);
  });

  it.each(PAGES)('lead somewhere with each link: %s', (page) => {
    const links = [...pageAt(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
    const dead = links.filter(([, path, anchor]) => {
      const target = path ? join(dirname(page), path) : page;
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });

    expect(dead.map(([link]) => link)).toEqual([]);
  });

  it('are all linked from the README', () => {
    const [, ...guides] = PAGES;

    expect(guides.filter((page) => !pageAt('README.md').includes(`](${page})`))).toEqual([]);
  });
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): readonly string[] {
  const headings = pageAt(page).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('The application of the README', () => {
  const file = join(root, 'test/readme/dist/application.js');
  let application: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const [block] = blocksIn('ts').filter(({ page, section }) => {
      return page === 'README.md' && section === 'A complete application';
    });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, compiled(block?.text ?? ''));
    const PORT = String(await freePort());
    url = `http://127.0.0.1:${PORT}`;
    const env = { ...process.env, PORT, JWT_SECRET: SECRET, NO_COLOR: '1' };
    application = spawn(process.execPath, [file], { env, stdio: 'ignore' });
    while (!(await fetch(url).catch(() => undefined))) await setTimeout(20);
  });
  afterAll(async () => {
    const exited = once(application, 'exit');
    application.kill();
    await exited;
    rmSync(dirname(file), { recursive: true });
  });

  it('logs in, refreshes once for each token, and logs out', async () => {
    const wrong = await call('POST', '/login', { json: { username: 'alice' } });
    const login = await call('POST', '/login', {
      json: { username: 'alice', password: 'wonderland' },
    });
    const { accessToken, refreshToken } = login.body;
    const me = await call('GET', '/me', { token: accessToken });
    const crossed = await call('GET', '/me', { token: refreshToken });
    const refreshed = await call('POST', '/refresh', { token: refreshToken });
    const logout = await call('POST', '/logout', { token: refreshed.body['accessToken'] });
    const after = await call('GET', '/me', { token: accessToken });

    expect([wrong, login, crossed, refreshed].map(({ status }) => status)).toEqual([
      401, 201, 422, 201,
    ]);
    expect([me, logout, after]).toEqual([
      { status: 200, body: { username: 'alice' } },
      { status: 201, body: { msg: 'Logged out' } },
      { status: 401, body: { msg: 'Token has been revoked' } },
    ]);
  });

  async function call(
    method: string,
    path: string,
    { token, json }: { token?: string | undefined; json?: object },
  ) {
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json && { 'content-type': 'application/json' }),
      },
      ...(json && { body: JSON.stringify(json) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  }
});
