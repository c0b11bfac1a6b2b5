// `node --expose-gc test/benchmark/sessions.js [address of a Redis]`: how many logins, refreshes and logouts a module does
// in a second, and what it keeps of them. It prints one line of JSON.
import { Test } from '@nestjs/testing';
import { Logger } from '@nestjs/common';
import {
  BlocklistService,
  JwtExtendedModule,
  MemoryBlocklistStore,
  RedisBlocklistStore,
  TokenService,
} from 'nestjs-jwt-extended';
import { createClient } from 'redis';

Logger.overrideLogger(false);
const [, , address] = process.argv;
const AT_ONCE = 50;
const COUNT = 4_000;
const KEPT = 20_000;

const client = address === undefined ? undefined : createClient({ url: address });
client?.on('error', () => undefined);
await client?.connect();

const plain = await start();
const listed = await start({ sessions: { list: true } });
const results = { plain: await speedOf(plain), listed: await speedOf(listed) };
if (client === undefined) results.bytes = await bytesKept();
console.log(JSON.stringify(results));
await Promise.all([plain.close(), listed.close()]);
client?.destroy();

async function start(options) {
  const store = client
    ? new RedisBlocklistStore(client, { prefix: `${JSON.stringify(options ?? {}).length}:` })
    : new MemoryBlocklistStore();
  const secret = 'a secret of the benchmark that is long enough, as 256 bits';
  const imports = [JwtExtendedModule.forRoot({ secret, blocklist: { store }, ...options })];
  const module = await Test.createTestingModule({ imports }).compile();
  const [tokens, blocklist] = [module.get(TokenService), module.get(BlocklistService)];
  return { store, tokens, blocklist, close: () => module.close() };
}

/** Logins, refreshes and logouts per second, many at once, each session of a user of its own. */
async function speedOf({ tokens, blocklist }) {
  const pairs = [];
  const logIn = async (index) => (pairs[index] = await tokens.createTokenPair(`user ${index}`));
  const refresh = async (index) => {
    pairs[index] = await tokens.rotateRefreshToken(pairs[index].refreshToken);
  };
  const logOut = async (index) =>
    blocklist.revokeSession(
      await tokens.authenticate(pairs[index].refreshToken, { type: 'refresh' }),
    );
  return { login: await rate(logIn), refresh: await rate(refresh), logout: await rate(logOut) };
}

async function rate(work) {
  const start = performance.now();
  for (let first = 0; first < COUNT; first += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => work(first + index)));
  }
  return (COUNT / (performance.now() - start)) * 1_000;
}

/** Bytes that stay in memory after a login, and after each rotation of one session. */
async function bytesKept() {
  const perLogin = async (application) => {
    const before = heapUsed();
    for (let index = 0; index < KEPT; index += 1) {
      await application.tokens.createTokenPair(`user ${index % 1_000} of ${KEPT}`);
    }
    return (heapUsed() - before) / KEPT;
  };
  const rotating = await start();
  let { refreshToken } = await rotating.tokens.createTokenPair('alice');
  const before = heapUsed();
  for (let index = 0; index < KEPT; index += 1) {
    ({ refreshToken } = await rotating.tokens.rotateRefreshToken(refreshToken));
  }
  const rotation = (heapUsed() - before) / KEPT;
  const costs = { login: await perLogin(await start()), rotation };
  return { ...costs, listedLogin: await perLogin(await start({ sessions: { list: true } })) };
}

function heapUsed() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
