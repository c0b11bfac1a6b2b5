import { checkArray, checkNonEmptyString, isObject, optional } from '../common/checks.js';
import { describe, configError } from '../common/describe.js';
import type { ClaimValue, RequiredClaims } from '../contracts/route-policy.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type RequirementMetadata, DEMANDS } from './policy-metadata.js';

/** Nobody writes a requirement as deep as that; one that contains itself is deeper. */
const DEEPEST = 20;

/**
 * Settles claims that are required: a copy, so that nothing changes them afterwards.
 *
 * @throws JwtExtendedConfigError - when no token could have them, or when they demand nothing
 */
export function requiredClaims(value: unknown, name: string): RequiredClaims {
  if (isPlainObject(value)) return members(value, name, 0);
  throw configError(name, describe(value), "give an object of claims, such as { role: 'admin' }");
}

/** Settles scopes that are required: words, or members of a `scope` that is an object. */
export function requiredScope(value: unknown, name: string): readonly string[] | RequiredClaims {
  if (isPlainObject(value)) return members(value, name, 0);
  if (typeof value === 'string') return words(value, name);
  if (Array.isArray(value) && value.length > 0)
    return Object.freeze(checkArray(value, name, words).flat());
  throw configError(name, describe(value), "give words such as 'read:users', or an object");
}

/** One blank between two words (RFC 6749 section 3.3). */
function words(value: unknown, name: string): readonly string[] {
  const all = checkNonEmptyString(value, name).split(' ');
  if (all.every((word) => /^\S+$/.test(word))) return Object.freeze(all);
  throw configError(name, describe(value), 'give words with one blank between two of them');
}

/** Settles which claims are to equal which route parameters. */
export function parameterNames(value: unknown, name: string): Readonly<Record<string, string>> {
  if (!isPlainObject(value) || Object.keys(value).length === 0)
    throw configError(
      name,
      describe(value),
      "give an object with a claim and the route parameter that it must equal: { sub: 'username' }",
    );
  const entries = Object.entries(value).map(([claim, parameter]) => [
    checkNonEmptyString(claim, `the name of a claim in ${name}`),
    checkNonEmptyString(parameter, `${name}.${claim}`),
  ]);
  return Object.freeze(Object.fromEntries(entries) as Record<string, string>);
}

function members(value: object, name: string, depth: number): RequiredClaims {
  const entries = Object.entries(value);
  if (entries.length === 0)
    throw configError(name, 'an object without members', 'name what the token must have');
  if (depth > DEEPEST) throw configError(name, 'an object', 'do not nest it as deep as that');
  const settled = entries.map(([key, member]) => [
    checkNonEmptyString(key, `a name in ${name}`),
    claimValue(member, `${name}.${key}`, depth + 1),
  ]);
  return Object.freeze(Object.fromEntries(settled) as Record<string, ClaimValue>);
}

/** Empty objects and lists would demand nothing, and `undefined` is a variable that nobody has set. */
function claimValue(value: unknown, name: string, depth: number): ClaimValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (isPlainObject(value)) return members(value, name, depth);
  if (Array.isArray(value) && value.length > 0 && depth <= DEEPEST)
    return Object.freeze(
      checkArray(value, name, (each, path) => claimValue(each, path, depth + 1)),
    );
  throw configError(
    name,
    describe(value),
    'give a value that JSON can hold, and that is not empty',
  );
}

/** No instance of a class, whose members may be computed or inherited; one of another realm will do. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What `@JwtRequired` requires, if it does. */
export function demandOf(
  decorator: string,
  given: Readonly<Partial<Record<'claims' | 'scope' | 'params' | 'override', unknown>>>,
): RequirementMetadata | undefined {
  const claims = optional(given.claims, `${decorator}.claims`, requiredClaims);
  const scope = optional(given.scope, `${decorator}.scope`, requiredScope);
  const params = optional(given.params, `${decorator}.params`, parameterNames);
  const override = optional(given.override, `${decorator}.override`, requiredClaims);
  if (claims || scope || params) return { decorator, claims, scope, params, override };
  if (!override) return undefined;
  throw new JwtExtendedConfigError(
    `${decorator}.override has nothing to excuse a token from: give claims, scope or params too`,
  );
}

/** Adds to what stands there already: the second decorator of a kind must not take the place of the first. */
export function addRequirement(demand: RequirementMetadata): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const holder = descriptor ? (descriptor.value as object) : target;
    const demands = (Reflect.getOwnMetadata(DEMANDS, holder) ??
      []) as readonly RequirementMetadata[];
    Reflect.defineMetadata(DEMANDS, [...demands, Object.freeze(demand)], holder);
  };
}

/**
 * What decorators on a handler or a class demand, the nearest first: a class comes before the one that it extends,
 * whose demands it inherits with its guards.
 */
export function demandsOn(target: object): readonly (readonly RequirementMetadata[])[] {
  const groups: (readonly RequirementMetadata[])[] = [];
  for (let holder: unknown = target; typeof holder === 'function';) {
    const own = Reflect.getOwnMetadata(DEMANDS, holder) as
      readonly RequirementMetadata[] | undefined;
    if (own) groups.push(own);
    holder = Object.getPrototypeOf(holder);
  }
  return groups;
}
