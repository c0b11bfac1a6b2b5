import { checkArray, checkBoolean, checkNonEmptyString, isObject } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import { parseDuration } from '../common/duration.js';
import { refuseUnknownNames } from '../common/read-options.js';
import {
  type ClaimValue,
  type Freshness,
  ONE_OF,
  type OneOf,
  type RequiredClaim,
  type RequiredClaims,
  type SingleClaimValue,
} from '../contracts/route-policy.js';

/**
 * Requires any of several values of a claim, wherever claims are required: in `@RequireClaims`, `@JwtRequired({ claims })`
 * and `TokenService.authenticate`, and in an `override`. If the claim is a list, it must contain one of the values.
 *
 * @param values - strings, numbers, booleans or `null`
 * @throws JwtExtendedConfigError - without a value, and for a value of another kind, such as a list or another `oneOf`
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @RequireClaims({ role: oneOf('admin', 'editor') })
 * @Post('articles')
 * publish(@CurrentIdentity() id: string) {
 *   return { author: id };
 * }
 * ```
 */
export function oneOf<const T extends readonly SingleClaimValue[]>(...values: T): OneOf<T[number]> {
  const wrong = (values as readonly unknown[]).filter((value) => !isSingle(value));
  if (values.length === 0)
    throw configError(
      'oneOf',
      'nothing',
      "give the values of which one is enough: oneOf('a', 'b')",
    );
  if (wrong.length > 0)
    throw configError(
      'oneOf',
      nameOf(wrong[0]),
      "give strings, numbers, booleans or null, each as an argument: oneOf('a', 'b')",
    );
  return Object.freeze({ [ONE_OF]: Object.freeze([...values]) });
}

function nameOf(value: unknown): string {
  return isOneOf(value) ? 'a oneOf' : describe(value);
}

/** Whether `oneOf` made a value. */
export function isOneOf(value: unknown): value is OneOf {
  return isObject(value) && ONE_OF in value;
}

function isSingle(value: unknown): value is SingleClaimValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  return typeof value === 'number' && Number.isFinite(value);
}

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
  if (isPlainObject(value)) return members(value, name, { depth: 0 });
  throw configError(name, nameOf(value), "give an object of claims, such as { role: 'admin' }");
}

/** Checks required scopes and copies them: words, or members of a `scope` that is an object. */
export function requiredScope(value: unknown, name: string): readonly string[] | RequiredClaims {
  if (isOneOf(value))
    throw configError(
      name,
      'a oneOf',
      "require it as a claim: @RequireClaims({ scope: oneOf('read', 'write') })",
    );
  if (isPlainObject(value)) return members(value, name, { depth: 0 });
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

/** Where a value stands: how deep, and whether a list contains it. */
interface Place {
  readonly depth: number;
  readonly isInList?: boolean;
}

function members(value: object, name: string, place: Place): RequiredClaims {
  const entries = Object.entries(value);
  if (entries.length === 0)
    throw configError(name, 'an object without members', 'name what the token must have');
  if (place.depth > MAX_DEPTH)
    throw configError(name, 'an object', `nest it at most ${MAX_DEPTH} levels deep`);
  const inside = { ...place, depth: place.depth + 1 };
  const checked = entries.map(([key, member]) => [
    checkNonEmptyString(key, `a name in ${name}`),
    requiredClaim(member, `${name}.${key}`, inside),
  ]);
  return Object.freeze(Object.fromEntries(checked) as Record<string, RequiredClaim>);
}

/** Refuses empty objects and lists, which require nothing, and `undefined`, which is probably an unset variable. */
function requiredClaim(value: unknown, name: string, place: Place): RequiredClaim {
  if (isSingle(value)) return value;
  if (isOneOf(value) && !place.isInList) return value;
  if (isOneOf(value))
    throw configError(name, 'a oneOf inside a list', 'require it in a decorator of its own');
  if (isPlainObject(value)) return members(value, name, place);
  if (Array.isArray(value) && value.length > 0 && place.depth <= MAX_DEPTH) {
    const inside = { depth: place.depth + 1, isInList: true };
    const checked = checkArray(value, name, (each, path) => requiredClaim(each, path, inside));
    return Object.freeze(checked as readonly ClaimValue[]);
  }
  throw configError(name, describe(value), 'give a value that JSON can hold and that is not empty');
}

/** Refuses instances of classes, whose members may be computed or inherited. An object of another realm is plain too. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value) || isOneOf(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
