import {
  checkArray,
  checkMemberName,
  checkString,
  checkToken,
  checkUnique,
  oneOf,
} from '../common/checks.js';
import { configError } from '../common/describe.js';
import type { Rows, Values } from '../common/read-options.js';
import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation, TokenType } from '../contracts/token.js';
import { checkCookieNames, type CookieOptions, readCookieOptions } from './cookie-options.js';
import { type CsrfOptions, readCsrfOptions } from './csrf-options.js';

/** Where a request carries its token. */
export interface LocationOptions {
  /**
   * Where to look for a token, in this order: the first location that holds one decides. A `passport-jwt` extractor
   * function is a location too. Flask: `JWT_TOKEN_LOCATION`. @default ['headers']
   */
  locations?: readonly (TokenLocation | TokenExtractor)[];
  /** Flask: `JWT_HEADER_NAME`. @default 'Authorization' */
  headerName?: string;
  /** The case-insensitive scheme before the token; `''` for none. Flask: `JWT_HEADER_TYPE`. @default 'Bearer' */
  headerType?: string;
  /** Flask: `JWT_QUERY_STRING_NAME`. @default 'jwt' */
  queryStringName?: string;
  /** What the query parameter's value must start with. Flask: `JWT_QUERY_STRING_VALUE_PREFIX`. @default '' */
  queryStringValuePrefix?: string;
  /** The member of a JSON body that holds an access token. Flask: `JWT_JSON_KEY`. @default 'access_token' */
  jsonKey?: string;
  /** The member of a JSON body that holds a refresh token. Flask: `JWT_REFRESH_JSON_KEY`. @default 'refresh_token' */
  refreshJsonKey?: string;
  /** How cookies are named and set. */
  cookies?: CookieOptions;
  /** Protection of tokens in cookies against cross-site request forgery. */
  csrf?: CsrfOptions;
}

export const LOCATION_ROWS = {
  locations: [checkLocations, ['headers']],
  headerName: [checkToken, 'Authorization'],
  headerType: [(value, name) => (value === '' ? '' : checkToken(value, name)), 'Bearer'],
  queryStringName: [checkMemberName, 'jwt'],
  queryStringValuePrefix: [checkString, ''],
  jsonKey: [checkMemberName, 'access_token'],
  refreshJsonKey: [checkMemberName, 'refresh_token'],
  cookies: [readCookieOptions, {}],
  csrf: [readCsrfOptions, {}],
} satisfies Rows<LocationOptions>;

type LocationValues = Values<typeof LOCATION_ROWS>;

export interface ResolvedLocationOptions extends Pick<
  LocationValues,
  'locations' | 'cookies' | 'csrf'
> {
  readonly header: {
    readonly name: string;
    readonly lowerCaseName: string;
    readonly type: string;
    /** The scheme as most clients write it, and the space after it. */
    readonly prefix: string;
    /** The refusal of a header of another form. */
    readonly malformed: string;
  };
  readonly queryString: { readonly name: string; readonly valuePrefix: string };
  readonly carriers: Readonly<Record<TokenType, TokenCarrier>>;
}

/** The names under which one type of token travels. */
export interface TokenCarrier {
  readonly jsonKey: string;
  readonly cookie: { readonly name: string; readonly path: string };
  readonly csrfCookie: { readonly name: string; readonly path: string };
  /** As written in the options. */
  readonly csrfHeaderName: string;
  readonly csrfHeaderLowerCaseName: string;
  readonly csrfFieldName: string;
}

/** @throws JwtExtendedConfigError - if the names of cookies contradict each other or their attributes */
export function resolveLocationOptions(given: LocationValues): ResolvedLocationOptions {
  const { locations, headerName, headerType, cookies, csrf } = given;
  checkCookieNames(cookies, csrf);
  return {
    locations,
    header: {
      name: headerName,
      lowerCaseName: headerName.toLowerCase(),
      type: headerType,
      prefix: headerType && `${headerType} `,
      malformed: `Bad ${headerName} header. Expected '${headerName}: ${`${headerType} <JWT>`.trimStart()}'`,
    },
    queryString: { name: given.queryStringName, valuePrefix: given.queryStringValuePrefix },
    cookies,
    csrf,
    carriers: {
      access: carrierOf('access', given.jsonKey, given),
      refresh: carrierOf('refresh', given.refreshJsonKey, given),
    },
  };
}

function carrierOf(
  type: TokenType,
  jsonKey: string,
  { cookies, csrf }: Pick<LocationValues, 'cookies' | 'csrf'>,
): TokenCarrier {
  const csrfHeaderName = csrf[`${type}HeaderName`];
  return {
    jsonKey,
    cookie: { name: cookies[`${type}Name`], path: cookies[`${type}Path`] },
    csrfCookie: { name: csrf[`${type}CookieName`], path: csrf[`${type}CookiePath`] },
    csrfHeaderName,
    csrfHeaderLowerCaseName: csrfHeaderName.toLowerCase(),
    csrfFieldName: csrf[`${type}FieldName`],
  };
}

/** The locations of the module, or those of one route. */
export function checkLocations(
  value: unknown,
  name: string,
): readonly (TokenLocation | TokenExtractor)[] {
  const locations = checkArray(value, name, checkLocation);
  if (locations.length === 0)
    throw configError(name, 'an empty array', "name one location at least, such as 'headers'");
  checkUnique(locations, name);
  return locations;
}

function checkLocation(value: unknown, name: string): TokenLocation | TokenExtractor {
  if (typeof value === 'function') return value as TokenExtractor;
  return oneOf('headers', 'cookies', 'query_string', 'json')(value, name);
}
