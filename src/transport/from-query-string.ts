import type { HttpRequest } from '../contracts/http.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { CarriedToken, Missing } from './carried-token.js';

/** Reads a query parameter (RFC 6750 section 2.3, which advises against it: addresses end up in logs). */
export function fromQueryString(
  { query }: HttpRequest,
  { queryString: { name, valuePrefix } }: ResolvedOptions,
): CarriedToken | Missing {
  const value = parameterOf(query, name);
  // Flask-JWT-Extended's own spelling, which clients may compare with.
  if (!value) return { missing: `Missing '${name}' query paramater` };
  if (!value.startsWith(valuePrefix)) {
    throw new InvalidTokenError(
      `Invalid value for query parameter '${name}'. Expected the value to start with '${valuePrefix}'`,
    );
  }
  return { encoded: value.slice(valuePrefix.length), location: 'query_string' };
}

/** A parameter given twice must say the same both times. */
function parameterOf(query: unknown, name: string): string | undefined {
  if (typeof query !== 'object' || query === null || !Object.hasOwn(query, name)) return undefined;
  const value: unknown = (query as Record<string, unknown>)[name];
  if (!Array.isArray(value)) return typeof value === 'string' ? value : undefined;
  const first: unknown = value[0];
  if (value.some((other) => other !== first)) {
    throw new InvalidTokenError(`Multiple values for query parameter '${name}'`);
  }
  return typeof first === 'string' ? first : undefined;
}
