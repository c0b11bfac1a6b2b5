import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ADAPTERS } from '../../support/app.js';
import { ALICE } from '../../support/endpoints.js';
import { SECRET } from '../../support/forge.js';

const PROGRAM = join(import.meta.dirname, 'throttled-app.mjs');

describe.each(ADAPTERS)('@nestjs/throttler on %s', (adapter) => {
  let process: ChildProcess;
  let url: string;

  beforeAll(async () => {
    process = fork(PROGRAM, [adapter, SECRET], { execArgv: [] });
    const ended = once(process, 'exit').then(() => {
      throw new Error('The application ended');
    });
    ended.catch(() => undefined);
    [url] = (await Promise.race([once(process, 'message'), ended])) as [string];
  });
  afterAll(async () => {
    const ended = once(process, 'exit');
    if (process.kill()) await ended;
  });

  it('limits the login by the name of its handler, and no other endpoint', async () => {
    const post = async (path: string, json: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url + path, {
        method: 'POST',
        headers,
        body: JSON.stringify(json),
      });
      return answer.status;
    };
    const statuses = [];
    for (const password of ['1', '2', '3', '4', 'wonderland', '5', 'wonderland'])
      statuses.push(await post('/auth', { ...ALICE, password }));
    const others = [];
    for (let round = 0; round < 10; round += 1) others.push(await post('/auth/logout', {}));

    expect(statuses).toEqual([401, 401, 401, 401, 200, 429, 429]);
    expect(new Set(others)).toEqual(new Set([401]));
  });
});
