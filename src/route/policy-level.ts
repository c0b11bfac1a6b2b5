import type { Freshness } from '../contracts/route-policy.js';
import type { TokenType } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  type RequirementMetadata,
  FRESH,
  OPTIONAL,
  PUBLIC,
  REQUIRED,
  type RequiredPolicy,
} from './policy-metadata.js';
import { demandsOn } from './requirements.js';

/** What a token guard asks for. */
export type GuardKind = TokenType | 'fresh';

/** The class of a guard. */
export type GuardClass = abstract new (...args: never[]) => unknown;

/** Stands on every token guard's class, so that subclasses and other copies of this library are known too. */
export const GUARD_KIND = Symbol.for('nestjs-jwt-extended:guard-kind');

/** Stands on the classes that `anyOf` makes: what the token guards among their guards ask for. */
export const ALTERNATIVES = Symbol.for('nestjs-jwt-extended:alternatives');

/** What a guard, given as class or instance, asks for; `undefined` for a guard of another kind. */
export function guardKindOf(guard: unknown): GuardKind | undefined {
  const type = classOf(guard) as { [GUARD_KIND]?: GuardKind } | undefined;
  return type?.[GUARD_KIND];
}

/** What the token guards of a class that `anyOf` has made ask for; nothing for any other. */
export function memberKinds(guard: unknown): readonly GuardKind[] {
  const type = classOf(guard) as { [ALTERNATIVES]?: readonly GuardKind[] } | undefined;
  return type?.[ALTERNATIVES] ?? [];
}

/** The class of a guard that may be given as class or instance. */
export function classOf(guard: unknown): GuardClass | undefined {
  const type =
    typeof guard === 'function' ? guard : (guard as object | null | undefined)?.constructor;
  return type as GuardClass | undefined;
}

/** Nest's own key for what `@UseGuards` was given. */
const GUARDS_METADATA = '__guards__';

/** What one level (a handler, its controller, the application) says of a route. */
export interface PolicyLevel {
  /** For messages: `AccountController.login`. */
  readonly name: string;
  readonly guards: readonly GuardKind[];
  /** The classes of these guards. */
  readonly guardClasses: readonly GuardClass[];
  /** The classes made by `anyOf` that stand here and have a token guard among their guards. */
  readonly alternatives: readonly GuardClass[];
  readonly required: RequiredPolicy | undefined;
  /** `undefined` where the level says nothing of it. */
  readonly fresh: false | Freshness | undefined;
  readonly optional: boolean | undefined;
  readonly isPublic: boolean | undefined;
  /** What is demanded of claims, the nearest group first: of a class, its own before what it inherits. */
  readonly demands: readonly (readonly RequirementMetadata[])[];
}

/** The level of guards alone: the application's. */
export function levelOfGuards(name: string, guards: readonly unknown[]): PolicyLevel {
  return {
    name,
    ...standing(name, guards),
    required: undefined,
    fresh: undefined,
    optional: undefined,
    isPublic: undefined,
    demands: [],
  };
}

/** The level of a controller class or a handler, read from its decorators. */
export function levelOf(name: string, target: object): PolicyLevel {
  const guards = read(GUARDS_METADATA, target) as readonly unknown[] | undefined;
  const required = read(REQUIRED, target) as RequiredPolicy | undefined;
  return {
    name,
    ...standing(name, guards ?? []),
    required,
    fresh: (read(FRESH, target) as false | Freshness | undefined) ?? required?.fresh,
    optional: (read(OPTIONAL, target) as boolean | undefined) ?? required?.optional,
    isPublic: read(PUBLIC, target) as boolean | undefined,
    demands: demandsOn(target),
  };
}

function read(key: string | symbol, target: object): unknown {
  return Reflect.getMetadata(key, target);
}

function standing(
  name: string,
  guards: readonly unknown[],
): Pick<PolicyLevel, 'guards' | 'guardClasses' | 'alternatives'> {
  const classes = guards.map(classOf).filter((type) => type !== undefined);
  classes.forEach((type) => refuseDemandsOn(type, name));
  const guardClasses = classes.filter((type) => guardKindOf(type) !== undefined);
  return {
    guards: guardClasses.map(guardKindOf).filter((kind) => kind !== undefined),
    guardClasses,
    alternatives: classes.filter((type) => memberKinds(type).length > 0),
  };
}

/** Nobody reads the decorators of a guard, so that they would protect nothing. */
function refuseDemandsOn(guard: GuardClass, level: string): void {
  const [[demand] = []] = demandsOn(guard);
  if (!demand) return;
  throw new JwtExtendedConfigError(
    `${demand.decorator} on ${guard.name}, a guard of ${level}, has no effect: ` +
      'put it on controllers or handlers, or let loaders.tokenVerification look at every token',
  );
}
