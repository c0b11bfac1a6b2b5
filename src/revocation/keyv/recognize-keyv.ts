import { isObject } from '../../common/checks.js';
import { kindOf, mistake } from '../../common/describe.js';
import { hasMethod } from './has-method.js';
import type { KeyvClient } from './keyv-client.js';

const METHODS = ['get', 'getMany', 'set', 'delete'] as const;

/**
 * The Keyv to ask. Where there are several tiers it is the last: those before it are memory of single processes, in
 * which a revocation of another process does not show.
 *
 * @throws JwtExtendedConfigError - for what is no Keyv and has none
 */
export function recognizeKeyv(client: unknown): KeyvClient {
  const tier = lastTier(client);
  if (isKeyv(tier)) return tier;
  throw mistake(
    'KeyvBlocklistStore',
    kindOf(client),
    `give a Keyv of the package keyv (5 or newer), or the CACHE_MANAGER of @nestjs/cache-manager${hintFor(client)}`,
  );
}

/** A cache of `cache-manager` has `stores`; one of `cacheable`, which may be among them, has a primary and a secondary. */
function lastTier(client: unknown): unknown {
  if (!isObject(client)) return client;
  if (Array.isArray(client.stores)) return lastTier(client.stores.at(-1));
  if ('primary' in client) return client.secondary ?? client.primary;
  return client;
}

function isKeyv(value: unknown): value is KeyvClient {
  return METHODS.every((name) => hasMethod(value, name));
}

function hintFor(client: unknown): string {
  if (client instanceof Promise) return ', and await the promise of it first';
  if (typeof client === 'function') return ': the Keyv itself, not its class';
  if (client instanceof Map) return ': new Keyv({ store: … }) around it';
  return '';
}
