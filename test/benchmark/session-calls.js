// `node --expose-gc test/benchmark/session-calls.js <rounds> [address of a Redis]`: the CPU seconds of this process that a
// login, a refresh and a logout take, beside the same tokens signed and verified by node:crypto, and what a module keeps
// of them. It prints one line of JSON. What Redis takes does not count.
import { Test } from '@nestjs/testing';
import { Logger } from '@nestjs/common';
import {
  BlocklistService,
  JwtExtendedModule,
  MemoryBlocklistStore,
  RedisBlocklistStore,
  TokenService,
} from 'nestjs-jwt-extended';
import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { mapValues, takeTurns } from './statistics.js';
import { claimsOf, mintRaw, SECRET, verifyRaw } from './tokens.js';

Logger.overrideLogger(false);
const [, , rounds, address] = process.argv;
/** Sessions of a round, and how many of them go on at once. */
const COUNT = 200;
const AT_ONCE = 50;
/** Rounds after which the engine has compiled what it will. */
const WARM_UPS = 15;
const KEPT = 20_000;

const client = address === undefined ? undefined : createClient({ url: address });
client?.on('error', () => undefined);
await client?.connect();

const results = { plain: await costsOf({}), listed: await costsOf({ sessions: { list: true } }) };
if (client === undefined) results.bytes = await bytesKept();
console.log(JSON.stringify(results));
client?.destroy();
process.exit();

async function start(options) {
  const store = client
    ? new RedisBlocklistStore(client, { prefix: `${JSON.stringify(options).length}:` })
    : new MemoryBlocklistStore();
  const imports = [JwtExtendedModule.forRoot({ secret: SECRET, blocklist: { store }, ...options })];
  const module = await Test.createTestingModule({ imports }).compile();
  return { tokens: module.get(TokenService), blocklist: module.get(BlocklistService) };
}

/** Each session is one of a user of its own. What is refreshed and logged out in a round is logged in before it. */
async function costsOf(options) {
  const { tokens, blocklist } = await start(options);
  const [login, refresh] = await samples(tokens);
  const logIn = () => tokens.createTokenPair(randomUUID());
  let [toRefresh, toLogOut] = [[], []];
  const work = {
    login: logIn,
    rawLogin: () => mintBoth(login),
    refresh: (index) => tokens.rotateRefreshToken(toRefresh[index].refreshToken),
    rawRefresh: (index) => {
      verifyRaw('HS256', toRefresh[index].refreshToken);
      mintBoth(refresh);
    },
    logout: async (index) => {
      const { refreshToken } = toLogOut[index];
      await blocklist.revokeSession(await tokens.authenticate(refreshToken, { type: 'refresh' }));
    },
  };
  const contenders = mapValues(work, (one) => ({ calls: COUNT, run: () => forAll(one) }));
  const prepare = async () => {
    [toRefresh, toLogOut] = [await forAll(logIn), await forAll(logIn)];
  };
  return takeTurns(contenders, { rounds: Number(rounds), warmUps: WARM_UPS, prepare });
}

/** The claims of the pairs that a login and a refresh give. */
async function samples(tokens) {
  const login = await tokens.createTokenPair(randomUUID());
  const refresh = await tokens.rotateRefreshToken(login.refreshToken);
  return [login, refresh].map((pair) => [claimsOf(pair.accessToken), claimsOf(pair.refreshToken)]);
}

/** Two tokens with the same claims, but ids and times of their own. */
function mintBoth(samples) {
  const now = Math.floor(Date.now() / 1000);
  const sid = randomUUID();
  for (const sample of samples) {
    const ids = { jti: randomUUID(), csrf: randomUUID(), sid };
    const times = { iat: now, nbf: now, exp: sample.exp - sample.iat + now };
    mintRaw('HS256', { ...sample, ...ids, ...times });
  }
}

async function forAll(work) {
  const results = [];
  for (let first = 0; first < COUNT; first += AT_ONCE) {
    const group = Array.from({ length: AT_ONCE }, (_, index) => work(first + index));
    results.push(...(await Promise.all(group)));
  }
  return results;
}

/** Bytes that stay in memory after a login, and after each rotation of one session. */
async function bytesKept() {
  const perLogin = async ({ tokens }) => {
    const before = heapUsed();
    for (let index = 0; index < KEPT; index += 1) {
      await tokens.createTokenPair(`user ${index % 1_000} of ${KEPT}`);
    }
    return (heapUsed() - before) / KEPT;
  };
  const rotating = await start({});
  let { refreshToken } = await rotating.tokens.createTokenPair('alice');
  const before = heapUsed();
  for (let index = 0; index < KEPT; index += 1) {
    ({ refreshToken } = await rotating.tokens.rotateRefreshToken(refreshToken));
  }
  const rotation = (heapUsed() - before) / KEPT;
  const costs = { login: await perLogin(await start({})), rotation };
  return { ...costs, listedLogin: await perLogin(await start({ sessions: { list: true } })) };
}

function heapUsed() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
