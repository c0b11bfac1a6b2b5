import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../common/checks.js';
import type {
  ClaimValue,
  RequiredClaims,
  Requirement,
  RequirementMetadata,
} from '../contracts/route-policy.js';
import type { Claims } from '../contracts/token.js';

/**
 * Merges the requirements of a route's levels into one list. They add up. If two levels require different values of one
 * claim, the nearer level decides, unless the token matches that level's own override.
 *
 * @param groups - the requirements of each level, from the handler outwards
 * @returns `undefined` if nothing is required
 */
export function mergeRequirements(
  groups: readonly (readonly RequirementMetadata[])[],
): readonly Requirement[] | undefined {
  const merged = groups.flatMap((group, index) => {
    const nearer = groups.slice(0, index).flat();
    return group.flatMap((metadata) => requirementsOf(metadata, nearer));
  });
  return merged.length > 0 ? Object.freeze(merged) : undefined;
}

function requirementsOf(
  metadata: RequirementMetadata,
  nearer: readonly RequirementMetadata[],
): readonly Requirement[] {
  const members = membersOf(metadata).flatMap(({ kind, path, value }) => {
    const conflicting = nearer.filter((other) => membersOf(other).some(overlapping(path)));
    const isMet: Requirement['isMet'] = (claims, _params, scopeClaim) =>
      hasClaim(claims, { path: kind === 'scope' ? [scopeClaim, ...path.slice(1)] : path, value });
    return unlessReplaced(metadata, conflicting, { kind, isMet });
  });
  const words = (isWords(metadata.scope) ? metadata.scope : []).flatMap((word) => {
    const isMet: Requirement['isMet'] = (claims, _params, scopeClaim) =>
      hasScopeWord(claims, word, scopeClaim);
    return unlessReplaced(metadata, [], { kind: 'scope', word, isMet });
  });
  const params = Object.entries(metadata.params ?? {}).flatMap(([claim, parameter]) => {
    const conflicting = nearer.filter((other) => Object.hasOwn(other.params ?? {}, claim));
    const isMet = (claims: Claims, given: unknown) =>
      matchesParameter(claims, claim, given, parameter);
    return unlessReplaced(metadata, conflicting, { kind: 'claim', parameter, isMet });
  });
  return [...members, ...params, ...words];
}

type ClaimsTest = (claims: Claims) => boolean;

/** For a token that matches the override of a decorator, that decorator neither requires nor replaces anything. */
function unlessReplaced(
  metadata: RequirementMetadata,
  conflicting: readonly RequirementMetadata[],
  requirement: Omit<Requirement, 'applies'>,
): readonly Requirement[] {
  if (conflicting.some(({ override }) => !override)) return [];
  const isOverridden = overrideOf(metadata);
  const overrides = conflicting.map(overrideOf);
  const applies: ClaimsTest = (claims) =>
    !isOverridden(claims) && overrides.every((isOtherOverridden) => isOtherOverridden(claims));
  return [{ ...requirement, applies }];
}

function overrideOf({ override }: RequirementMetadata): ClaimsTest {
  if (!override) return () => false;
  const values = requiredValues(override);
  return (claims) => values.every((value) => hasClaim(claims, value));
}

/** One required value and the path to it: `{ org: { id: 7 } }` requires 7 at `org`, `id`. */
interface RequiredValue {
  readonly path: readonly string[];
  readonly value: ClaimValue;
}

/** The single values that are required of claims, including those of a `scope` that is an object. */
function membersOf({
  claims = {},
  scope,
}: RequirementMetadata): readonly (RequiredValue & Pick<Requirement, 'kind'>)[] {
  const members: RequiredClaims = !scope || isWords(scope) ? {} : { scope };
  return [
    ...requiredValues(claims).map((required) => ({ ...required, kind: 'claim' as const })),
    ...requiredValues(members).map((required) => ({ ...required, kind: 'scope' as const })),
  ];
}

/** Every single value that is required. An object requires its members one by one. */
export function requiredValues(
  required: RequiredClaims,
  path: readonly string[] = [],
): readonly RequiredValue[] {
  return Object.entries(required).flatMap(([name, value]) => {
    const inner = [...path, name];
    return isMembers(value) ? requiredValues(value, inner) : [{ path: inner, value }];
  });
}

function isWords(scope: RequirementMetadata['scope']): scope is readonly string[] {
  return Array.isArray(scope);
}

/** Whether two requirements concern the same claim; one may require the whole claim and the other a member of it. */
function overlapping(path: readonly string[]): (other: RequiredValue) => boolean {
  return (other) =>
    path.every((name, depth) => depth >= other.path.length || name === other.path[depth]);
}

/** Whether claims have a required value. Only own members count. */
export function hasClaim(claims: Claims, { path, value }: RequiredValue): boolean {
  const isScope = path.length === 1 && path[0] === 'scope';
  const found = path.reduce(memberOf, claims);
  return isScope && typeof found === 'string'
    ? isSatisfied(wordsOf(value), wordsOf(found))
    : isSatisfied(value, found);
}

/** Whether a claim has a word: in a list, or in a string with spaces between the words (RFC 8693 section 4.2). */
export function hasScopeWord(claims: Claims, word: string, scopeClaim: string): boolean {
  const words = wordsOf(memberOf(claims, scopeClaim));
  return Array.isArray(words) && words.includes(word);
}

/** Whether a route parameter equals a claim, or an element of it if the claim is a list. */
export function matchesParameter(
  claims: Claims,
  claim: string,
  params: unknown,
  parameter: string,
): boolean {
  const text = memberOf(params, parameter);
  if (typeof text !== 'string' || text === '') return false;
  const found = memberOf(claims, claim);
  const values: readonly unknown[] = Array.isArray(found) ? found : [found];
  return values.some((value) => textOf(value) === text);
}

/** A URL contains only text. Of numbers only safe integers: 2^53 may be a rounded 2^53 + 1. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** The value of an own member, otherwise `undefined`, which JSON does not have. */
function memberOf(holder: unknown, name: string): unknown {
  return isMembers(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;
}

function wordsOf(value: unknown): unknown {
  return typeof value === 'string' ? value.split(' ') : value;
}

function isSatisfied(required: unknown, found: unknown): boolean {
  if (!Array.isArray(found)) return isSame(required, found);
  const all: readonly unknown[] = Array.isArray(required) ? required : [required];
  return all.every((each) => found.some((element) => isSame(each, element)));
}

/** Objects on both sides have the prototype of a literal: one was parsed from JSON, the other copied by `requiredClaims`. */
function isSame(required: unknown, found: unknown): boolean {
  return required === found || (isObject(required) && isDeepStrictEqual(required, found));
}

function isMembers(value: unknown): value is Readonly<Record<string, ClaimValue>> {
  return isObject(value) && !Array.isArray(value);
}
