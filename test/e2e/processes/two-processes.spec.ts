import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildApp } from '../../support/child-app.js';
import { claimsOf } from '../../support/tokens.js';
import { type Pair, PLACES, type Place, startApp } from './shared.js';

const ADMITTED = { status: 200, body: { identity: 'alice' } };
const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };

/** Over ioredis the same server is told the same. */
const KINDS = PLACES.filter(([kind]) => kind !== 'ioredis');

describe.each(KINDS)('R65: Two processes over %s', (kind, start) => {
  let place: Place;
  let [one, other]: ChildApp[] = [];

  beforeAll(async () => {
    place = await start();
    [one, other] = await Promise.all([
      startApp(kind, place.address),
      startApp(kind, place.address),
    ]);
  });
  afterAll(async () => {
    await Promise.all([one?.kill(), other?.kill()]);
    await place.close();
  });

  async function send(app: ChildApp | undefined, method: string, path: string, token?: string) {
    if (!app) throw new Error('The application did not start');
    return app.send(method, path, token);
  }

  async function logIn(app = one): Promise<Pair> {
    const { status, body } = await send(app, 'POST', '/login');
    expect(status).toBe(201);
    return body as Pair;
  }

  it('refuse each other’s revoked tokens on the very next request', async () => {
    for (let time = 0; time < 50; time += 1) {
      const { accessToken } = await logIn();
      // The second look-up may be answered from a cache.
      expect(await send(other, 'GET', '/access', accessToken)).toEqual(ADMITTED);
      expect(await send(other, 'GET', '/access', accessToken)).toEqual(ADMITTED);

      const { status } = await send(one, 'POST', '/logout', accessToken);

      expect(status).toBe(201);
      expect(await send(other, 'GET', '/access', accessToken)).toEqual(REVOKED);
      expect(await send(one, 'GET', '/access', accessToken)).toEqual(REVOKED);
    }
  });

  it('end each other’s sessions', async () => {
    const { accessToken, refreshToken } = await logIn();
    expect(await send(other, 'GET', '/access', accessToken)).toEqual(ADMITTED);

    expect((await send(one, 'POST', '/end', accessToken)).status).toBe(201);

    expect(await send(other, 'GET', '/access', accessToken)).toEqual(REVOKED);
    expect(await send(other, 'POST', '/refresh', refreshToken)).toEqual(REVOKED);
  });

  it('spend a refresh token once, however many ask both of them at once (R59)', async () => {
    const { refreshToken } = await logIn();

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        send([one, other][index % 2], 'POST', '/refresh', refreshToken),
      ),
    );

    const pairs = answers.map(({ body }) => body as Pair);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(pairs.map((pair) => claimsOf(pair.refreshToken).jti)).size).toBe(1);
    expect(new Set(pairs.map((pair) => claimsOf(pair.accessToken).jti)).size).toBe(1);
    const [first, second] = pairs as [Pair, Pair];
    expect((await send(one, 'POST', '/refresh', second.refreshToken)).status).toBe(201);
    expect(await send(other, 'POST', '/refresh', refreshToken)).toEqual(REVOKED);
    expect(await send(one, 'GET', '/access', first.accessToken)).toEqual(REVOKED);
  });

  it('log out everywhere: what either issued before is refused, what follows is not (R62)', async () => {
    for (let time = 0; time < 2; time += 1) {
      const before = [await logIn(one), await logIn(other)];
      const [{ accessToken }] = before as [Pair, Pair];
      expect(await send(other, 'GET', '/access', accessToken)).toEqual(ADMITTED);

      expect((await send(one, 'POST', '/end-all', accessToken)).status).toBe(201);

      const after = [await logIn(other), await logIn(one)];
      for (const pair of before) {
        expect(await send(other, 'GET', '/access', pair.accessToken)).toEqual(REVOKED);
        expect(await send(one, 'POST', '/refresh', pair.refreshToken)).toEqual(REVOKED);
      }
      for (const pair of after) {
        expect(await send(other, 'GET', '/access', pair.accessToken)).toEqual(ADMITTED);
        expect(await send(one, 'GET', '/access', pair.accessToken)).toEqual(ADMITTED);
      }
    }
  });

  it('list the same sessions', async () => {
    const { accessToken } = await logIn(one);
    await logIn(other);
    const [left, right] = [
      await send(one, 'GET', '/sessions', accessToken),
      await send(other, 'GET', '/sessions', accessToken),
    ];

    expect(left.status).toBe(200);
    expect((left.body as unknown[]).length).toBeGreaterThanOrEqual(2);
    expect(right).toEqual(left);
  });
});
