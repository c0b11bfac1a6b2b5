import type { ClaimValue, RequiredClaims } from '../contracts/route-policy.js';
import type { Claims } from '../contracts/token.js';
import { isObject } from '../common/checks.js';

/** One value that is demanded, and the members that lead to it: `{ org: { id: 7 } }` demands 7 at `org`, `id`. */
export interface Demanded {
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
export function memberOf(holder: unknown, name: string): unknown {
  return isMembers(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;
}

/** Whether two JSON values are the same. As deep as the first one is, however deep the other. */
export function isSame(one: unknown, other: unknown): boolean {
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
