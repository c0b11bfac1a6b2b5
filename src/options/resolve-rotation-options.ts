import type { Duration } from '../contracts/token.js';
import type { BlocklistStore } from '../contracts/blocklist-store.js';
import { checkInteger, optional } from '../common/checks.js';

import { describe, mistake } from '../common/describe.js';
import { parseDuration } from '../common/duration.js';

import type { ResolvedOptions } from './resolved-options.js';
import { type Defaults, settle } from '../common/read-options.js';

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

export const ROTATION_DEFAULTS: Defaults<RotationOptions> = {
  grace: '10s',
  sessionLifetime: undefined,
  maxSessions: undefined,
};

/** How refresh tokens are rotated, and how long sessions may last. */
export interface RotationOptions {
  /**
   * How long a spent refresh token still gives the same successor, for a client that raced with itself or lost an
   * answer; at most a minute. `0` takes every second use for theft.
   *
   * @default '10s'
   */
  grace?: Duration;
  /**
   * How long a session may last from its login, however often it is refreshed.
   *
   * @default none
   */
  sessionLifetime?: Duration;
  /**
   * How many sessions an identity may have at a time; one more ends the oldest.
   *
   * @default none
   */
  maxSessions?: number;
}
