import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFolder } from '../support/command.js';
import { freePort, requireFreePort } from '../support/ports.js';
import { type Block, blocksIn, root, type Step, stepsOf } from '../support/readme.js';
import { compileSample, Sample } from '../support/sample.js';
import { Shell } from '../support/shell.js';

const SECRET = 'q8Jr2xVn6LwTz4YbD1kPcH9mGsF3eUoA7iXWtRhK';
const ALICE = { username: 'alice', password: 'wonderland' };

const DEMO = 'Try it';
const QUICK_START = 'Quick start';
const SESSIONS = ['Log out everywhere', 'Rotate refresh tokens', 'Watch what happens'];
const ROTATION = 'Rotate a key without logging anybody out';
const UNSET = {
  PORT: undefined,
  JWT_SECRET: undefined,
  KEY_FOLDER: undefined,
  SQLITE_FILE: undefined,
  DATA_FOLDER: undefined,
  LISTEN_ON: undefined,
  REDIS_URL: undefined,
  DATABASE_URL: undefined,
};
const KEYS = join(root, 'sample/02-key-rotation/keys');
const SESSION_FILES = ['', '-shm', '-wal'].map((end) =>
  join(root, `sample/03-sessions/sessions.db${end}`),
);

beforeAll(() =>
  Promise.all([
    compileSample('start'),
    compileSample('start:quickstart'),
    compileSample('start:key-rotation'),
    compileSample('start:sessions'),
  ]),
);

describe('The walks of the README', () => {
  it('are all tested', () => {
    const sections = blocksIn('console').map(({ section }) => section);

    expect(sections).toEqual([DEMO, QUICK_START, ROTATION, ROTATION, ...SESSIONS]);
  });
});

describe.each([
  ['demo', 'start', DEMO, 4, 'Application is running on: http://localhost:3000'],
  ['quick start', 'start:quickstart', QUICK_START, 7, 'a secret was generated for this run'],
] as const)('The %s, started without a setting', (_name, script, section, answers, line) => {
  let sample: Sample;

  beforeAll(async () => {
    await requireFreePort(3000);
    sample = await Sample.start(script, UNSET);
  });
  afterAll(() => sample?.stop());

  it('answers every command of its page word for word', async () => {
    const steps = consoleOf(section).flatMap(stepsOf);

    const answered = await runInShell(steps);

    expect(steps.filter(({ output }) => output !== '').length).toBeGreaterThanOrEqual(answers);
    expect(answered).toEqual(steps);
  });

  it('says where it listens or how it signs, and shows no secret', () => {
    expect(sample.log()).toContain(line);
    expect(sample.log()).not.toMatch(/[\w-]{60}/);
  });
});

describe('The sessions', () => {
  let sample: Sample;

  beforeAll(async () => {
    await requireFreePort(3000);
    removeSessions();
    sample = await Sample.start('start:sessions', UNSET);
  });
  afterAll(async () => {
    await sample?.stop();
    removeSessions();
  });

  it('answer every command of the README word for word, one section after the other', async () => {
    const steps = SESSIONS.flatMap(consoleOf).flatMap(stepsOf);

    const answered = await runInShell(steps);

    expect(steps.filter(({ output }) => output !== '').length).toBeGreaterThanOrEqual(9);
    expect(answered).toEqual(steps);
  });

  it('are kept in a file, and the log shows no token', () => {
    expect(existsSync(SESSION_FILES[0]!)).toBe(true);
    expect(sample.log()).not.toMatch(/ERROR|[\w-]{60}/);
  });

  function removeSessions() {
    for (const file of SESSION_FILES) rmSync(file, { force: true });
  }
});

describe('The rotation of a key', () => {
  let sample: Sample | undefined;

  beforeAll(async () => {
    await requireFreePort(3000);
    rmSync(KEYS, { recursive: true, force: true });
  });
  afterAll(async () => {
    await sample?.stop();
    rmSync(KEYS, { recursive: true, force: true });
  });

  it('answers every command of the README word for word', async () => {
    const [first = [], second = []] = consoleOf(ROTATION).map(stepsOf);
    const preparations = first.slice(0, -1);

    const prepared = await runInShell(preparations);
    // The library and the sample are already built. The command runs on in its own terminal and prints there.
    expect(first.at(-1)).toEqual({ command: 'npm run start:key-rotation', output: '' });
    const server = await Sample.start('start:key-rotation', UNSET);
    sample = server;
    let heard = server.log().length;
    const answered = await runInShell(second, async ({ command }) => {
      // A test can type the next command before the signal has arrived, so it waits for the sample.
      if (!command.startsWith('kill -HUP')) return;
      await server.says(/The key that signs is .*\n/, heard);
      heard = server.log().length;
    });

    expect(second.filter(({ output }) => output !== '').length).toBeGreaterThanOrEqual(7);
    expect([...prepared, ...answered]).toEqual([...preparations, ...second]);
  });

  it('says which key signs without showing a key', () => {
    expect(sample?.log()).toContain('The key that signs is 2026-12');
    expect(sample?.log()).not.toMatch(/[\w-]{40}/);
  });
});

describe('The sample of key rotation, with PORT and KEY_FOLDER', () => {
  const keys = new CommandFolder();
  let sample: Sample | undefined;
  let token: string;

  beforeAll(async () => {
    makeKey('one');
    keys.write('current', 'one\n');
    const PORT = String(await freePort());
    sample = await Sample.start('start:key-rotation', { PORT, KEY_FOLDER: keys.path });
    const login = await sample.post('/login', JSON.stringify(ALICE));
    ({ access_token: token = '' } = (await login.json()) as { access_token?: string });
  });
  afterAll(async () => {
    await sample?.stop();
    keys.remove();
  });

  it('has tokens that a service with its public key accepts, and no others', async () => {
    const JWT_PUBLIC_KEY = keys.read('jwt-one.public.jwk.json');
    const variables = { PORT: '0', APP: 'verifier', JWT_PUBLIC_KEY };
    const verifier = await Sample.start('start:key-rotation', variables);
    const ask = async (bearer: string) => {
      const headers = { authorization: `Bearer ${bearer}` };
      const answer = await fetch(`${verifier.url}/orders`, { headers });
      return { status: answer.status, body: await answer.json() };
    };
    const [header, payload] = token.split('.');

    expect(await ask(token)).toEqual({ status: 200, body: { ordered_by: 'alice' } });
    expect(await ask(`${header}.${payload}.${'A'.repeat(86)}`)).toMatchObject({ status: 422 });
    await verifier.stop();
  });

  it.each([
    ['names a key that is not there', () => keys.write('current', 'two\n')],
    [
      'holds an incomplete file',
      () => {
        makeKey('half');
        const name = 'jwt-half.private.jwk.json';
        keys.write(name, keys.read(name).slice(0, -40));
        keys.write('current', 'half\n');
      },
    ],
    [
      'has another key under the same id',
      () => {
        for (const half of ['private', 'public']) {
          const name = `jwt-half.${half}.jwk.json`;
          keys.write(`jwt-one.${half}.jwk.json`, keys.read(name));
        }
        keys.write('current', 'one\n');
      },
    ],
  ])('keeps its keys if the folder %s and shows no key', async (_what, spoil) => {
    const before = sample?.log().length ?? 0;
    spoil();

    sample?.signal('SIGHUP');
    await sample?.says(/The keys are left as they are: /, before);

    expect(sample?.log()).not.toMatch(/[\w-]{40}/);
    const answer = await fetch(`${sample?.url}/protected`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 200,
      body: { logged_in_as: 'alice', key: 'one' },
    });
  });

  it.each([
    ['a wrong password', '{"username":"alice","password":"looking-glass"}'],
    ['an unknown user', '{"username":"mallory","password":"wonderland"}'],
    ['credentials that are not text', '{"username":["alice"],"password":{"$ne":""}}'],
    ['nothing', undefined],
  ])('refuses %s', async (_what, body) => {
    const answer = await sample?.post('/login', body);

    expect({ status: answer?.status, body: await answer?.json() }).toEqual({
      status: 401,
      body: { msg: 'Bad username or password' },
    });
  });

  it('has a file with its process id while it runs', async () => {
    expect(keys.read('pid')).toBe(`${sample?.pid}\n`);

    await sample?.stop();
    sample = undefined;

    expect(keys.files()).not.toContain('pid');
  });

  function makeKey(kid: string) {
    keys.run('keygen', '--alg', 'ES256', '--kid', kid, '--format', 'jwk');
  }
});

describe('The quick start, with PORT and JWT_SECRET', () => {
  let sample: Sample;

  beforeAll(async () => {
    const PORT = String(await freePort());
    sample = await Sample.start('start:quickstart', { PORT, JWT_SECRET: SECRET });
  });
  afterAll(() => sample?.stop());

  it('listens on that port and signs with that secret', async () => {
    const login = await sample.post('/login', JSON.stringify(ALICE));

    const { access_token: token } = (await login.json()) as { access_token: string };
    const [header, payload, signature] = token.split('.');
    const expected = createHmac('sha256', SECRET).update(`${header}.${payload}`);
    expect(login.status).toBe(200);
    expect(signature).toBe(expected.digest('base64url'));
    expect(sample.log()).not.toContain('JWT_SECRET is not set');
  });

  it('returns a fresh pair at login and forbids caching', async () => {
    const login = await sample.post('/login', JSON.stringify(ALICE));

    const pair = (await login.json()) as Record<string, string>;
    expect(Object.keys(pair)).toEqual(['access_token', 'refresh_token']);
    expect(login.headers.get('cache-control')).toBe('no-store');
    expect(await get('/protected-fresh', pair['access_token'])).toEqual({
      status: 200,
      body: { logged_in_as: 'alice', fresh: true },
    });
  });

  it('returns the user and the roles of a token and refuses a request without one', async () => {
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
    ['a name that every object inherits', '{"username":"__proto__","password":"wonderland"}'],
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
  ])('refuses a body of %s and says what it expects', async (_what, body) => {
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
  ])('refuses a body of %s because it is not a JSON object', async (_what, body) => {
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

  it('takes as long for an unknown user as for a wrong password', async () => {
    const spent = { alice: Infinity, mallory: Infinity };
    const isAlike = () => spent.mallory / spent.alice > 0.5;
    // Compares the shortest of several times, because other processes may slow down some of them.
    for (let round = 0; round < 30 && !isAlike(); round += 1) {
      for (const username of ['alice', 'mallory'] as const) {
        const start = performance.now();
        await sample.post('/login', JSON.stringify({ username, password: 'looking-glass' }));
        spent[username] = Math.min(spent[username], performance.now() - start);
      }
    }

    expect(isAlike()).toBe(true);
  });

  async function get(path: string, token?: string) {
    const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
    const answer = await fetch(sample.url + path, { headers });
    return { status: answer.status, body: await answer.json() };
  }
});

/** Runs all commands in one shell, because its variables hold the tokens. */
async function runInShell(
  steps: readonly Step[],
  after: (step: Step) => unknown = () => {},
): Promise<readonly Step[]> {
  const shell = new Shell();
  const answered: Step[] = [];
  for (const step of steps) {
    answered.push(await shell.run(step.command));
    await after(step);
  }
  expect(await shell.exit()).toBe('');
  return answered;
}

function consoleOf(section: string): readonly Block[] {
  return blocksIn('console').filter((block) => block.section === section);
}
