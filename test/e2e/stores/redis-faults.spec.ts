import { afterEach, describe, expect, it } from '@jest/globals';
import { JwtExtendedConfigError } from '../../../src/index.js';
import { RedisBlocklistStore } from '../../../src/stores/redis-blocklist.store.js';
import { RedisCluster, RedisServer } from '../../support/redis.js';
import { ioredis, nodeRedis } from './redis-clients.js';

const CLIENTS = [
  ['createClient of redis', nodeRedis],
  ['Redis of ioredis', ioredis],
] as const;

const inAnHour = new Date(Date.now() + 3_600_000);
const running: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close();
});

function closedAfterwards<T extends { close(): unknown }>(each: T): T {
  running.push(each);
  return each;
}

describe.each(CLIENTS)('Failures of a RedisBlocklistStore with %s', (_, connect) => {
  async function storeOn(address: Pick<RedisServer, 'url'>): Promise<RedisBlocklistStore> {
    return new RedisBlocklistStore(closedAfterwards(await connect(address)).client);
  }

  it('reject each write to a full server', async () => {
    const args = ['--maxmemory', '1kb', '--maxmemory-policy', 'noeviction'];
    const server = closedAfterwards(await RedisServer.start({ args }));
    const store = await storeOn(server);
    await expect(store.add('jti:one', 'revoked', inAnHour)).rejects.toThrow(/OOM/);
    await expect(store.raise('sub:alice', 7, inAnHour)).rejects.toThrow(/OOM/);
    await expect(store.sessions.put('alice', 'phone', '1', inAnHour)).rejects.toThrow(/OOM/);
    expect(await store.get(['jti:one', 'sub:alice'])).toEqual([null, null]);
  });

  it('reject each write to a replica', async () => {
    const lines = ['replicaof 127.0.0.1 1'];
    const server = closedAfterwards(await RedisServer.start({ lines }));
    const store = await storeOn(server);
    await expect(store.add('jti:one', 'revoked', inAnHour)).rejects.toThrow(/READONLY/);
    await expect(store.raise('sub:alice', 7, inAnHour)).rejects.toThrow(/READONLY/);
    await expect(store.delete('jti:one')).rejects.toThrow(/READONLY/);
    await expect(store.sessions.put('alice', 'phone', '1', null)).rejects.toThrow(/READONLY/);
    await expect(store.sessions.remove('alice', 'phone')).rejects.toThrow(/READONLY/);
    // The replica may become a master, so the application starts.
    await expect(store.check()).rejects.not.toThrow(JwtExtendedConfigError);
  });

  it('reject a look-up of a key on another node, and in a cluster that is down', async () => {
    const cluster = closedAfterwards(await RedisCluster.start());
    const [node] = cluster.nodes as [RedisServer];
    const store = await storeOn(node);
    const keys = Array.from({ length: 30 }, (_, index) => `jti:${index}`);
    const answers = await Promise.allSettled(keys.map((key) => store.get([key])));
    expect(reasonsOf(answers)).toContainEqual(expect.stringMatching(/^MOVED/));

    await Promise.all(cluster.nodes.slice(1).map((other) => other.kill()));
    await untilDown(node);
    const afterwards = await Promise.allSettled(keys.map((key) => store.get([key])));
    expect(new Set(reasonsOf(afterwards))).toEqual(
      new Set([expect.stringMatching(/^CLUSTERDOWN/)]),
    );
  });

  it('lose nothing that was acknowledged when a server with appendonly is killed', async () => {
    const server = closedAfterwards(await RedisServer.start({ appendonly: true }));
    const store = await storeOn(server);
    expect(await store.add('jti:one', 'revoked', inAnHour)).toBe(true);
    await store.raise('sub:alice', 7, null);
    await store.sessions.put('alice', 'phone', 'record', inAnHour);
    await server.kill();
    await server.restart();
    expect(await store.get(['jti:one', 'sub:alice'])).toEqual(['revoked', '7']);
    expect(await store.sessions.list('alice')).toEqual(['record']);
    expect(await store.add('jti:one', 'revoked', inAnHour)).toBe(false);
  });

  it.each([
    ['eval', '+@all -eval', /eval/i],
    ['set', '+@all -set', /set/i],
    ['the sessions', '+@all -hset', /hset|ACL|can't run/i],
    ['other keys', '~app:* +@all', /key/i],
  ])('are found by the check if the user may not use %s', async (_, rules, words) => {
    const server = closedAfterwards(await RedisServer.start());
    const keys = rules.startsWith('~') ? [] : ['~*'];
    await server.command('ACL', 'SETUSER', 'app', 'on', '>pw', ...keys, ...rules.split(' '));
    const store = await storeOn({ url: `redis://app:pw@127.0.0.1:${server.port}` });
    const failure: unknown = await store.check().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(JwtExtendedConfigError);
    expect((failure as Error).message).toMatch(/^RedisBlocklistStore: the server refuses/);
    expect((failure as Error).message).toMatch(words);
    expect((failure as Error).cause).toBeInstanceOf(Error);
  });
});

function reasonsOf(results: readonly PromiseSettledResult<unknown>[]): string[] {
  return results.flatMap((result) =>
    result.status === 'rejected' ? [(result.reason as Error).message] : [],
  );
}

async function untilDown(node: RedisServer): Promise<void> {
  await node.command('CONFIG', 'SET', 'cluster-node-timeout', '1000');
  while (!(await node.command('CLUSTER', 'INFO')).includes('state:fail')) continue;
}
