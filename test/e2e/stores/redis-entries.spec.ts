import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import type { Awaitable } from '../../../src/contracts/awaitable.js';
import { RedisBlocklistStore } from '../../../src/stores/redis-blocklist.store.js';
import { RedisServer } from '../../support/redis.js';
import { type ConnectedClient, ioredis, nodeRedis, opened, opening } from './redis-clients.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long after its expiry an entry is kept, for clocks that are set back (R74). */
const MARGIN = 5 * MINUTE;
const WRONG_TYPE = /^WRONGTYPE/;

const inAnHour = new Date(Date.now() + HOUR);
const inTwoHours = new Date(Date.now() + 2 * HOUR);
const longAgo = new Date(Date.now() - HOUR);

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.command('FLUSHALL');
});

/** When the server forgets a key, in milliseconds since the epoch; -1 for never, -2 for one that is not there. */
async function forgottenAt(key: string): Promise<number> {
  return Number(await server.command('PEXPIRETIME', key));
}

describe.each([
  ['createClient of redis', nodeRedis],
  ['Redis of ioredis', ioredis],
] as const)('What RedisBlocklistStore writes, with %s,', (_, connect) => {
  let connected: ConnectedClient;
  let store: RedisBlocklistStore;

  beforeEach(async () => {
    connected = await connect(server);
    store = new RedisBlocklistStore(connected.client);
  });
  afterEach(async () => {
    await connected.close();
  });

  it('is kept five minutes longer than its expiry (R58, R74)', async () => {
    await store.add('jti:one', 'revoked', inAnHour);
    await store.raise('sub:alice', 7, inAnHour);
    expect(await server.command('GET', 'jwt:entry:jti:one')).toBe('revoked');
    expect(await server.command('GET', 'jwt:entry:sub:alice')).toBe('7');
    expect(await forgottenAt('jwt:entry:jti:one')).toBe(inAnHour.getTime() + MARGIN);
    expect(await forgottenAt('jwt:entry:sub:alice')).toBe(inAnHour.getTime() + MARGIN);
  });

  it('is kept for ever where it has no expiry (R58)', async () => {
    await store.add('jti:one', 'revoked', null);
    await store.raise('sub:alice', 7, null);
    await store.sessions.put('alice', 'phone', 'record', null);
    expect(await forgottenAt('jwt:entry:jti:one')).toBe(-1);
    expect(await forgottenAt('jwt:entry:sub:alice')).toBe(-1);
    expect(await forgottenAt('jwt:sessions:alice')).toBe(-1);
  });

  it('is kept to the millisecond, on the last day there is too (R58)', async () => {
    for (const at of [Date.UTC(9999, 11, 31, 23, 59, 59, 999), 8.64e15]) {
      await store.add(`jti:${at}`, 'revoked', new Date(at));
      await store.raise(`sub:${at}`, 7, new Date(at));
      await store.sessions.put(`${at}`, 'phone', 'record', new Date(at));
      expect(await forgottenAt(`jwt:entry:jti:${at}`)).toBe(at + MARGIN);
      expect(await forgottenAt(`jwt:entry:sub:${at}`)).toBe(at + MARGIN);
      expect(await forgottenAt(`jwt:sessions:${at}`)).toBe(at + MARGIN);
    }
  });

  it('does not stay where it has expired already', async () => {
    for (const date of [longAgo, new Date(0), new Date(-1e12)]) {
      expect(await store.add('jti:one', 'revoked', date)).toBe(true);
      await store.raise('sub:alice', 7, date);
      await store.sessions.put('alice', 'phone', 'record', date);
    }
    const names = ['jwt:entry:jti:one', 'jwt:entry:sub:alice', 'jwt:sessions:alice'];
    expect(await server.command('EXISTS', ...names)).toBe('0');
  });

  it('gets the expiry of the number that is higher, an earlier one too', async () => {
    await store.raise('sub:alice', 7, inTwoHours);
    await store.raise('sub:alice', 6, null);
    expect(await forgottenAt('jwt:entry:sub:alice')).toBe(inTwoHours.getTime() + MARGIN);
    await store.raise('sub:alice', 8, inAnHour);
    expect(await forgottenAt('jwt:entry:sub:alice')).toBe(inAnHour.getTime() + MARGIN);
    await store.raise('sub:alice', 9, null);
    expect(await forgottenAt('jwt:entry:sub:alice')).toBe(-1);
  });

  it('keeps the sessions of an identity as long as the longest of them', async () => {
    await store.sessions.put('alice', 'phone', 'record', inTwoHours);
    await store.sessions.put('alice', 'desk', 'record', inAnHour);
    expect(await forgottenAt('jwt:sessions:alice')).toBe(inTwoHours.getTime() + MARGIN);
    await store.sessions.put('alice', 'robot', 'record', null);
    await store.sessions.put('alice', 'desk', 'record', inAnHour);
    expect(await forgottenAt('jwt:sessions:alice')).toBe(-1);
    await store.sessions.put('alice', 'robot', 'record', inAnHour);
    expect(await forgottenAt('jwt:sessions:alice')).toBe(inTwoHours.getTime() + MARGIN);
  });

  it('does not pile up: a new session drops those that have expired', async () => {
    for (let day = 1; day <= 20; day += 1) {
      await store.sessions.put('alice', `expired ${day}`, 'record', longAgo);
      await store.sessions.put('alice', 'phone', `on day ${day}`, inAnHour);
    }
    expect(await server.command('HKEYS', 'jwt:sessions:alice')).toBe('phone');
    expect(await store.sessions.list('alice')).toEqual(['on day 20']);
  });

  it('does not pile up where there are many, and is kept as long as the longest of them', async () => {
    for (let index = 0; index < 100; index += 1)
      await store.sessions.put('alice', `live ${index}`, 'record', inTwoHours);
    for (let index = 0; index < 200; index += 1)
      await store.sessions.put('alice', `expired ${index}`, 'record', longAgo);
    expect(await forgottenAt('jwt:sessions:alice')).toBe(inTwoHours.getTime() + MARGIN);
    await store.sessions.put('alice', 'robot', 'record', null);
    expect(await forgottenAt('jwt:sessions:alice')).toBe(-1);

    // One put in 16 tidies up: that none of so many does is not to be expected.
    for (let index = 0; index < 400; index += 1)
      await store.sessions.put('alice', 'live 0', 'record', inTwoHours);
    const names = (await server.command('HKEYS', 'jwt:sessions:alice')).split('\n');
    expect(names).toHaveLength(101);
    expect(names.filter((name) => name.startsWith('expired'))).toEqual([]);
    expect(await forgottenAt('jwt:sessions:alice')).toBe(-1);
  });

  it('is not taken for written where a key of another type is in its place', async () => {
    await server.command('HSET', 'jwt:entry:jti:one', 'field', 'value');
    await server.command('RPUSH', 'jwt:entry:sub:alice', 'value');
    await server.command('SET', 'jwt:sessions:alice', 'value');
    await expect(store.add('jti:one', 'revoked', inAnHour)).rejects.toThrow(WRONG_TYPE);
    await expect(store.add('sub:alice', 'revoked', null)).rejects.toThrow(WRONG_TYPE);
    await expect(store.raise('sub:alice', 7, inAnHour)).rejects.toThrow(WRONG_TYPE);
    await expect(store.sessions.put('alice', 'phone', 'record', null)).rejects.toThrow(WRONG_TYPE);
    await expect(store.sessions.list('alice')).rejects.toThrow(WRONG_TYPE);
    await expect(store.sessions.remove('alice', 'phone')).rejects.toThrow(WRONG_TYPE);
    expect(await server.command('TYPE', 'jwt:entry:jti:one')).toBe('hash');
  });

  it('is not mixed with records of somebody else, of which no error says a word', async () => {
    await server.command('HSET', 'jwt:sessions:alice', 'tablet', 'secret');
    const failures = [
      await failureOf(() => store.sessions.put('alice', 'phone', 'record', null)),
      await failureOf(() => store.sessions.list('alice')),
    ];
    expect(await server.command('HGETALL', 'jwt:sessions:alice')).toBe('tablet\nsecret');
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/a record of a session cannot be read/),
      'The Redis client gave a reply that makes no sense',
    ]);
    for (const { message } of failures) expect(message).not.toMatch(/alice|tablet|secret|phone/);
  });

  it('must be a whole number of 0 or more to be raised, and a date to expire', async () => {
    for (const number of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      await expect(store.raise('sub:alice', number, null)).rejects.toThrow(TypeError);
    }
    const never = new Date(NaN);
    await expect(store.raise('sub:alice', 1, never)).rejects.toThrow(TypeError);
    await expect(store.add('jti:one', '1', never)).rejects.toThrow(TypeError);
    await expect(store.sessions.put('a', 'b', 'c', never)).rejects.toThrow(TypeError);
    expect(await server.command('DBSIZE')).toBe('0');
  });

  it.each([
    ['jwt:', 'app:'],
    ['jwt:', 'jwt:eu:'],
    [' ', '~'],
    ['{a}', 'x'.repeat(64)],
  ])('is not seen under another prefix: %j and %j', async (one, other) => {
    const stores = [one, other].map(
      (prefix) => new RedisBlocklistStore(connected.client, { prefix }),
    );
    const [ours, theirs] = stores as [RedisBlocklistStore, RedisBlocklistStore];
    await ours.add('jti:one', 'ours', null);
    await ours.add('eu:jti:one', 'ours', null);
    await ours.sessions.put('alice', 'phone', 'ours', null);
    await ours.sessions.put('eu:alice', 'phone', 'ours', null);
    expect(await theirs.get(['jti:one'])).toEqual([null]);
    expect(await theirs.sessions.list('alice')).toEqual([]);
    expect(await theirs.add('jti:one', 'theirs', null)).toBe(true);
    await theirs.sessions.put('alice', 'phone', 'theirs', null);
    await theirs.delete('jti:one');
    await theirs.sessions.remove('alice', 'phone');
    expect(await ours.get(['jti:one'])).toEqual(['ours']);
    expect(await ours.sessions.list('alice')).toEqual(['ours']);
  });
});

describe('What RedisBlocklistStore writes', () => {
  it.each([
    ['redis', () => opened(createClient({ url: server.url, keyPrefix: 'app:' }))],
    ['ioredis', () => opening(new Redis(server.url, { keyPrefix: 'app:' }))],
  ] as const)('stands behind the key prefix of a client of %s too', async (_, connect) => {
    const connected = await connect();
    try {
      const store = new RedisBlocklistStore(connected.client);
      await store.add('jti:one', 'revoked', inAnHour);
      await store.raise('sub:alice', 7, inAnHour);
      await store.sessions.put('alice', 'phone', 'record', inAnHour);
      expect(await store.get(['jti:one', 'sub:alice'])).toEqual(['revoked', '7']);
      expect(await store.sessions.list('alice')).toEqual(['record']);
      expect((await server.command('KEYS', '*')).split('\n').sort()).toEqual([
        'app:jwt:entry:jti:one',
        'app:jwt:entry:sub:alice',
        'app:jwt:sessions:alice',
      ]);
    } finally {
      connected.close();
    }
  });

  it('is read as text from a client that gives bytes', async () => {
    const connected = await nodeRedis(server);
    try {
      const bytes = connected.client.withTypeMapping({
        [RESP_TYPES.BLOB_STRING]: Buffer,
        [RESP_TYPES.SIMPLE_STRING]: Buffer,
        [RESP_TYPES.NUMBER]: String,
      });
      const store = new RedisBlocklistStore(bytes);
      expect(await store.add('jti:one', 'révoqué', inAnHour)).toBe(true);
      expect(await store.add('jti:one', 'revoked', inAnHour)).toBe(false);
      await store.raise('sub:alice', 7, inAnHour);
      await store.sessions.put('alice', 'phone', 'record', inAnHour);
      expect(await store.get(['jti:one', 'sub:alice', 'all'])).toEqual(['révoqué', '7', null]);
      expect(await store.sessions.list('alice')).toEqual(['record']);
    } finally {
      connected.close();
    }
  });
});

async function failureOf(act: () => Awaitable<unknown>): Promise<Error> {
  try {
    await act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail');
}
