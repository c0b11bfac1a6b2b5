import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { TokenLocation } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** A token as it travelled: its text, where it was, and the csrf value that came beside a cookie. */
export interface ExtractedToken {
  /** Text, if the client was honest; the reader refuses anything else. */
  readonly encoded: unknown;
  readonly location: TokenLocation | 'custom';
  /** The value that must match the token's `csrf` claim; absent where none is asked for. */
  readonly csrf?: string;
}

/** Nothing in this location: the next one is looked at, and the client is told if none has a token. */
export interface Missing {
  readonly missing: string;
}

export function isMissing(found: ExtractedToken | Missing): found is Missing {
  return 'missing' in found;
}

/** A header's value, `''` where it is absent; Node gives some headers that came twice as an array. */
export function headerOf(request: HttpRequest, lowerCaseName: string): string {
  const value = request.headers[lowerCaseName];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

/** RFC 6750 section 2.1: what may stand after the scheme. */
const TOKEN68 = /^[A-Za-z0-9._~+/-]+=*$/;
/** Room for the scheme and for other credentials in a comma list. */
const ROOM_BESIDE_TOKEN = 1024;

/**
 * Reads `Authorization: Bearer <JWT>` (RFC 6750 section 2.1), in one pass over a bounded text: `passport-jwt`'s own
 * extractor takes quadratic time and finds tokens where there are none. A list of credentials separated by commas may
 * hold the one that counts, as in Flask-JWT-Extended.
 */
export function fromHeader(
  request: HttpRequest,
  options: ResolvedOptions,
): ExtractedToken | Missing {
  const { name, lowerCaseName, type } = options.header;
  const value = headerOf(request, lowerCaseName);
  if (value.length > options.token.maxTokenLength + ROOM_BESIDE_TOKEN) {
    throw new InvalidTokenError('Token is too long');
  }
  const credentials = credentialsOf(value);
  if (credentials.length === 0) return { missing: `Missing ${name} Header` };

  const words = type === '' ? soleToken(credentials) : credentialOf(credentials, type);
  if (!words) {
    return {
      missing: `Missing '${type}' type in '${name}' header. Expected '${name}: ${type} <JWT>'`,
    };
  }
  const [token, extra] = type === '' ? words : words.slice(1);
  if (token === undefined || extra !== undefined || !TOKEN68.test(token)) {
    const expected = type === '' ? '<JWT>' : `${type} <JWT>`;
    throw new InvalidTokenError(`Bad ${name} header. Expected '${name}: ${expected}'`);
  }
  return { encoded: token, location: 'headers' };
}

/** Hardly anybody sends more than one. */
function credentialsOf(value: string): string[][] {
  const credentials = value.includes(',') ? value.split(',').map(wordsOf) : [wordsOf(value)];
  return credentials.filter((words) => words.length > 0);
}

/** Only spaces separate words (RFC 9110 section 11.4). */
function wordsOf(credential: string): string[] {
  return credential.split(' ').filter((word) => word !== '');
}

/** Exactly one credential of the scheme: of two, nobody knows which one counts. */
function credentialOf(credentials: string[][], scheme: string): string[] | undefined {
  const wanted = scheme.toLowerCase();
  const ofScheme = credentials.filter(([word]) => word?.toLowerCase() === wanted);
  return ofScheme.length === 1 ? ofScheme[0] : undefined;
}

/** Without a scheme the whole header is the token, so that a list is none. */
function soleToken(credentials: string[][]): string[] {
  return credentials.flat();
}

const JSON_TYPE = /^application\/(?:[\w.!#$&^+-]{1,100}\+)?json\s*(?:;|$)/i;

/** Whether the body of a request says that it is JSON: a form that another site's page sends cannot. */
export function isJson(request: HttpRequest): boolean {
  return JSON_TYPE.test(headerOf(request, 'content-type'));
}

/** Reads a member of a JSON body that the application has parsed, on any method that carries one. */
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

function memberOf(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
}

/** Reads a query parameter (RFC 6750 section 2.3, which advises against it: addresses end up in logs). */
export function fromQueryString(
  { query }: HttpRequest,
  { queryString: { name, valuePrefix } }: ResolvedOptions,
): ExtractedToken | Missing {
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
