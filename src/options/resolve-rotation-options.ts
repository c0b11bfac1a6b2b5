import type { BlocklistStore } from '../contracts/blocklist-store.js';
import { checkInteger, optional } from './checks.js';
import { ROTATION_DEFAULTS } from './defaults.js';
import { describe } from './describe.js';
import { parseDuration } from './duration.js';
import type { RotationOptions } from './jwt-extended-options.js';
import { mistake } from './mistake.js';
import type { ResolvedOptions } from './resolved-options.js';
import { settle } from './settle.js';

const LONGEST_GRACE = 60;
const KEEPERS = 'use Redis, SQL or the memory store as blocklist.store';

/** How refresh tokens are rotated; refused beside a store that could not do it. */
export function resolveRotationOptions(
  value: unknown,
  store: BlocklistStore | undefined,
): ResolvedOptions['rotation'] {
  const given = settle<RotationOptions>(
    value === undefined ? {} : value,
    ROTATION_DEFAULTS,
    'rotation',
  );
  if (value !== undefined && store?.isAtomic === false) {
    throw mistake('rotation', 'beside a store whose add is not atomic', KEEPERS);
  }
  const maxSessions = optional(given.maxSessions, 'rotation.maxSessions', (count, name) =>
    checkInteger(count, name, 1, 1_000_000),
  );
  if (maxSessions !== undefined && store && !store.sessions) {
    throw mistake('rotation.maxSessions', 'beside a store that keeps no sessions', KEEPERS);
  }
  return {
    graceMs: checkGrace(given.grace) * 1000,
    sessionLifetime: optional(given.sessionLifetime, 'rotation.sessionLifetime', checkLifetime),
    maxSessions,
  };
}

function checkGrace(value: unknown): number {
  const seconds = parseDuration(value, 'rotation.grace');
  if (seconds <= LONGEST_GRACE) return seconds;
  throw mistake(
    'rotation.grace',
    describe(value),
    `give ${LONGEST_GRACE} seconds at most: within it a stolen token goes unnoticed`,
  );
}

function checkLifetime(value: unknown, name: string): number {
  const seconds = parseDuration(value, name);
  if (seconds > 0) return seconds;
  throw mistake(name, describe(value), 'give more than 0 seconds, or leave it out for none');
}
