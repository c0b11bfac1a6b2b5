import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../common/checks.js';
import {
  type ClaimValue,
  ONE_OF,
  type OneOf,
  type RequiredClaim,
  type RequiredClaims,
  type Requirement,
  type RequirementMetadata,
  type RoutePolicy,
} from '../contracts/route-policy.js';
import type { HttpRequest } from '../contracts/http.js';
import type { Claims, Token } from '../contracts/token.js';
import { InsufficientClaimsError } from '../errors/token-errors.js';
import { isOneOf } from '../options/requirement-options.js';

/**
 * Collects what the decorators of a route require. All of it is required: a decorator on a nearer level replaces nothing, so
 * adding one never lets in a token that was refused before.
 *
 * @returns `undefined` if nothing is required
 */
export function collectRequirements(
  decorators: readonly RequirementMetadata[],
): readonly Requirement[] | undefined {
  const collected = decorators.flatMap(requirementsOf);
  return collected.length > 0 ? Object.freeze(collected) : undefined;
}

function requirementsOf(metadata: RequirementMetadata): readonly Requirement[] {
  const isOverridden = overrideOf(metadata);
  const applies = (claims: Claims) => !isOverridden(claims);
  const members = membersOf(metadata).map(({ kind, path, value }): Requirement => ({
    ...{ kind, applies },
    isMet: (claims, _params, scopeClaim) =>
      hasClaim(claims, { path: kind === 'scope' ? [scopeClaim, ...path.slice(1)] : path, value }),
  }));
  const words = (isWords(metadata.scope) ? metadata.scope : []).map((word): Requirement => ({
    ...{ kind: 'scope', word, applies },
    isMet: (claims, _params, scopeClaim) => hasScopeWord(claims, word, scopeClaim),
  }));
  const params = Object.entries(metadata.params ?? {}).map(([claim, parameter]): Requirement => ({
    ...{ kind: 'claim', parameter, applies },
    isMet: (claims, given) => matchesParameter(claims, claim, given, parameter),
  }));
  return [...members, ...params, ...words];
}

type ClaimsTest = (claims: Claims) => boolean;

function overrideOf({ override }: RequirementMetadata): ClaimsTest {
  if (!override) return () => false;
  const values = requiredValues(override);
  return (claims) => values.every((value) => hasClaim(claims, value));
}

/** One required value and the path to it: `{ org: { id: 7 } }` requires 7 at `org`, `id`. */
interface RequiredValue {
  readonly path: readonly string[];
  readonly value: ClaimValue | OneOf;
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
    const isGroup = isMembers(value) && !isOneOf(value);
    return isGroup ? requiredValues(value, inner) : [{ path: inner, value }];
  });
}

function isWords(scope: RequirementMetadata['scope']): scope is readonly string[] {
  return Array.isArray(scope);
}

/** Whether claims have a required value. Only own members count. */
export function hasClaim(claims: Claims, { path, value }: RequiredValue): boolean {
  if (isOneOf(value)) return value[ONE_OF].some((each) => hasClaim(claims, { path, value: each }));
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

function isMembers(value: unknown): value is Readonly<Record<string, RequiredClaim>> {
  return isObject(value) && !Array.isArray(value);
}

/** Reports claims and route parameters before scopes, as Flask_PyJWT does. */
export function requireClaims(
  token: Token,
  { requirements }: RoutePolicy,
  request: unknown,
  scopeClaim: string,
): void {
  if (!requirements) return;
  const { claims } = token;
  const { params } = (request ?? {}) as Partial<HttpRequest>;
  const missing = requirements.filter(
    ({ isMet, applies }) => !isMet(claims, params, scopeClaim) && applies(claims),
  );
  if (missing.length === 0) return;
  if (missing.some(({ kind }) => kind === 'claim'))
    throw new InsufficientClaimsError(token, 'Missing required claim(s)');
  throw new InsufficientClaimsError(
    token,
    'Missing required scope(s)',
    missing.some(({ word }) => word) ? requiredWords(requirements, claims) : [],
  );
}

/** All words that the route requires, because the client will ask for a new token with exactly these words. */
function requiredWords(requirements: readonly Requirement[], claims: Claims): readonly string[] {
  const words = requirements
    .filter(({ applies }) => applies(claims))
    .flatMap(({ word }) => word ?? []);
  return [...new Set(words)];
}
