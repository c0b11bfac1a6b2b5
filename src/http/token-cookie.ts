import { Logger } from '@nestjs/common';
import { isObject } from '../common/checks.js';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import { CsrfError, InvalidTokenError } from '../errors/token-errors.js';
import type { TokenCarrier } from '../options/location-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { type ExtractedToken, headerOf, memberOf, type Missing } from './token-locations.js';

const URL_ENCODED = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const MULTIPART = /^multipart\/form-data\s*(?:;|$)/i;

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
    (csrf.checkForm && formFieldOf(request, carrier, csrf));
  if (typeof presented !== 'string' || presented === '') throw new CsrfError('Missing CSRF token');
  return presented;
}

/** A field of a form that the application has parsed. Members of a JSON body or of the query do not count. */
function formFieldOf(
  request: HttpRequest,
  { csrfFieldName, csrfHeaderName }: TokenCarrier,
  csrf: ResolvedOptions['csrf'],
): unknown {
  const type = headerOf(request, 'content-type');
  const field = memberOf(request.body, csrfFieldName);
  if (URL_ENCODED.test(type)) return field;
  if (!MULTIPART.test(type)) return undefined;
  if (!isObject(request.body)) hintAtHeader(csrfHeaderName, csrf);
  // With `attachFieldsToBody: true` of `@fastify/multipart` a field is an object.
  return typeof field === 'string' ? field : memberOf(field, 'value');
}

/** The modules that got the hint. */
const hinted = new WeakSet();

function hintAtHeader(headerName: string, csrf: ResolvedOptions['csrf']): void {
  if (hinted.has(csrf)) return;
  hinted.add(csrf);
  new Logger('JwtExtendedModule').debug(
    'A multipart form came before anything parsed it, as with FileInterceptor, which runs after the guards: ' +
      `send the CSRF value in the header ${headerName}`,
  );
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
  const values = cookieValues(request, name);
  if (values.every((value) => value === '')) return { missing: `Missing cookie "${name}"` };

  // Before anything is said about the value: a request of another site must learn nothing from the answer.
  const csrf = presentedCsrf(request, carrier, options.csrf);
  if (values.length > 1) throw new InvalidTokenError(`Multiple values for cookie "${name}"`);
  return { encoded: values[0], location: 'cookies', ...(csrf !== undefined && { csrf }) };
}

/** The different values of the cookies of a name. */
export function cookieValues(request: HttpRequest, name: string): readonly string[] {
  const { cookie } = request.headers;
  if (cookie === undefined) {
    const value = memberOf(request.cookies, name);
    // `cookie-parser` may turn a cookie into an object, which is not a token.
    return typeof value === 'string' ? [value] : [];
  }
  const header = Array.isArray(cookie) ? cookie.join(';') : cookie;
  const values: string[] = [];
  for (let start = 0; start <= header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon < 0 ? header.length : semicolon;
    const separator = header.indexOf('=', start);
    if (separator >= 0 && separator < end && trimmed(header, start, separator) === name) {
      const value = unquoted(trimmed(header, separator + 1, end));
      if (!values.includes(value)) values.push(value);
    }
    start = end + 1;
  }
  return values;
}

/** A part of a text. Only spaces and tabs are removed around a cookie (RFC 6265 section 4.2.1). */
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
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
