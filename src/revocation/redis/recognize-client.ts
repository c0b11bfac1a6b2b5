import { isObject } from '../../common/checks.js';
import { kindOf, mistake } from '../../common/describe.js';
import { IoRedisCommands } from './ioredis-commands.js';
import { NodeRedisCommands } from './node-redis-commands.js';
import type { IoRedisClient, NodeRedisClient } from './redis-client.js';
import type { RedisCommands } from './redis-commands.js';

/** `connect` tells a client from a transaction or a pipeline, which have every command and answer none of them. */
const NODE_REDIS = ['connect', 'get', 'mGet', 'set', 'del', 'eval', 'hVals', 'hDel'];
const IOREDIS = ['connect', 'get', 'mget', 'set', 'del', 'eval', 'hvals', 'hdel'];

/**
 * The commands of a client, which is known by what it can do: the packages are the application's, and not imported.
 *
 * @throws JwtExtendedConfigError - for anything else
 */
export function recognizeClient(client: unknown): RedisCommands {
  if (isNodeRedis(client)) return new NodeRedisCommands(client);
  if (isIoRedis(client)) return new IoRedisCommands(client);
  throw mistake(
    'RedisBlocklistStore',
    kindOf(client),
    `give a client of the package redis (createClient, createCluster…) or ioredis (new Redis, new Cluster)${hintFor(client)}`,
  );
}

/** Older clients of the package know neither `withTypeMapping` nor the way in which we write the condition of `SET`. */
function isNodeRedis(client: unknown): client is NodeRedisClient {
  return hasMethods(client, [...NODE_REDIS, 'withTypeMapping']);
}

/** Clients of the package `redis` before its fourth version have the same methods, but neither status nor promises. */
function isIoRedis(client: unknown): client is IoRedisClient {
  if (!hasMethods(client, IOREDIS)) return false;
  const { status, isCluster } = client as Partial<Record<keyof IoRedisClient, unknown>>;
  return typeof status === 'string' && typeof isCluster === 'boolean';
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}

function hintFor(client: unknown): string {
  if (client instanceof Promise) return ', and await the promise of it first';
  if (typeof client === 'function') return ': the client itself, not what makes one';
  if (typeof client === 'string') return ': connect to that address first';
  if (hasMethods(client, ['exec'])) return ': the client itself, not a transaction or a pipeline';
  if (hasMethods(client, ['get', 'set', 'eval'])) return ', in a version that is still maintained';
  return '';
}
