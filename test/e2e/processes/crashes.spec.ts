import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChildAnswer, ChildApp } from '../../support/child-app.js';
import { type Pair, PLACES, type Place, startApp } from './shared.js';

const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };

/** How many ask at once, and how many of them have their answer when the application is killed. */
const ASKING = 30;
const ANSWERED = 5;

const DURABLE = PLACES.filter(([kind]) => ['redis', 'postgres', 'sqlite'].includes(kind));

describe.each(DURABLE)(
  'An application over %s that is killed amid many requests',
  (kind, start) => {
    let place: Place;
    let victims: ChildApp[] = [];
    let witness: ChildApp;

    beforeAll(async () => {
      place = await start();
      const starting = [1, 2, 3].map(() => startApp(kind, place.address));
      [witness, ...victims] = (await Promise.all(starting)) as [ChildApp, ...ChildApp[]];
    });
    afterAll(async () => {
      await Promise.all([...victims, witness].map((app) => app?.kill()));
      await place.close();
    });

    async function logIns(): Promise<readonly Pair[]> {
      const asking = Array.from({ length: ASKING }, () => witness.send('POST', '/login'));
      return (await Promise.all(asking)).map(({ body }) => body as Pair);
    }

    /** Asks for everything at once, and kills it when a few have been answered: what it said until then. */
    async function askAndKill(path: string, tokens: readonly string[]) {
      const victim = victims.pop();
      const answered = new Map<string, ChildAnswer>();
      const asking = tokens.map(async (token) => {
        const answer = await victim?.send('POST', path, token);
        if (answer) answered.set(token, answer);
        if (answered.size === ANSWERED) await victim?.kill();
      });
      await Promise.allSettled(asking);
      await victim?.kill();
      return answered;
    }

    it('leaves to each refresh token the one successor that it was given (R63)', async () => {
      const tokens = (await logIns()).map(({ refreshToken }) => refreshToken);
      const answered = await askAndKill('/refresh', tokens);
      const refresh = () =>
        Promise.all(tokens.map((token) => witness.send('POST', '/refresh', token)));
      const [retried, again] = [await refresh(), await refresh()];

      expect(answered.size).toBeGreaterThanOrEqual(ANSWERED);
      expect(retried.map(({ status }) => status)).toEqual(tokens.map(() => 201));
      expect(again).toEqual(retried);
      for (const [token, answer] of answered)
        expect(retried[tokens.indexOf(token)]).toEqual(answer);
    });

    it('has forgotten no logout that it acknowledged, even if the server dies as well (R57)', async () => {
      const tokens = (await logIns()).map(({ accessToken }) => accessToken);
      const answered = await askAndKill('/logout', tokens);
      await place.crash();
      while ((await witness.send('POST', '/login')).status === 503) await pause(20);
      const acknowledged = [...answered].filter(([, { status }]) => status === 201);
      const shown = acknowledged.map(([token]) => witness.send('GET', '/access', token));

      expect(acknowledged.length).toBeGreaterThanOrEqual(ANSWERED);
      expect(await Promise.all(shown)).toEqual(acknowledged.map(() => REVOKED));
    });
  },
);
