import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { decodeProtectedHeader } from 'jose';
import { dirname } from 'node:path';
import {
  COMPILERS,
  packLibrary,
  ScratchApp,
  type Flavour,
  type RunningApp,
} from './scratch-app.js';

const flavours: Flavour[] = [
  { nest: 11, format: 'CommonJS' },
  { nest: 11, format: 'ESM', nodeTypes: 'latest' },
  { nest: 12, format: 'CommonJS', nodeTypes: '^20.19.0' },
  { nest: 12, format: 'ESM' },
];

let tarball: string;
beforeAll(async () => {
  tarball = await packLibrary();
});
afterAll(() => {
  if (tarball) rmSync(dirname(tarball), { recursive: true });
});

describe.each(flavours)('A Nest $nest application in $format', (flavour) => {
  let app: ScratchApp;
  let complaints: string;
  beforeAll(async () => {
    app = new ScratchApp(flavour, tarball);
    await app.install();
    complaints = await app.build();
  });
  afterAll(() => app?.remove());

  it('compiles against the declarations', () => {
    expect(complaints).toBe('');
  });

  if (flavour.nodeTypes === undefined) {
    it('passes its own tests with Jest or Vitest, as the Nest CLI sets them up', async () => {
      expect(await app.runTests()).toMatch(
        /Tests: +(\d+) passed, \1 total|Tests +(\d+) passed \(\2\)/,
      );
    });
  } else {
    it.each(COMPILERS)('compiles the type tests with TypeScript %s', async (version) => {
      expect(await app.check(version)).toBe('');
    });
  }

  it('makes a key with the command that comes with the package', async () => {
    const env = await app.command('keygen', '--alg', 'EdDSA', '--kid', '2026-11', '--print');

    expect(env).toMatch(
      /^JWT_ALGORITHM=EdDSA\nJWT_PRIVATE_KEY=".+"\nJWT_PUBLIC_KEY=".+"\nJWT_KEY_ID=2026-11\n$/,
    );
  });

  it('logs what is wrong if it is set up wrongly', async () => {
    const logs = await app.brokenLogs();
    const isOther = (says: string, log: string) => (says ? !log.includes(says) : log !== '');
    expect(logs.filter(({ says, log }) => isOther(says, log))).toEqual([]);
    expect(logs.length).toBeGreaterThan(50);
  });

  describe.each([
    ['express', 'HS256'],
    ['fastify', 'EdDSA'],
  ])('on %s, signing with %s', (adapter, algorithm) => {
    let server: RunningApp;
    beforeAll(async () => {
      server = await app.start(adapter, algorithm);
    });
    afterAll(() => server?.stop());

    it('lets the bearer of an access token in', async () => {
      const { accessToken } = await logIn(server);
      expect(decodeProtectedHeader(accessToken).alg).toBe(algorithm);

      const answer = await server.request('GET', '/me', bearer(accessToken));

      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ identity: 'ada', roles: ['admin'] });
    });

    it('refuses a request without a token', async () => {
      const answer = await server.request('GET', '/me');

      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ msg: 'Missing Authorization Header' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    });

    it('requires claims, scopes and parameters, and takes a key in the place of a token', async () => {
      const { accessToken } = await logIn(server);
      const answers = async (path: string, headers?: Record<string, string>) => {
        const { status, body } = await server.request('GET', path, headers);
        return { status, body };
      };

      expect(await answers('/reports/bob', bearer(accessToken))).toEqual({
        status: 200,
        body: { owner: 'bob', reader: 'ada' },
      });
      expect(await answers('/reports/bob', { 'x-api-key': 'good' })).toEqual({
        status: 200,
        body: { owner: 'bob', reader: 'key' },
      });
      expect(await answers('/reports/bob')).toMatchObject({ status: 401 });
      expect(await answers('/drafts/ada', bearer(accessToken))).toMatchObject({ status: 200 });
      expect(await answers('/drafts/bob', bearer(accessToken))).toEqual({
        status: 403,
        body: { msg: 'Missing required claim(s)' },
      });
    });

    it('gives an access token that is not fresh for a refresh token', async () => {
      const { accessToken, refreshToken } = await logIn(server);

      const refreshed = await server.request('POST', '/refresh', bearer(refreshToken));
      const token = refreshed.body.access_token;

      expect((await server.request('GET', '/me', bearer(token))).status).toBe(200);
      expect(await server.request('POST', '/password', bearer(token))).toMatchObject({
        status: 401,
        body: { msg: 'Fresh token required' },
      });
      expect((await server.request('POST', '/password', bearer(accessToken))).status).toBe(201);
      expect(await server.request('POST', '/refresh', bearer(accessToken))).toMatchObject({
        status: 422,
        body: { msg: 'Only refresh tokens are allowed' },
      });
    });

    it('sets cookies and protects them against forged requests', async () => {
      const { headers } = await server.request('POST', '/cookies');
      const [token = '', csrf = ''] = headers.getSetCookie();
      const cookie = [token, csrf].map((line) => line.split(';')[0]).join('; ');

      expect(token).toMatch(/^access_token_cookie=.+HttpOnly/);
      expect(csrf).toMatch(/^csrf_access_token=/);
      expect(await server.request('POST', '/note', { cookie })).toMatchObject({
        status: 401,
        body: { msg: 'Missing CSRF token' },
      });
      const value = /^csrf_access_token=([^;]+)/.exec(csrf)?.[1] ?? '';
      expect(
        await server.request('POST', '/note', { cookie, 'x-csrf-token': value }),
      ).toMatchObject({
        status: 201,
        body: { location: 'cookies' },
      });
    });

    it('refuses a token that was revoked', async () => {
      const { accessToken } = await logIn(server);

      expect((await server.request('POST', '/logout', bearer(accessToken))).status).toBe(201);
      expect(await server.request('GET', '/me', bearer(accessToken))).toMatchObject({
        status: 401,
        body: { msg: 'Token has been revoked' },
      });
    });
  });
});

async function logIn(server: RunningApp): Promise<{ accessToken: string; refreshToken: string }> {
  return (await server.request('POST', '/login')).body;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
