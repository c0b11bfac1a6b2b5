import type { Freshness } from '../contracts/route-policy.js';
import type { TokenType } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  FRESH,
  OPTIONAL,
  PUBLIC,
  REQUIRED,
  type RequiredPolicy,
  type RequirementMetadata,
} from './policy-metadata.js';
import { requirementsOn } from './requirements.js';

/** What a token guard requires. */
export type GuardKind = TokenType | 'fresh';

/** The class of a guard. */
export type GuardClass = abstract new (...args: never[]) => unknown;

/** A static property of token guards. It identifies subclasses, and guards of other copies of this library, too. */
export const GUARD_KIND = Symbol.for('nestjs-jwt-extended:guard-kind');

/** A static property of the classes that `anyOf` makes: the kinds of the token guards among their members. */
export const MEMBER_KINDS = Symbol.for('nestjs-jwt-extended:member-kinds');

/** What one level of a route (the handler, its controller, the application) declares. */
export interface PolicyLevel {
  /** For messages: `AccountController.login`. */
  readonly name: string;
  /** The kinds of its token guards. */
  readonly guards: readonly GuardKind[];
  /** The classes of its token guards. */
  readonly guardClasses: readonly GuardClass[];
  /** The classes made by `anyOf` that have a token guard among their members. */
  readonly anyOfClasses: readonly GuardClass[];
  readonly required: RequiredPolicy | undefined;
  /** `undefined` if the level does not say. */
  readonly fresh: false | Freshness | undefined;
  readonly optional: boolean | undefined;
  readonly isPublic: boolean | undefined;
  /** The requirements, in groups: those of a class come before the inherited ones. */
  readonly requirements: readonly (readonly RequirementMetadata[])[];
}

/** Nest's metadata key for `@UseGuards`. */
const GUARDS_METADATA = '__guards__';

/** The level of a controller class or a handler, read from its decorators. */
export function levelOf(name: string, target: object): PolicyLevel {
  const guards = read(GUARDS_METADATA, target) as readonly unknown[] | undefined;
  const required = read(REQUIRED, target) as RequiredPolicy | undefined;
  return {
    name,
    ...guardsOf(name, guards ?? []),
    required,
    fresh: (read(FRESH, target) as false | Freshness | undefined) ?? required?.fresh,
    optional: (read(OPTIONAL, target) as boolean | undefined) ?? required?.optional,
    isPublic: read(PUBLIC, target) as boolean | undefined,
    requirements: requirementsOn(target),
  };
}

/** The level of the application, which has guards only. */
export function levelOfGuards(name: string, guards: readonly unknown[]): PolicyLevel {
  return {
    name,
    ...guardsOf(name, guards),
    required: undefined,
    fresh: undefined,
    optional: undefined,
    isPublic: undefined,
    requirements: [],
  };
}

/** The kind of a token guard, given as class or instance; `undefined` for any other guard. */
export function guardKindOf(guard: unknown): GuardKind | undefined {
  const type = classOf(guard) as { [GUARD_KIND]?: GuardKind } | undefined;
  return type?.[GUARD_KIND];
}

/** The kinds of the token guards in a class made by `anyOf`; empty for any other guard. */
export function memberKinds(guard: unknown): readonly GuardKind[] {
  const type = classOf(guard) as { [MEMBER_KINDS]?: readonly GuardKind[] } | undefined;
  return type?.[MEMBER_KINDS] ?? [];
}

/** The class of a guard, given as class or instance. */
export function classOf(guard: unknown): GuardClass | undefined {
  const type =
    typeof guard === 'function' ? guard : (guard as object | null | undefined)?.constructor;
  return type as GuardClass | undefined;
}

function read(key: string | symbol, target: object): unknown {
  return Reflect.getMetadata(key, target);
}

function guardsOf(
  name: string,
  guards: readonly unknown[],
): Pick<PolicyLevel, 'guards' | 'guardClasses' | 'anyOfClasses'> {
  const classes = guards.map(classOf).filter((type) => type !== undefined);
  classes.forEach((type) => refuseRequirementsOn(type, name));
  const guardClasses = classes.filter((type) => guardKindOf(type) !== undefined);
  return {
    guards: guardClasses.map(guardKindOf).filter((kind) => kind !== undefined),
    guardClasses,
    anyOfClasses: classes.filter((type) => memberKinds(type).length > 0),
  };
}

/** Nest does not read the decorators of a guard, so they would protect nothing. */
function refuseRequirementsOn(guard: GuardClass, level: string): void {
  const [[requirement] = []] = requirementsOn(guard);
  if (!requirement) return;
  throw new JwtExtendedConfigError(
    `${requirement.decorator} on ${guard.name}, a guard of ${level}, has no effect: ` +
      'put it on controllers or handlers, or check every token in loaders.tokenVerification',
  );
}
