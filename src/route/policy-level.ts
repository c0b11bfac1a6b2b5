import type { Type } from '@nestjs/common';
import { plainNameOf } from '../common/describe.js';
import type { Freshness } from '../contracts/route-policy.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type Handler, type HandlerKind, handlerKindOf } from './handlers.js';
import { type GuardClass, type PolicyLevel, stricter } from './merge-policy.js';
import {
  FRESH,
  GUARD_KIND,
  type GuardKind,
  OPTIONAL,
  PUBLIC,
  REQUIRED,
  type RequiredPolicy,
} from './policy-metadata.js';
import { requirementsOn } from './requirements.js';

/** A static property of the classes that `anyOf` makes: the kinds of the token guards among their members. */
export const MEMBER_KINDS = Symbol.for('nestjs-jwt-extended:member-kinds');

/** Nest's metadata key for `@UseGuards`. */
const GUARDS_METADATA = '__guards__';

/** The levels of a handler and of its classes, without the application's. */
export function ownLevelsOf(
  handler: Handler,
  controller: Type,
): readonly [PolicyLevel & { readonly kind: HandlerKind }, ...PolicyLevel[]] {
  const name = `${controller.name}.${handler.name}`;
  return [
    { ...levelOf(name, handler), kind: handlerKindOf(handler) },
    ...classesOf(controller).map((type) => levelOf(type.name, type)),
  ];
}

/** A class and those that it extends, each a level of its own; the class itself is the nearest. */
export function classesOf(controller: Type): readonly Type[] {
  const classes: Type[] = [];
  for (let type: unknown = controller; isClass(type); type = Object.getPrototypeOf(type))
    classes.push(type);
  return classes;
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function' && value !== Function.prototype;
}

/** Nest adds the guards of a class to those that it inherits, and keeps them together. */
function ownGuardsOf(target: object): readonly unknown[] {
  const guards = read(GUARDS_METADATA, target) as readonly unknown[] | undefined;
  const parent: unknown = Object.getPrototypeOf(target);
  const inherited = isClass(parent)
    ? (Reflect.getMetadata(GUARDS_METADATA, parent) as readonly unknown[] | undefined)
    : undefined;
  return guards?.slice(inherited?.length ?? 0) ?? [];
}

/** The level of a class or a handler, read from the decorators on it, and not on what it extends. */
export function levelOf(name: string, target: object): PolicyLevel {
  const required = read(REQUIRED, target) as RequiredPolicy | undefined;
  const own = ownGuardsOf(target);
  refuseInstances(name, own);
  const guards = guardsOf(name, own);
  refuseException(guards, required);
  return {
    ...guards,
    required,
    fresh: freshnessOf(name, read(FRESH, target) as false | Freshness | undefined, required?.fresh),
    optional: optionalOf(name, read(OPTIONAL, target) as boolean | undefined, required?.optional),
    isPublic: read(PUBLIC, target) as boolean | undefined,
    requirements: requirementsOn(target),
  };
}

/** @throws JwtExtendedConfigError - for a token guard that was created with new: the container injects nothing into it */
function refuseInstances(name: string, guards: readonly unknown[]): void {
  const instance = guards.find((guard) => typeof guard !== 'function' && guardKindOf(guard));
  if (!instance) return;
  const guard = plainNameOf(instance.constructor);
  throw new JwtExtendedConfigError(
    `${name} has @UseGuards(new ${guard}()), a guard that the container did not create: write @UseGuards(${guard})`,
  );
}

function freshnessOf(
  name: string,
  own: false | Freshness | undefined,
  required: false | Freshness | undefined,
): false | Freshness | undefined {
  if (own === undefined || required === undefined) return own ?? required;
  if (own && required) return stricter(own, required);
  if (own === required) return own;
  throw new JwtExtendedConfigError(
    `${name} has @Fresh(${own ? '' : 'false'}) and @JwtRequired with fresh${own ? ': false' : ''}: keep one of them`,
  );
}

function optionalOf(
  name: string,
  own: boolean | undefined,
  required: boolean | undefined,
): boolean | undefined {
  if (!own || required !== false) return own ?? required;
  throw new JwtExtendedConfigError(
    `${name} has @JwtOptional() and @JwtRequired({ optional: false }): keep one of them`,
  );
}

/** @throws JwtExtendedConfigError - if `@JwtRequired` leaves out what another token guard of the same level checks */
function refuseException(
  { name, guards }: Pick<PolicyLevel, 'name' | 'guards'>,
  required: RequiredPolicy | undefined,
): void {
  if (!required || guards.length < 2) return;
  const { verifyType, skipRevocationCheck, allowExpired } = required;
  const exception =
    (!verifyType && 'verifyType: false') ||
    (skipRevocationCheck && 'skipRevocationCheck: true') ||
    (allowExpired && 'allowExpired: true');
  if (exception)
    throw new JwtExtendedConfigError(
      `${name} has @JwtRequired({ ${exception} }) and another token guard, which makes that check: keep one of them`,
    );
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
  return Reflect.getOwnMetadata(key, target);
}

/** The guards of a level, given as classes or instances. @throws JwtExtendedConfigError */
export function guardsOf(
  name: string,
  guards: readonly unknown[],
): Pick<PolicyLevel, 'name' | 'guards' | 'guardClasses' | 'anyOfClasses' | 'guardCount'> {
  const classes = guards.map(classOf).filter((type) => type !== undefined);
  for (const guard of classes) {
    const [requirement] = classesOf(guard as Type).flatMap(requirementsOn);
    if (!requirement) continue;
    // Nest does not read the decorators of a guard, so they would protect nothing.
    throw new JwtExtendedConfigError(
      `${requirement.decorator} on ${guard.name}, a guard of ${name}, has no effect: ` +
        'put it on controllers or handlers, or check every token in loaders.tokenVerification',
    );
  }
  return {
    name,
    guards: classes.map(guardKindOf).filter((kind) => kind !== undefined),
    guardClasses: classes.filter((type) => guardKindOf(type) !== undefined),
    anyOfClasses: classes.filter((type) => memberKinds(type).length > 0),
    guardCount: classes.length,
  };
}
