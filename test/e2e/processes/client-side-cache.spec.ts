import { Agent, get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { RedisBlocklistStore } from '../../../src/index.js';
import { RedisServer } from '../../support/redis.js';
import type { ChildApp } from '../../support/child-app.js';
import { startTokens, type TokenTools } from '../../support/tokens.js';
import { startApp } from './shared.js';

interface OpenStore {
  readonly store: RedisBlocklistStore;
  close(): unknown;
}

async function nodeRedis(url: string, withCache: boolean): Promise<OpenStore> {
  const cache = withCache && ({ RESP: 3, clientSideCache: { ttl: 0 } } as const);
  const client = createClient({ url, ...cache });
  client.on('error', () => undefined);
  await client.connect();
  return { store: new RedisBlocklistStore(client), close: () => client.destroy() };
}

async function ioRedis(url: string): Promise<OpenStore> {
  const client = new Redis(url);
  return { store: new RedisBlocklistStore(client), close: () => client.disconnect() };
}

const WRITERS = [
  ['redis', (url: string) => nodeRedis(url, false)],
  ['redis with a cache', (url: string) => nodeRedis(url, true)],
  ['ioredis', ioRedis],
] as const;

describe.each(WRITERS)('R65: A write that a store over %s has acknowledged', (_, open) => {
  let server: RedisServer;
  let writer: OpenStore;
  let reader: OpenStore;

  beforeAll(async () => {
    server = await RedisServer.start({ appendonly: true });
    [writer, reader] = await Promise.all([open(server.url), nodeRedis(server.url, true)]);
  });
  afterAll(async () => {
    writer?.close();
    reader?.close();
    await server.close();
  });

  it('is read at once by another store, even if that had cached the entry', async () => {
    const stale: string[] = [];
    for (let time = 0; time < 200; time += 1) {
      const keys = [`jti:${time}`, `sub:${time}`];
      expect(await reader.store.get(keys)).toEqual([null, null]);
      await writer.store.add(`jti:${time}`, '1', null);
      const [added] = await reader.store.get(keys);
      if (added === null) stale.push(`jti:${time}`);
      await writer.store.raise(`sub:${time}`, 7, null);
      const [, raised] = await reader.store.get(keys);
      if (raised === null) stale.push(`sub:${time}`);
    }
    expect(stale).toEqual([]);
  });
});

describe('R65: An application with a cache', () => {
  let server: RedisServer;
  let writer: OpenStore;
  let tools: TokenTools;
  let app: ChildApp;
  const agent = new Agent({ keepAlive: true });

  beforeAll(async () => {
    server = await RedisServer.start({ appendonly: true });
    writer = await nodeRedis(server.url, false);
    tools = await startTokens({ blocklist: { store: writer.store } });
    app = await startApp('redis with a cache', server.url);
  });
  afterAll(async () => {
    agent.destroy();
    await app?.kill();
    await tools?.module.close();
    writer?.close();
    await server.close();
  });

  /** The status, over a connection that is kept open: `fetch` itself takes longer than the invalidation message. */
  function ask(token: string): Promise<number | undefined> {
    const headers = { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      get(`${app.url}/access`, { agent, headers }, (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode);
        });
      }).on('error', reject);
    });
  }

  it.each([
    ['is idle', 0, 200],
    ['is nearly always busy', 3, 200],
    ['reads a request and the invalidation message in one go', 15, 50],
  ])(
    'that %s refuses a token revoked elsewhere in the very next request',
    async (_, milliseconds, times) => {
      await app.send('POST', `/work/${milliseconds}`);
      let stale = 0;
      for (let time = 0; time < times; time += 1) {
        const { accessToken, sessionId } = await tools.tokens.createTokenPair(`user-${time}`);
        // The second look-up is answered from the cache.
        expect([await ask(accessToken), await ask(accessToken)]).toEqual([200, 200]);
        await tools.blocklist.revokeSession(sessionId);
        if ((await ask(accessToken)) === 200) stale += 1;
      }
      expect(stale).toBe(0);
    },
  );
});
