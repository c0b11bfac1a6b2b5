import { isObject } from '../common/checks.js';
import type { ClaimValue, RequiredClaims, Requirement } from '../contracts/route-policy.js';
import type { Claims } from '../contracts/token.js';
import type { RequirementMetadata } from './policy-metadata.js';

/** One value that is demanded, and the members that lead to it: `{ org: { id: 7 } }` demands 7 at `org`, `id`. */
interface Demanded {
  readonly path: readonly string[];
  readonly value: ClaimValue;
}

/** Every single value that is demanded. An object demands nothing but its members, so none of them can be passed over. */
export function demandedBy(
  required: RequiredClaims,
  path: readonly string[] = [],
): readonly Demanded[] {
  return Object.entries(required).flatMap(([name, value]) => {
    const inner = [...path, name];
    return isMembers(value) ? demandedBy(value, inner) : [{ path: inner, value }];
  });
}

/** Whether claims have what is demanded: members of their own, whatever the name. */
export function hasClaim(claims: Claims, { path, value }: Demanded): boolean {
  const isScope = path.length === 1 && path[0] === 'scope';
  const found = path.reduce(memberOf, claims);
  return isScope && typeof found === 'string'
    ? suffices(wordsOf(found), wordsOf(value))
    : suffices(found, value);
}

/** Whether a word is in the claim `scope`: a list of words, or OAuth's, which blanks separate (RFC 8693 section 4.2). */
export function hasScopeWord(claims: Claims, word: string): boolean {
  const words = wordsOf(memberOf(claims, 'scope'));
  return Array.isArray(words) && words.includes(word);
}

/** A member of its own that an object has; `undefined`, which JSON does not know, where there is none. */
function memberOf(holder: unknown, name: string): unknown {
  return isMembers(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;
}

/** Whether two JSON values are the same. As deep as the first one is, however deep the other. */
function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((each, index) => isSame(each, other[index]))
    );
  }
  if (!isMembers(one)) return one === other;
  const names = Object.keys(one);
  return (
    isMembers(other) &&
    Object.keys(other).length === names.length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}

function wordsOf(value: unknown): unknown {
  return typeof value === 'string' ? value.split(' ') : value;
}

function suffices(found: unknown, demanded: unknown): boolean {
  if (!Array.isArray(found)) return isSame(demanded, found);
  const all: readonly unknown[] = Array.isArray(demanded) ? demanded : [demanded];
  return all.every((each) => found.some((element) => isSame(each, element)));
}

function isMembers(value: unknown): value is Readonly<Record<string, ClaimValue>> {
  return isObject(value) && !Array.isArray(value);
}

/**
 * Whether a claim is what the address says: the route parameter's text, decoded once as the adapter does. A parameter
 * that is missing, empty or a list of segments is nobody's.
 */
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

/** An address holds text alone. Of numbers only those that no rounding can have made: 2^53 might have been 2^53 + 1. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

type Override = (claims: Claims) => boolean;
type Kind = Pick<Requirement, 'kind'>;

/**
 * Makes one list of what the levels of a route demand. They add up. Where two levels demand something of one claim the
 * nearer one decides, unless its own override has excused the token from it.
 *
 * @param groups - the demands of each level, from the handler outwards
 * @returns `undefined` where nothing is demanded
 */
export function mergeRequirements(
  groups: readonly (readonly RequirementMetadata[])[],
): readonly Requirement[] | undefined {
  const merged = groups.flatMap((group, index) => {
    const nearer = groups.slice(0, index).flat();
    return group.flatMap((demand) => requirementsOf(demand, nearer));
  });
  return merged.length > 0 ? Object.freeze(merged) : undefined;
}

function requirementsOf(
  demand: RequirementMetadata,
  nearer: readonly RequirementMetadata[],
): readonly Requirement[] {
  const members = membersOf(demand).flatMap(({ kind, path, value }) => {
    const conflicting = nearer.filter((other) => membersOf(other).some(overlapping(path)));
    const isMet = (claims: Claims) => hasClaim(claims, { path, value });
    return unlessReplaced(demand, conflicting, { kind, isMet });
  });
  const words = scopeWordsOf(demand).flatMap((word) => {
    const isMet = (claims: Claims) => hasScopeWord(claims, word);
    return unlessReplaced(demand, [], { kind: 'scope', word, isMet });
  });
  const params = Object.entries(demand.params ?? {}).flatMap(([claim, parameter]) => {
    const conflicting = nearer.filter((other) => Object.hasOwn(other.params ?? {}, claim));
    const isMet = (claims: Claims, given: unknown) =>
      matchesParameter(claims, claim, given, parameter);
    return unlessReplaced(demand, conflicting, { kind: 'claim', parameter, isMet });
  });
  return [...members, ...params, ...words];
}

/** A token that matches an override is treated as if its decorator were not there, be it to demand or to replace. */
function unlessReplaced(
  demand: RequirementMetadata,
  conflicting: readonly RequirementMetadata[],
  requirement: Omit<Requirement, 'applies'>,
): readonly Requirement[] {
  if (conflicting.some(({ override }) => !override)) return [];
  const isExcused = excuseOf(demand);
  const areExcused = conflicting.map(excuseOf);
  const applies: Override = (claims) =>
    !isExcused(claims) && areExcused.every((isAway) => isAway(claims));
  return [{ ...requirement, applies }];
}

/** Single values that are demanded of claims, those of a `scope` that is an object among them. */
function membersOf({ claims = {}, scope }: RequirementMetadata): readonly (Demanded & Kind)[] {
  const members: RequiredClaims = !scope || isWords(scope) ? {} : { scope };
  return [
    ...demandedBy(claims).map((demanded) => ({ ...demanded, kind: 'claim' as const })),
    ...demandedBy(members).map((demanded) => ({ ...demanded, kind: 'scope' as const })),
  ];
}

function scopeWordsOf({ scope }: RequirementMetadata): readonly string[] {
  return isWords(scope) ? scope : [];
}

function isWords(scope: RequirementMetadata['scope']): scope is readonly string[] {
  return Array.isArray(scope);
}

/** Whether both are about one claim, be it that one demands the whole of it and the other a part. */
function overlapping(path: readonly string[]): (other: Demanded) => boolean {
  return (other) =>
    path.every((name, depth) => depth >= other.path.length || name === other.path[depth]);
}

function excuseOf({ override }: RequirementMetadata): Override {
  if (!override) return () => false;
  const demanded = demandedBy(override);
  return (claims) => demanded.every((each) => hasClaim(claims, each));
}
