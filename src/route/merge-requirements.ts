import {
  type Demanded,
  demandedBy,
  hasClaim,
  hasScopeWord,
} from '../authentication/match-claims.js';
import { matchesParameter } from '../authentication/match-parameter.js';
import type { RequiredClaims, Requirement } from '../contracts/route-policy.js';
import type { Claims } from '../contracts/token.js';
import type { Demand } from './policy-metadata.js';

type Excuse = (claims: Claims) => boolean;
type Kind = Pick<Requirement, 'kind'>;

/**
 * Makes one list of what the levels of a route demand. They add up. Where two levels demand something of one claim the
 * nearer one decides, unless its own override has excused the token from it.
 *
 * @param groups - the demands of each level, from the handler outwards
 * @returns `undefined` where nothing is demanded
 */
export function mergeRequirements(
  groups: readonly (readonly Demand[])[],
): readonly Requirement[] | undefined {
  const merged = groups.flatMap((group, index) => {
    const nearer = groups.slice(0, index).flat();
    return group.flatMap((demand) => requirementsOf(demand, nearer));
  });
  return merged.length > 0 ? Object.freeze(merged) : undefined;
}

function requirementsOf(demand: Demand, nearer: readonly Demand[]): readonly Requirement[] {
  const members = membersOf(demand).flatMap(({ kind, path, value }) => {
    const rivals = nearer.filter((other) => membersOf(other).some(overlapping(path)));
    const isMet = (claims: Claims) => hasClaim(claims, { path, value });
    return unlessReplaced(demand, rivals, { kind, isMet });
  });
  const words = wordsOf(demand).flatMap((word) => {
    const isMet = (claims: Claims) => hasScopeWord(claims, word);
    return unlessReplaced(demand, [], { kind: 'scope', word, isMet });
  });
  const params = Object.entries(demand.params ?? {}).flatMap(([claim, parameter]) => {
    const rivals = nearer.filter((other) => Object.hasOwn(other.params ?? {}, claim));
    const isMet = (claims: Claims, given: unknown) =>
      matchesParameter(claims, claim, given, parameter);
    return unlessReplaced(demand, rivals, { kind: 'claim', parameter, isMet });
  });
  return [...members, ...params, ...words];
}

/** A token that matches an override is treated as if its decorator were not there, be it to demand or to replace. */
function unlessReplaced(
  demand: Demand,
  rivals: readonly Demand[],
  requirement: Omit<Requirement, 'isDue'>,
): readonly Requirement[] {
  if (rivals.some(({ override }) => !override)) return [];
  const isExcused = excuseOf(demand);
  const areExcused = rivals.map(excuseOf);
  const isDue: Excuse = (claims) =>
    !isExcused(claims) && areExcused.every((isAway) => isAway(claims));
  return [{ ...requirement, isDue }];
}

/** Single values that are demanded of claims, those of a `scope` that is an object among them. */
function membersOf({ claims = {}, scope }: Demand): readonly (Demanded & Kind)[] {
  const members: RequiredClaims = !scope || isWords(scope) ? {} : { scope };
  return [
    ...demandedBy(claims).map((demanded) => ({ ...demanded, kind: 'claim' as const })),
    ...demandedBy(members).map((demanded) => ({ ...demanded, kind: 'scope' as const })),
  ];
}

function wordsOf({ scope }: Demand): readonly string[] {
  return isWords(scope) ? scope : [];
}

function isWords(scope: Demand['scope']): scope is readonly string[] {
  return Array.isArray(scope);
}

/** Whether both are about one claim, be it that one demands the whole of it and the other a part. */
function overlapping(path: readonly string[]): (other: Demanded) => boolean {
  return (other) =>
    path.every((name, depth) => depth >= other.path.length || name === other.path[depth]);
}

function excuseOf({ override }: Demand): Excuse {
  if (!override) return () => false;
  const demanded = demandedBy(override);
  return (claims) => demanded.every((each) => hasClaim(claims, each));
}
