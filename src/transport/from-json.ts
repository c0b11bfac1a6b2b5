import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { CarriedToken, Missing } from './carried-token.js';
import { isJson } from './is-json.js';

/** Reads a member of a JSON body that the application has parsed, on any method that carries one. */
export function fromJson(
  request: HttpRequest,
  { type }: RoutePolicy,
  options: ResolvedOptions,
): CarriedToken | Missing {
  if (!isJson(request)) return { missing: 'Invalid content-type. Must be application/json.' };
  const { jsonKey } = options.carriers[type];
  const encoded = memberOf(request.body, jsonKey);
  return encoded
    ? { encoded, location: 'json' }
    : { missing: `Missing "${jsonKey}" key in json data.` };
}

function memberOf(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
}
