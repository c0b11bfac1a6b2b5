import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compileSample, Sample } from '../../support/sample.js';
import { claimsOf } from '../../support/tokens.js';
import { Browser, Device, LOGGED_OUT, logIn, type Pair } from './clients.js';
import { SAMPLE_STORES, type SampleStore } from './sample-stores.js';

/** Another folder than that of the README's walk. */
const FOLDER = 'dist/e2e';
const SECRET = 'q8Jr2xVn6LwTz4YbD1kPcH9mGsF3eUoA7iXWtRhK';

let store: SampleStore;
let sample: Sample;

function start(): Promise<Sample> {
  const nowhere = { SQLITE_FILE: undefined, REDIS_URL: undefined, DATABASE_URL: undefined };
  const variables = { ...nowhere, ...store.variables, PORT: '0', JWT_SECRET: SECRET };
  return Sample.start('start:sessions', variables, FOLDER);
}

/** Devices of alice, which log in one after the other. */
async function devices<Names extends readonly string[]>(
  ...names: Names
): Promise<{ readonly [Name in keyof Names]: Device }> {
  const loggedIn = [];
  for (const name of names) loggedIn.push(await Device.login(sample, name));
  return loggedIn as never;
}

const loggedIn = (...all: readonly Device[]) =>
  Promise.all(all.map((device) => device.isLoggedIn()));
const done = (msg: string) => ({ status: 200, body: { msg } });

/** Runs the sample on a store during the tests of a block. */
function useSample(open: () => Promise<SampleStore>, isDownAtFirst = false): void {
  beforeAll(async () => {
    store = await open();
    if (isDownAtFirst) await store.server?.kill();
    sample = await start();
  });
  afterAll(async () => {
    await sample?.stop();
    await store?.close();
  });
}

beforeAll(() => compileSample('start:sessions', FOLDER));

describe.each(Object.entries(SAMPLE_STORES))('The sample of sessions on %s', (_, open) => {
  useSample(open);
  afterEach(async () => {
    const device = await Device.login(sample, 'janitor');
    await device.send('POST', '/logout/elsewhere');
    await device.send('POST', '/logout');
  });

  it('lists the devices of a user, the one refreshed last first', async () => {
    const [phone, laptop] = await devices('phone', 'laptop');
    await Device.login(sample, "Bob's phone", 'bob');
    expect(await phone.devices()).toEqual(['laptop', 'phone*']);
    expect(await laptop.devices()).toEqual(['laptop*', 'phone']);

    await phone.refresh();

    expect(await laptop.devices()).toEqual(['phone', 'laptop*']);
    expect((await phone.send('GET', '/devices')).body).toContainEqual({
      device: 'phone',
      current: true,
      id: phone.sessionId,
      loggedInAt: expect.stringMatching(/^\d{4}-.*Z$/),
      refreshedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      expiresAt: new Date(Number(claimsOf(phone.tokens.refresh_token).exp) * 1000).toISOString(),
    });
  });

  it.each<[what: string, logOut: (phone: Device, laptop: Device) => unknown, answer: object]>([
    [
      'one device of the user',
      (phone, laptop) => laptop.send('DELETE', `/devices/${phone.sessionId}`),
      { status: 204, body: undefined },
    ],
    [
      'the device that sends its access token',
      (phone) => phone.send('POST', '/logout'),
      done('Logged out'),
    ],
    [
      'the device that sends its refresh token',
      (phone) => phone.send('POST', '/logout', { token: phone.tokens.refresh_token }),
      done('Logged out'),
    ],
  ])('logs out %s', async (_what, logOut, answer) => {
    const [phone, laptop] = await devices('phone', 'laptop');
    expect(await logOut(phone, laptop)).toEqual(answer);
    expect(await phone.isLoggedIn()).toBe(false);
    expect(await laptop.devices()).toEqual(['laptop*']);
  });

  it("answers for another user's device as for an unknown one", async () => {
    const phone = await Device.login(sample, 'phone');
    const bobs = await Device.login(sample, "Bob's phone", 'bob');

    const answers = [phone.sessionId, 'nothing'].map((id) => bobs.send('DELETE', `/devices/${id}`));

    const notFound = { status: 404, body: { message: 'Not Found', statusCode: 404 } };
    expect(await Promise.all(answers)).toEqual([notFound, notFound]);
    expect(await phone.isLoggedIn()).toBe(true);
  });

  it('rotates a refresh token into the next pair of the session', async () => {
    const phone = await Device.login(sample, 'phone');
    const before = phone.tokens;

    await phone.refresh();

    expect(claimsOf(phone.tokens.refresh_token)).toMatchObject({
      sid: claimsOf(before.refresh_token).sid,
      auth_time: claimsOf(before.refresh_token).auth_time,
      type: 'refresh',
    });
    expect(phone.tokens.refresh_token).not.toBe(before.refresh_token);
    expect(await phone.devices()).toEqual(['phone*']);
  });

  it('gives parallel refreshes the same pair', async () => {
    const phone = await Device.login(sample, 'phone');
    const token = phone.tokens.refresh_token;

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => phone.send('POST', '/refresh', { token })),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => (body as Pair).refresh_token)).size).toBe(1);
  });

  it('ends the session whose refresh token is used again, and no other', async () => {
    const [phone, laptop] = await devices('phone', 'laptop');
    const stolen = phone.tokens.refresh_token;
    await phone.refresh();
    await phone.refresh();

    expect(await phone.refresh(stolen)).toEqual(LOGGED_OUT);
    expect(await phone.isLoggedIn()).toBe(false);
    expect(await laptop.devices()).toEqual(['laptop*']);
  });

  it('logs out everywhere, and in again at once', async () => {
    const [phone, laptop] = await devices('phone', 'laptop');
    const bobs = await Device.login(sample, "Bob's phone", 'bob');

    expect(await laptop.send('POST', '/logout/everywhere')).toEqual(done('Logged out everywhere'));
    expect(await loggedIn(phone, laptop, bobs)).toEqual([false, false, true]);
    const tablet = await Device.login(sample, 'tablet');
    expect(await tablet.devices()).toEqual(['tablet*']);
  });

  it('logs out everywhere else', async () => {
    const [phone, tablet, laptop] = await devices('phone', 'tablet', 'laptop');
    const answer = await laptop.send('POST', '/logout/elsewhere');
    expect(answer).toEqual(done('Logged out everywhere else'));
    expect(await loggedIn(phone, tablet)).toEqual([false, false]);
    expect(await laptop.devices()).toEqual(['laptop*']);
  });

  it('logs out all devices but the current one when the password changes', async () => {
    const phone = await Device.login(sample, 'phone', 'bob');
    const laptop = await Device.login(sample, 'laptop', 'bob');
    const before = laptop.tokens.access_token;

    const short = await laptop.send('POST', '/password', { json: { password: 'pick' } });
    const set = await laptop.send('POST', '/password', { json: { password: 'cricket-match' } });

    expect(short.status).toBe(400);
    expect(set.status).toBe(200);
    laptop.tokens = set.body as Pair;
    expect(await phone.isLoggedIn()).toBe(false);
    expect(await laptop.send('GET', '/devices', { token: before })).toEqual(LOGGED_OUT);
    expect(await laptop.devices()).toEqual(['laptop*']);
    expect((await logIn(sample, 'phone', 'bob', 'pickwick')).status).toBe(401);
    expect((await logIn(sample, 'phone', 'bob', 'cricket-match')).status).toBe(200);
  });

  it('counts security events for Prometheus', async () => {
    const before = await counts();
    const phone = await Device.login(sample, 'phone');
    const stolen = phone.tokens.refresh_token;
    await phone.refresh();
    await phone.refresh(stolen);
    await phone.refresh();
    await phone.refresh(stolen);
    await phone.send('GET', '/devices');

    const after = await counts();

    const grown = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]);
    expect(Object.fromEntries(grown.filter(([, difference]) => difference !== 0))).toEqual({
      'jwt_minted_total{type="access"}': 4,
      'jwt_minted_total{type="refresh"}': 4,
      jwt_rotated_total: 2,
      jwt_raced_total: 1,
      jwt_reused_total: 1,
      'jwt_revoked_total{level="session"}': 1,
      'jwt_refused_total{code="TOKEN_REUSED"}': 1,
      'jwt_refused_total{code="TOKEN_REVOKED"}': 1,
    });
  });

  it('keeps revocations, rotations and sessions over a restart', async () => {
    const [phone, tablet, laptop] = await devices('phone', 'tablet', 'laptop');
    const spent = laptop.tokens.refresh_token;
    await laptop.refresh();
    await laptop.refresh();
    await phone.send('POST', '/logout');

    await sample.stop();
    expect(sample.log()).not.toMatch(/ERROR|WARN|[\w-]{60}/);
    sample = await start();

    const again = [phone, tablet, laptop].map((device) => device.movedTo(sample));
    expect(await loggedIn(...again)).toEqual([false, true, true]);
    expect(await again[1]?.devices()).toEqual(['laptop', 'tablet*']);
    expect(await again[2]?.refresh(spent)).toEqual(LOGGED_OUT);
    expect(await again[1]?.devices()).toEqual(['tablet*']);
    expect((await counts())['jwt_reused_total']).toBe(1);
  });
});

describe('The sample of sessions with every store', () => {
  useSample(SAMPLE_STORES.SQLite);

  it('sets the tokens of a browser as cookies, also after a refresh', async () => {
    const browser = new Browser(sample);
    const credentials = { username: 'alice', password: 'wonderland', cookies: true };
    const login = await browser.send('POST', '/login', { json: credentials });
    const before = browser.cookies.get('refresh_token_cookie');

    const refused = await browser.send('POST', '/refresh');
    const refreshed = await browser.send('POST', '/refresh', { csrf: 'csrf_refresh_token' });
    const after = browser.cookies.get('refresh_token_cookie');
    const shown = await browser.send('GET', '/devices');
    const logout = await browser.send('POST', '/logout', { csrf: 'csrf_access_token' });

    expect(login).toEqual(done('The tokens are in cookies'));
    expect(refused).toEqual({ status: 401, body: { msg: 'Missing CSRF token' } });
    expect(refreshed).toEqual(login);
    expect([before?.path, after?.path]).toEqual(['/', '/']);
    expect(after?.value).not.toBe(before?.value);
    expect(shown.status).toBe(200);
    expect(logout).toEqual(done('Logged out'));
    expect([...browser.cookies.keys()]).toEqual([]);
  });

  it('needs a new login before a refreshed session can change the password', async () => {
    const phone = await Device.login(sample, 'phone');
    await phone.refresh();
    const answer = await phone.send('POST', '/password', { json: { password: 'looking-glass' } });
    expect(answer).toEqual({ status: 401, body: { msg: 'Fresh token required' } });
  });

  it.each([
    ['a wrong password', 'alice', 'looking-glass'],
    ['an unknown user', 'mallory', 'wonderland'],
    ['credentials that are not text', ['alice'], { $ne: '' }],
    ['nothing', undefined, undefined],
  ])('refuses %s', async (_what, username, password) => {
    expect(await logIn(sample, 'phone', username, password)).toEqual({
      status: 401,
      body: { msg: 'Bad username or password' },
    });
  });
});

describe.each(['Redis', 'PostgreSQL'] as const)('While %s is away, the sample', (name) => {
  useSample(SAMPLE_STORES[name]);

  it('refuses every request at once, changes nothing, and recovers by itself', async () => {
    const phone = await Device.login(sample, 'phone');
    await store.server?.kill();

    const times: number[] = [];
    for (let time = 0; time < 5; time += 1) {
      const since = performance.now();
      expect(await phone.send('GET', '/devices')).toMatchObject({ status: 503 });
      times.push(performance.now() - since);
    }
    // Without the circuit breaker each request would wait for the blocklist's timeout of a second. Only the shortest time counts,
    // because a slow machine may delay some of them as long.
    expect(Math.min(...times)).toBeLessThan(1_000);
    expect(await phone.refresh()).toMatchObject({ status: 503 });
    expect(await phone.send('POST', '/logout')).toMatchObject({ status: 503 });
    expect(await logIn(sample, 'laptop', 'alice', 'wonderland')).toMatchObject({ status: 503 });
    await store.server?.restart();
    while ((await phone.send('GET', '/devices')).status !== 200) continue;
    expect(await phone.refresh()).toMatchObject({ status: 200 });
    expect(await counts()).toMatchObject({ jwt_store_down_total: 1, jwt_store_up_total: 1 });
  });

  it('ends on SIGTERM', async () => {
    await store.server?.kill();
    const since = performance.now();
    await sample.stop();
    expect(performance.now() - since).toBeLessThan(30_000);
  });
});

describe('If Redis is not reachable yet, the sample', () => {
  useSample(SAMPLE_STORES.Redis, true);

  it('starts, refuses logins, and accepts them once Redis is reachable', async () => {
    const attempt = () => logIn(sample, 'phone', 'alice', 'wonderland');
    expect(await attempt()).toMatchObject({ status: 503 });
    await store.server?.restart();
    while ((await attempt()).status !== 200) continue;
  });
});

/** The counters of the sample, by the name and the labels of each series. */
async function counts(): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${sample.url}/metrics`)).text();
  const lines = text.matchAll(/^(jwt_\S+) (\d+)$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, count]) => [name, Number(count)]));
}
