import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import { CsrfError, InvalidTokenError } from '../errors/token-errors.js';
import type { TokenCarrier } from '../options/location-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { type ExtractedToken, headerOf, type Missing } from './token-locations.js';

const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;

/**
 * The CSRF value sent with a token cookie; `undefined` if the method needs none. The CSRF cookie is never read: the
 * browser sends it with every request, so it proves nothing.
 */
export function presentedCsrf(
  request: HttpRequest,
  carrier: TokenCarrier,
  csrf: ResolvedOptions['csrf'],
): string | undefined {
  if (!csrf.protect || csrf.exemptMethods.has((request.method ?? '').toUpperCase()))
    return undefined;
  const presented =
    headerOf(request, carrier.csrfHeaderLowerCaseName) ||
    (csrf.checkForm ? formFieldOf(request, carrier.csrfFieldName) : undefined);
  if (!presented) throw new CsrfError('Missing CSRF token');
  return presented;
}

/** A field of a parsed form. Members of a JSON body or of the query do not count. */
function formFieldOf(request: HttpRequest, name: string): string | undefined {
  const { body } = request;
  if (!FORM.test(headerOf(request, 'content-type'))) return undefined;
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const value: unknown = (body as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Reads a token cookie from the raw header. This needs no cookie plug-in, and it shows a second cookie of the same name,
 * which a sibling domain may have set. If there is no raw header, the plug-in's result is read.
 */
export function fromCookie(
  request: HttpRequest,
  policy: RoutePolicy,
  options: ResolvedOptions,
): ExtractedToken | Missing {
  const carrier = options.carriers[policy.type];
  const name = policy.cookieName ?? carrier.cookie.name;
  const encoded = cookieOf(request, name);
  if (!encoded) return { missing: `Missing cookie "${name}"` };

  const csrf = presentedCsrf(request, carrier, options.csrf);
  return csrf === undefined
    ? { encoded, location: 'cookies' }
    : { encoded, location: 'cookies', csrf };
}

function cookieOf(request: HttpRequest, name: string): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return parsedCookieOf(request.cookies, name);
  const header = Array.isArray(cookie) ? cookie.join(';') : cookie;
  const values = new Set<string>();
  for (const pair of header.split(';')) {
    const separator = pair.indexOf('=');
    if (separator < 0 || trimBlanks(pair.slice(0, separator)) !== name) continue;
    values.add(unquoted(trimBlanks(pair.slice(separator + 1))));
  }
  if (values.size > 1) throw new InvalidTokenError(`Multiple values for cookie "${name}"`);
  return values.values().next().value;
}

/** `cookie-parser` may turn a cookie into an object, which is not a token. */
function parsedCookieOf(cookies: unknown, name: string): string | undefined {
  if (typeof cookies !== 'object' || cookies === null || !Object.hasOwn(cookies, name))
    return undefined;
  const value: unknown = (cookies as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** Only spaces and tabs are removed around a cookie (RFC 6265 section 4.2.1). */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value;
}
