import { isObject } from '../common/checks.js';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { TokenLocation } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** A token found in a request: its text, its location, and the CSRF value sent with a cookie. */
export interface ExtractedToken {
  /** Usually text. The reader refuses anything else. */
  readonly encoded: unknown;
  readonly location: TokenLocation | 'custom';
  /** The value that must match the token's `csrf` claim; absent if the request needs none. */
  readonly csrf?: string;
  /** The refusal if it has characters that no token in a header has. The reader looks for them in tokens new to it. */
  readonly malformed?: string;
}

/** The location has no token. The reason is reported if no other location has one. */
export interface Missing {
  readonly missing: string;
}

/** The value of a header; `''` if it is absent. Node returns some repeated headers as an array. */
export function headerOf(request: HttpRequest, lowerCaseName: string): string {
  const value = request.headers[lowerCaseName];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

/** Characters allowed for the scheme and for other credentials in a comma-separated list. */
const MAX_OTHER_CREDENTIALS = 1024;

/**
 * Reads `Authorization: Bearer <JWT>` (RFC 6750 section 2.1) in one pass over a text of limited length: the extractor of
 * `passport-jwt` takes quadratic time and accepts malformed headers. As in Flask-JWT-Extended, the header may be a
 * comma-separated list of credentials.
 */
export function fromHeader(
  request: HttpRequest,
  options: ResolvedOptions,
): ExtractedToken | Missing {
  const { name, lowerCaseName, type, prefix, malformed } = options.header;
  const value = headerOf(request, lowerCaseName);
  if (value.length > options.token.maxTokenLength + MAX_OTHER_CREDENTIALS)
    throw new InvalidTokenError('Token is too long');
  const only = value.startsWith(prefix) ? value.slice(prefix.length) : '';
  if (only !== '' && !only.includes(' ') && !only.includes(','))
    return { encoded: only, location: 'headers', malformed };
  const credentials = credentialsOf(value);
  if (credentials.length === 0) return { missing: `Missing ${name} Header` };

  // Without a scheme the whole header is the token, so a list is refused.
  const words = type === '' ? credentials.flat() : credentialOf(credentials, type);
  if (!words)
    return {
      missing: `Missing '${type}' type in '${name}' header. Expected '${name}: ${type} <JWT>'`,
    };
  const [token, extra] = type === '' ? words : words.slice(1);
  if (token === undefined || extra !== undefined) throw new InvalidTokenError(malformed);
  return { encoded: token, location: 'headers', malformed };
}

/** The words of each credential. Only spaces separate words (RFC 9110 section 11.4). */
function credentialsOf(value: string): string[][] {
  return value
    .split(',')
    .map((credential) => credential.split(' ').filter((word) => word !== ''))
    .filter((words) => words.length > 0);
}

/** The only credential of the scheme. Two are refused, because it would be unclear which one counts. */
function credentialOf(credentials: string[][], scheme: string): string[] | undefined {
  const wanted = scheme.toLowerCase();
  const ofScheme = credentials.filter(([word]) => word?.toLowerCase() === wanted);
  return ofScheme.length === 1 ? ofScheme[0] : undefined;
}

const JSON_TYPE = /^application\/(?:[\w.!#$&^+-]{1,100}\+)?json\s*(?:;|$)/i;

/** Whether the content type is JSON, which an HTML form of another site cannot send. */
export function isJson(request: HttpRequest): boolean {
  return JSON_TYPE.test(headerOf(request, 'content-type'));
}

/** Reads a member of a JSON body that the application has parsed, with any method that has a body. */
export function fromJson(
  request: HttpRequest,
  { type }: RoutePolicy,
  options: ResolvedOptions,
): ExtractedToken | Missing {
  if (!isJson(request)) return { missing: 'Invalid content-type. Must be application/json.' };
  const { jsonKey } = options.carriers[type];
  const encoded = memberOf(request.body, jsonKey);
  return encoded
    ? { encoded, location: 'json' }
    : { missing: `Missing "${jsonKey}" key in json data.` };
}

/** An own member of what a parser made of a body, a query or cookies; `undefined` if there is none. */
export function memberOf(container: unknown, name: string): unknown {
  if (!isObject(container) || Array.isArray(container)) return undefined;
  return Object.hasOwn(container, name) ? container[name] : undefined;
}

/** Reads a query parameter. RFC 6750 section 2.3 advises against it, because URLs end up in logs. */
export function fromQueryString(
  { query }: HttpRequest,
  { queryString: { name, valuePrefix } }: ResolvedOptions,
): ExtractedToken | Missing {
  const value = parameterOf(query, name);
  // The spelling is that of Flask-JWT-Extended: clients may compare it.
  if (!value) return { missing: `Missing '${name}' query paramater` };
  if (!value.startsWith(valuePrefix))
    throw new InvalidTokenError(
      `Invalid value for query parameter '${name}'. Expected the value to start with '${valuePrefix}'`,
    );
  return { encoded: value.slice(valuePrefix.length), location: 'query_string' };
}

/** A repeated parameter must have the same value each time. */
function parameterOf(query: unknown, name: string): string | undefined {
  const values = [memberOf(query, name)].flat();
  const [first] = values;
  if (values.some((other) => other !== first))
    throw new InvalidTokenError(`Multiple values for query parameter '${name}'`);
  return typeof first === 'string' ? first : undefined;
}
