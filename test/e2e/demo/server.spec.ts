import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../../support/redis.js';
import { compileSample } from '../../support/sample.js';
import { Demo } from './demo-page.js';

const FOLDER = 'dist/server';
const ALICE = { username: 'alice', password: 'wonderland' };
const demo = new Demo(FOLDER);

beforeAll(async () => {
  await compileSample('start', FOLDER);
  await demo.start('0');
});
afterAll(() => demo.close());

describe('The server of the demo', () => {
  const post = (url: string, path: string, json: object) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(json),
    });

  it('comes with headers that allow nothing inline, no frame and no guess of a type', async () => {
    for (const path of ['/', '/page/main.js', '/protected', '/nothing-here']) {
      const { headers } = await fetch(demo.sample.url + path);

      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/,
      );
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  it.each(['/page/../main.js', '/page/..%2f..%2fsrc%2fmain.ts', '/page/constructor'])(
    'serves no other file: %s',
    async (path) => {
      expect((await fetch(demo.sample.url + path)).status).toBe(404);
    },
  );

  it('says at start what the module understood, and warns of nothing', async () => {
    const unset = { NODE_ENV: undefined, JEST_WORKER_ID: undefined };
    const started = new Demo(FOLDER, unset);
    await started.start('0');
    const lines = started.sample.log().match(/(LOG|WARN) \[JwtExtendedModule\] \w+/g);
    await started.close();

    expect(lines).toEqual(
      ['Keys', 'Locations', 'Lifetimes', 'Store', 'Routes'].map(
        (name) => `LOG [JwtExtendedModule] ${name}`,
      ),
    );
  });

  it.each<[string, () => string, RegExp]>([
    [
      'is no number',
      () => 'abc',
      /^PORT must be a number from 0 to 65535\. .+PORT=3001 npm start$/,
    ],
    ['is empty', () => '', /^PORT must be a number/],
    ['is too large', () => '65536', /^PORT must be a number/],
    [
      'is in use',
      () => new URL(demo.sample.url).port,
      /^Port \d+ is in use\. Take another: PORT=3001 npm start$/,
    ],
  ])('ends at once, with one line that tells why, if its port %s', async (_, port, reason) => {
    const other = new Demo(FOLDER);
    const ended = await other.start(port()).catch((error: Error) => error.message);
    await other.close();

    const [title, ...lines] = String(ended).trim().split('\n');
    expect(title).toBe('The sample ended with 1:');
    expect(lines.filter((line) => !line.startsWith('[Nest]'))).toEqual([
      expect.stringMatching(reason),
    ]);
  });

  it('keeps its sessions in Redis if REDIS_URL names one', async () => {
    const redis = await RedisServer.start();
    const shared = new Demo(FOLDER, { REDIS_URL: redis.url });
    await shared.start('0');
    const login = await post(shared.sample.url, '/login', ALICE);
    const { access_token: token } = (await login.json()) as { access_token: string };
    await shared.sample.stop();
    await shared.start('0');

    const devices = await fetch(`${shared.sample.url}/devices`, {
      headers: { authorization: `Bearer ${token}` },
    });

    expect(await devices.json()).toEqual([expect.objectContaining({ current: true })]);
    await shared.close();
    await redis.close();
  });

  it('lets a form of another site neither log in by cookies nor guess passwords without end', async () => {
    const form = new URLSearchParams({ ...ALICE, cookies: 'true' });
    const posted = await fetch(`${demo.sample.url}/login`, { method: 'POST', body: form });
    expect(posted.headers.getSetCookie()).toEqual([]);

    const wrong = { ...ALICE, password: 'looking-glass' };
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 31; attempt += 1)
      statuses.push((await post(demo.sample.url, '/login', wrong)).status);

    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
  });
});
