import { checkArray, checkBoolean, checkNonEmptyString, isObject } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import { parseDuration } from '../common/duration.js';
import { refuseUnknownNames } from '../common/read-options.js';
import type { ClaimValue, Freshness, RequiredClaims } from '../contracts/route-policy.js';

/** Checks how fresh a token must be; `maxAge` in seconds. */
export function freshness(wanted: unknown, name: string): false | Freshness {
  if (!isObject(wanted)) return checkBoolean(wanted, name) && {};
  refuseUnknownNames(Object.keys(wanted), ['maxAge'], name);
  return Object.freeze({ maxAge: parseDuration(wanted.maxAge, `${name}.maxAge`) });
}

/**
 * Checks required claims and copies them, so that later changes have no effect.
 *
 * @throws JwtExtendedConfigError - if no token could have them, or if they require nothing
 */
export function requiredClaims(value: unknown, name: string): RequiredClaims {
  if (isPlainObject(value)) return members(value, name, 0);
  throw configError(name, describe(value), "give an object of claims, such as { role: 'admin' }");
}

/** Checks required scopes and copies them: words, or members of a `scope` that is an object. */
export function requiredScope(value: unknown, name: string): readonly string[] | RequiredClaims {
  if (isPlainObject(value)) return members(value, name, 0);
  if (typeof value === 'string') return words(value, name);
  if (Array.isArray(value) && value.length > 0)
    return Object.freeze(checkArray(value, name, words).flat());
  throw configError(name, describe(value), "give words such as 'read:users', or an object");
}

/** One space between two words (RFC 6749 section 3.3). */
function words(value: unknown, name: string): readonly string[] {
  const all = checkNonEmptyString(value, name).split(' ');
  if (all.every((word) => /^\S+$/.test(word))) return Object.freeze(all);
  throw configError(name, describe(value), 'separate words with one space');
}

/** Checks and copies the route parameters that claims must equal. */
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

/** Deeper than any real requirement, so that an object that contains itself is found. */
const MAX_DEPTH = 20;

function members(value: object, name: string, depth: number): RequiredClaims {
  const entries = Object.entries(value);
  if (entries.length === 0)
    throw configError(name, 'an object without members', 'name what the token must have');
  if (depth > MAX_DEPTH)
    throw configError(name, 'an object', `nest it at most ${MAX_DEPTH} levels deep`);
  const checked = entries.map(([key, member]) => [
    checkNonEmptyString(key, `a name in ${name}`),
    claimValue(member, `${name}.${key}`, depth + 1),
  ]);
  return Object.freeze(Object.fromEntries(checked) as Record<string, ClaimValue>);
}

/** Refuses empty objects and lists, which require nothing, and `undefined`, which is probably an unset variable. */
function claimValue(value: unknown, name: string, depth: number): ClaimValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (isPlainObject(value)) return members(value, name, depth);
  if (Array.isArray(value) && value.length > 0 && depth <= MAX_DEPTH)
    return Object.freeze(
      checkArray(value, name, (each, path) => claimValue(each, path, depth + 1)),
    );
  throw configError(name, describe(value), 'give a value that JSON can hold and that is not empty');
}

/** Refuses instances of classes, whose members may be computed or inherited. An object of another realm is plain too. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
