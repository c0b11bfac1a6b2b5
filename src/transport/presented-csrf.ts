import type { HttpRequest } from '../contracts/http.js';
import { CsrfError } from '../errors/token-errors.js';
import type { ResolvedOptions, TokenCarrier } from '../options/resolved-options.js';
import { headerOf } from './header-of.js';

const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;

/**
 * The csrf value that came beside a token cookie; `undefined` where the method needs none. The csrf cookie is never
 * read: a browser sends it of its own accord, so that it proves nothing.
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

/** A field of a parsed form; a member of a JSON body or of the query is none. */
function formFieldOf(request: HttpRequest, name: string): string | undefined {
  const { body } = request;
  if (!FORM.test(headerOf(request, 'content-type'))) return undefined;
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const value: unknown = (body as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
