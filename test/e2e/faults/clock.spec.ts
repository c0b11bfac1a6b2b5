import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryBlocklistStore, TokenCookies, TokenService } from '../../../src/index.js';
import { type RunningApp } from '../../support/app.js';
import { ALICE, startEndpoints } from '../../support/endpoints.js';
import { Output, SkippedTime, throwing } from '../../support/faults.js';
import { Clock } from '../../support/forge.js';

const UNAVAILABLE = {
  status: 503,
  body: { msg: 'Token could not be checked', code: 'CHECK_UNAVAILABLE' },
};

describe('R93: A clock that is well at start, and later', () => {
  const well = new Clock().now;
  const clock = jest.fn<() => Date>(well);
  let app: RunningApp;
  let output: Output;
  let time: SkippedTime;

  beforeAll(async () => {
    output = new Output();
    time = new SkippedTime();
    app = await startEndpoints('fastify', { options: { clock } });
  });

  beforeEach(() => {
    clock.mockImplementation(well);
  });

  afterAll(async () => {
    await app.close();
    output.restore();
    time.restore();
  });

  it.each<[what: string, tells: () => unknown, text: string]>([
    ['gives an invalid date', () => new Date(Number.NaN), 'clock returned an invalid Date'],
    ['gives a number', () => 5, 'clock returned '],
    ['gives text', () => '2026-01-01', 'clock returned '],
    ['gives nothing', () => undefined, 'clock returned '],
    ['gives a promise', () => Promise.resolve(new Date()), 'clock returned '],
    ['throws', throwing(new Error('no time')), 'no time'],
  ])('%s: everything that needs the time is refused with 503', async (_what, tells, text) => {
    const { accessToken, refreshToken } = await app.get(TokenService).createTokenPair('alice');
    time.skip(1_000);
    const already = output.lines.length;
    clock.mockImplementation(tells as () => Date);

    for (const [method, path, sent] of [
      ['GET', '/room', { token: accessToken }],
      ['GET', '/vault', { token: accessToken }],
      ['POST', '/auth', { json: ALICE }],
      ['POST', '/auth/refresh', { token: refreshToken }],
      ['POST', '/auth/logout', { token: accessToken }],
    ] as const) {
      const { status, body } = await app.send(method, path, sent);
      expect({ path, status, body }).toEqual({ path, ...UNAVAILABLE });
    }
    const cookies = app.get(TokenCookies);
    const setHeader = jest.fn();
    const response = { setHeader, getHeader: () => undefined };
    expect(() => cookies.setPair(response, { accessToken, refreshToken })).toThrow(
      expect.objectContaining({ code: UNAVAILABLE.body.code }),
    );
    expect(setHeader).not.toHaveBeenCalled();
    expect(output.lines.slice(already)).toEqual([expect.stringContaining(text)]);

    clock.mockImplementation(well);
    expect((await app.send('GET', '/room', { token: accessToken })).status).toBe(200);
    expect((await app.send('POST', '/auth/refresh', { token: refreshToken })).status).toBe(200);
  });
});

it('R93: the timer of the memory store survives a clock that gives no time, and goes on afterwards', async () => {
  jest.useFakeTimers();
  try {
    const clock = jest.fn<() => Date>(() => new Date(0));
    const store = new MemoryBlocklistStore({ clock });
    await store.add('jti:1', 'x', new Date(1));
    clock.mockReturnValue(5 as unknown as Date);
    jest.advanceTimersByTime(600_000);
    expect(await store.get(['jti:1'])).toEqual(['x']);

    clock.mockReturnValue(new Date(1e9));
    jest.advanceTimersByTime(600_000);
    expect(store.size).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});
