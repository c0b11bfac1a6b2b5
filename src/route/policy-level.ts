import type { Freshness } from '../contracts/route-policy.js';
import { type GuardKind, guardKindOf } from './guard-kind.js';
import { FRESH, OPTIONAL, PUBLIC, REQUIRED, type RequiredPolicy } from './policy-metadata.js';

/** Nest's own key for what `@UseGuards` was given. */
const GUARDS_METADATA = '__guards__';

/** What one level (a handler, its controller, the application) says of a route. */
export interface PolicyLevel {
  /** For messages: `AccountController.login`. */
  readonly name: string;
  readonly guards: readonly GuardKind[];
  readonly required: RequiredPolicy | undefined;
  /** `undefined` where the level says nothing of it. */
  readonly fresh: false | Freshness | undefined;
  readonly optional: boolean | undefined;
  readonly isPublic: boolean | undefined;
}

/** The level of guards alone: the application's. */
export function levelOfGuards(name: string, guards: readonly unknown[]): PolicyLevel {
  return {
    name,
    guards: kindsOf(guards),
    required: undefined,
    fresh: undefined,
    optional: undefined,
    isPublic: undefined,
  };
}

/** The level of a controller class or a handler, read from its decorators. */
export function levelOf(name: string, target: object): PolicyLevel {
  const guards = read(GUARDS_METADATA, target) as readonly unknown[] | undefined;
  const required = read(REQUIRED, target) as RequiredPolicy | undefined;
  return {
    name,
    guards: kindsOf(guards ?? []),
    required,
    fresh: (read(FRESH, target) as false | Freshness | undefined) ?? required?.fresh,
    optional: (read(OPTIONAL, target) as boolean | undefined) ?? required?.optional,
    isPublic: read(PUBLIC, target) as boolean | undefined,
  };
}

function read(key: string | symbol, target: object): unknown {
  return Reflect.getMetadata(key, target);
}

function kindsOf(guards: readonly unknown[]): readonly GuardKind[] {
  return guards.map(guardKindOf).filter((kind) => kind !== undefined);
}
