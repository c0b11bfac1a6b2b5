import type { HttpRequest } from '../contracts/http.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { CarriedToken, Missing } from './carried-token.js';
import { headerOf } from './header-of.js';

/** RFC 6750 section 2.1: what may stand after the scheme. */
const TOKEN68 = /^[A-Za-z0-9._~+/-]+=*$/;
/** Room for the scheme and for other credentials in a comma list. */
const ROOM_BESIDE_TOKEN = 1024;

/**
 * Reads `Authorization: Bearer <JWT>` (RFC 6750 section 2.1), in one pass over a bounded text: `passport-jwt`'s own
 * extractor takes quadratic time and finds tokens where there are none. A list of credentials separated by commas may
 * hold the one that counts, as in Flask-JWT-Extended.
 */
export function fromHeader(request: HttpRequest, options: ResolvedOptions): CarriedToken | Missing {
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
  const [token, surplus] = type === '' ? words : words.slice(1);
  if (token === undefined || surplus !== undefined || !TOKEN68.test(token)) {
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
