import { describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import {
  JwtExtendedConfigError,
  type NodeRedisClient,
  RedisBlocklistStore,
  type RedisClient,
} from '../../../src/index.js';
import { failureOf } from '../../support/faults.js';

const NOWHERE = { host: '127.0.0.1', port: 1 };
const SECRET_URL = 'redis://user:swordfish@localhost';

/** Clients that never connect. */
const nodeRedis = () => createClient({ socket: NOWHERE });
const ioredis = () => new Redis({ ...NOWHERE, lazyConnect: true });

/** A store of an application without types. */
function storeOf(client: unknown, options?: unknown): RedisBlocklistStore {
  return new RedisBlocklistStore(client as RedisClient, options as { prefix?: string });
}

describe('RedisBlocklistStore accepts', () => {
  it.each<[string, () => RedisClient]>([
    ['createClient of redis', nodeRedis],
    ['createClientPool of redis', () => createClientPool({ socket: NOWHERE })],
    ['createCluster of redis', () => createCluster({ rootNodes: [{ socket: NOWHERE }] })],
    ['createSentinel of redis', () => createSentinel({ name: 'a', sentinelRootNodes: [NOWHERE] })],
    ['options on top of a client', () => nodeRedis().withCommandOptions({ timeout: 100 })],
    ['Redis of ioredis', ioredis],
    ['Cluster of ioredis', () => new Cluster([NOWHERE], { lazyConnect: true })],
  ])('%s, connected or not', (_, make) => {
    expect(() => storeOf(make())).not.toThrow();
  });
});

describe('RedisBlocklistStore rejects', () => {
  const FIX = 'give a client of the package redis (createClient, createCluster…) or ioredis';

  it.each<[string, () => unknown, string, string]>([
    ['nothing', () => undefined, 'undefined', ''],
    ['null', () => null, 'null', ''],
    ['an address', () => SECRET_URL, 'a string of 32 characters', 'connect to that address first'],
    ['options', () => ({ url: SECRET_URL }), 'an object', ''],
    ['a function that makes a client', () => createClient, 'a function', 'a client, not a functi'],
    ['the class of a client', () => Redis, 'a function', 'a client, not a function or a class'],
    ['a promise', () => Promise.resolve(nodeRedis()), 'Promise', 'await the promise of it first'],
    ['a transaction of redis', () => nodeRedis().multi(), 'an object', 'not a transaction'],
    ['a pipeline of ioredis', () => ioredis().pipeline(), 'an object', 'not a transaction'],
    ['a map', () => new Map(), 'an object of type Map', '(new Redis, new Cluster)'],
    ['a client of version 3', oldClient, 'an object', 'a version that is still maintained'],
  ])('%s, and names what to give', (_, make, given, hint) => {
    const message = mistakeOf(() => storeOf(make()));
    expect(message).toContain('RedisBlocklistStore was given ');
    expect(message).toContain(given);
    expect(message).toContain(FIX);
    expect(message).toContain(hint);
    expect(message).not.toContain('swordfish');
  });

  it.each([
    ['', "''"],
    ['x'.repeat(65), 'a string of 65 characters'],
    ['jwt\n', 'a string of 4 characters'],
    ['jwt\u0000', 'a string of 4 characters'],
    ['clé:', 'a string of 4 characters'],
    [7, '7'],
    [null, 'null'],
  ])('the prefix %j', (prefix, given) => {
    expect(mistakeOf(() => storeOf(nodeRedis(), { prefix }))).toBe(
      `RedisBlocklistStore.prefix was given ${given}; give 1 to 64 printable characters of ASCII`,
    );
  });

  it.each([
    [{ keyPrefix: 'app:' }, 'RedisBlocklistStore.keyPrefix is not an option'],
    ['jwt:', 'RedisBlocklistStore was given a string of 4 characters; give an object of options'],
  ])('the options %j', (options, message) => {
    expect(mistakeOf(() => storeOf(nodeRedis(), options))).toContain(message);
  });
});

describe('RedisBlocklistStore rejects an unexpected reply', () => {
  /** A store whose client gives the same reply to each command. */
  function replying(reply: unknown): RedisBlocklistStore {
    const answer = () => Promise.resolve(reply);
    const names = ['connect', 'get', 'mGet', 'set', 'del', 'eval', 'hGet', 'hVals', 'hDel'];
    const commands = [...names, 'withTypeMapping'].map((name) => [name, answer]);
    return storeOf(Object.fromEntries(commands) as NodeRedisClient);
  }

  const UNEXPECTED = new TypeError('RedisBlocklistStore: the client returned an unexpected reply');

  it.each([
    ['undefined', undefined],
    ['a number', 1],
    ['true', true],
    ['an object', {}],
    ['other text', 'QUEUED'],
    ['bytes of other text', Buffer.from('KO')],
    ['a list', ['OK']],
  ])('to a write: %s', async (_, reply) => {
    const store = replying(reply);
    await expect(store.add('jti:one', 'revoked', null)).rejects.toEqual(UNEXPECTED);
    await expect(store.replace('sub:alice', '6', '7', null)).rejects.toEqual(UNEXPECTED);
    await expect(store.sessions.put('alice', 'phone', 'record', null)).rejects.toEqual(UNEXPECTED);
  });

  it('to a write that is never without one: null', async () => {
    await expect(replying(null).replace('a', '6', '7', null)).rejects.toEqual(UNEXPECTED);
    await expect(replying(null).sessions.put('a', 'b', 'c', null)).rejects.toEqual(UNEXPECTED);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['text', 'ab'],
    ['an object', { 0: null, 1: null, length: 2 }],
    ['too few values', [null]],
    ['too many values', [null, null, null]],
    ['a hole', [null, undefined]],
    ['a number', [null, 7]],
    ['an error', [null, new Error('WRONGTYPE')]],
    ['a list', [null, ['revoked']]],
  ])('to a look-up of two keys: %s', async (_, reply) => {
    await expect(replying(reply).get(['jti:one', 'sid:one'])).rejects.toEqual(UNEXPECTED);
  });

  it.each<[string, unknown, boolean]>([
    ['OK', 'OK', true],
    ['DIFFERS', 'DIFFERS', false],
    ['OK as bytes', Buffer.from('OK'), true],
    ['DIFFERS as bytes', Buffer.from('DIFFERS'), false],
  ])('but not %s to replace', async (_, reply, isReplaced) => {
    expect(await replying(reply).replace('sub:alice', '6', '7', null)).toBe(isReplaced);
  });

  it.each(['ok', 'differs', '', '1', 'OK\n', ' DIFFERS'])('to replace: %j', async (reply) => {
    await expect(replying(reply).replace('a', '6', '7', null)).rejects.toEqual(UNEXPECTED);
  });

  it.each<[string, unknown]>([
    ['a number', 1],
    ['true', true],
    ['a list', ['1|record']],
    ['a record without a moment', 'record'],
    ['a record with a wrong moment', 'soon|record'],
    ['empty text', ''],
  ])('to a look-up of a session: %s', async (_, reply) => {
    await expect(replying(reply).sessions.get('alice', 'phone')).rejects.toEqual(UNEXPECTED);
  });

  it.each([
    ['null', null],
    ['text', '1|record'],
    ['an object', { phone: '1|record' }],
    ['null among the records', [null]],
    ['a record without a moment', ['record']],
    ['a record with a wrong moment', ['soon|record']],
  ])('to a list of sessions: %s', async (_, reply) => {
    await expect(replying(reply).sessions.list('alice')).rejects.toEqual(UNEXPECTED);
  });
});

describe('The check of a RedisBlocklistStore', () => {
  /** Errors of servers that do not know a command, or an option of it. */
  it.each(["ERR unknown command 'EVAL'", 'ERR syntax error'])(
    'rejects a server that is too old: %s',
    async (words) => {
      const client = Object.assign(nodeRedis(), { set: () => Promise.reject(new Error(words)) });
      const failure = (await failureOf(storeOf(client).check())) as Error;
      expect(failure).toBeInstanceOf(JwtExtendedConfigError);
      expect(failure.message).toContain(words);
      expect(failure.message).toContain('use Redis 6.2 or newer');
    },
  );

  it('passes an outage on as it is', async () => {
    const failure = await failureOf(storeOf(nodeRedis()).check());
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(JwtExtendedConfigError);
  });
});

/** A client of the package redis before version 4: callbacks, and names in lower case. */
function oldClient(): unknown {
  const answer = () => true;
  const names = ['connect', 'get', 'mget', 'set', 'del', 'eval', 'hvals', 'hdel'];
  return { connected: true, ...Object.fromEntries(names.map((name) => [name, answer])) };
}

function mistakeOf(act: () => unknown): string {
  expect(act).toThrow(JwtExtendedConfigError);
  try {
    return String(act());
  } catch (error) {
    return (error as Error).message;
  }
}
