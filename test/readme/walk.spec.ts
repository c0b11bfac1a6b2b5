import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { blocksIn, compileSample, Sample, type Step, stepsOf } from '../support/readme.js';

const SECRET = 'q8Jr2xVn6LwTz4YbD1kPcH9mGsF3eUoA7iXWtRhK';
const ALICE = { username: 'alice', password: 'wonderland' };

// Other processes are started and passwords hashed: what takes a second takes several on a busy machine.
jest.setTimeout(60_000);

beforeAll(compileSample);

describe('The quick start, started without a setting', () => {
  let sample: Sample;

  beforeAll(async () => {
    await requireFreePort(3000);
    sample = await Sample.start({ PORT: undefined, JWT_SECRET: undefined });
  });
  afterAll(() => sample?.stop());

  it('answers every command of the README word for word', async () => {
    const steps = blocksIn('console').flatMap(stepsOf);

    const answered = await runInBash(steps.map(({ command }) => command));

    expect(steps.filter(({ output }) => output !== '').length).toBeGreaterThanOrEqual(8);
    expect(answered).toEqual(steps);
  });

  it('says that it made a secret for this run, and keeps it to itself', async () => {
    expect(sample.log()).toContain('JWT_SECRET is not set: a secret was generated for this run');
    expect(sample.log()).not.toMatch(/[\w-]{60}/);
  });
});

describe('The quick start, with PORT and JWT_SECRET', () => {
  let sample: Sample;

  beforeAll(async () => {
    sample = await Sample.start({ PORT: String(await freePort()), JWT_SECRET: SECRET });
  });
  afterAll(() => sample?.stop());

  it('listens on that port, signs with that secret, and makes none', async () => {
    const login = await sample.post('/login', JSON.stringify(ALICE));

    const { access_token: token } = (await login.json()) as { access_token: string };
    const [header, payload, signature] = token.split('.');
    const expected = createHmac('sha256', SECRET).update(`${header}.${payload}`);
    expect(login.status).toBe(200);
    expect(signature).toBe(expected.digest('base64url'));
    expect(sample.log()).not.toContain('JWT_SECRET is not set');
  });

  it('makes a fresh pair at login, which no cache may keep', async () => {
    const login = await sample.post('/login', JSON.stringify(ALICE));

    const pair = (await login.json()) as Record<string, string>;
    expect(Object.keys(pair)).toEqual(['access_token', 'refresh_token']);
    expect(login.headers.get('cache-control')).toBe('no-store');
    expect(await get('/protected-fresh', pair['access_token'])).toEqual({
      status: 200,
      body: { logged_in_as: 'alice', fresh: true },
    });
  });

  it('knows the user and the roles of a token, and nobody without one', async () => {
    const login = await sample.post('/login', JSON.stringify(ALICE));

    const { access_token: token } = (await login.json()) as { access_token: string };
    expect(await get('/me', token)).toEqual({
      status: 200,
      body: { username: 'alice', name: 'Alice Liddell', roles: ['admin'] },
    });
    expect(await get('/optional', token)).toEqual({ status: 200, body: { logged_in_as: 'alice' } });
    expect(await get('/optional')).toEqual({ status: 200, body: { logged_in_as: 'anonymous' } });
  });

  it.each([
    ['a wrong password', '{"username":"alice","password":"looking-glass"}'],
    ['an unknown user', '{"username":"mallory","password":"wonderland"}'],
    ['empty strings', '{"username":"","password":""}'],
    ['a name of every object', '{"username":"__proto__","password":"wonderland"}'],
  ])('refuses %s in the same words', async (_what, body) => {
    for (const path of ['/login', '/fresh-login']) {
      const answer = await sample.post(path, body);

      expect({ status: answer.status, body: await answer.json() }).toEqual({
        status: 401,
        body: { msg: 'Bad username or password' },
      });
    }
  });

  it.each([
    ['nothing at all', undefined],
    ['an empty object', '{}'],
    ['an array', '["alice","wonderland"]'],
    ['a missing password', '{"username":"alice"}'],
    ['null for both', '{"username":null,"password":null}'],
    ['numbers', '{"username":1,"password":2}'],
    ['an array and an object', '{"username":["alice"],"password":{"$ne":""}}'],
  ])('refuses a body of %s, and says what it takes', async (_what, body) => {
    for (const path of ['/login', '/fresh-login']) {
      const answer = await sample.post(path, body);

      expect({ status: answer.status, body: await answer.json() }).toEqual({
        status: 400,
        body: { msg: 'Send username and password as strings in a JSON body' },
      });
    }
  });

  it.each([
    ['null', 'null'],
    ['a number', '5'],
    ['a string', '"alice"'],
    ['half of an object', '{"username":'],
  ])('refuses a body of %s as no JSON object', async (_what, body) => {
    const answer = await sample.post('/login', body);

    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 400,
      body: { statusCode: 400, error: 'Bad Request', message: expect.stringMatching(/JSON/) },
    });
  });

  it('refuses a body of text', async () => {
    const answer = await sample.post('/login', 'alice:wonderland', 'text/plain');

    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 400,
      body: { msg: 'Send username and password as strings in a JSON body' },
    });
  });

  it('takes as long over an unknown user as over a wrong password', async () => {
    const spent = { alice: Infinity, mallory: Infinity };
    for (let round = 0; round < 3; round += 1) {
      for (const username of ['alice', 'mallory'] as const) {
        const start = performance.now();
        await sample.post('/login', JSON.stringify({ username, password: 'looking-glass' }));
        spent[username] = Math.min(spent[username], performance.now() - start);
      }
    }

    expect(spent.mallory / spent.alice).toBeGreaterThan(0.5);
  });

  async function get(path: string, token?: string) {
    const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
    const answer = await fetch(sample.url + path, { headers });
    return { status: answer.status, body: await answer.json() };
  }
});

/** One shell for all, since tokens are kept in its variables. What a command prints ends with a line of our own. */
async function runInBash(commands: readonly string[]): Promise<readonly Step[]> {
  const END = '-- end of a command --';
  const script = commands.map((command) => `${command}\nprintf '\\n%s\\n' '${END}'\n`).join('');
  // No proxy and no .curlrc stands between the reader and localhost.
  const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { env });
  expect(stderr).toBe('');
  const outputs = stdout.split(`\n${END}\n`);
  return commands.map((command, at) => ({ command, output: outputs[at]!.replace(/\n$/, '') }));
}

async function requireFreePort(port: number): Promise<void> {
  await portOf(port).catch((cause: unknown) => {
    throw new Error(`The README's walk needs port ${port}, and something is listening there`, {
      cause,
    });
  });
}

function freePort(): Promise<number> {
  return portOf(0);
}

/** The port that could be listened on, free again. */
async function portOf(wanted: number): Promise<number> {
  const server = createServer().listen(wanted);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : wanted;
}
