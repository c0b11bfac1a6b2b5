import type { Claims } from '../contracts/token.js';
import { memberOf } from './match-claims.js';

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
