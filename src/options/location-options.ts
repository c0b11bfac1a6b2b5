import {
  checkArray,
  checkMemberName,
  checkOneOf,
  checkString,
  checkToken,
  checkUnique,
} from '../common/checks.js';
import { configError } from '../common/describe.js';
import type { Unchecked } from '../common/read-options.js';
import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation, TokenType } from '../contracts/token.js';
import { checkCookieRules, type CookieOptions, resolveCookieOptions } from './cookie-options.js';
import { type CsrfOptions, resolveCsrfOptions } from './csrf-options.js';
import type { ResolvedOptions, TokenCarrier } from './resolved-options.js';

/** Where tokens are looked for. */
export interface LocationOptions {
  /**
   * The locations, in the order in which they are looked at: the first that holds a token decides. A `passport-jwt`
   * extractor function is a location too. Flask: `JWT_TOKEN_LOCATION`.
   *
   * @default ['headers']
   */
  locations?: readonly (TokenLocation | TokenExtractor)[];
  /**
   * Flask: `JWT_HEADER_NAME`.
   *
   * @default 'Authorization'
   */
  headerName?: string;
  /**
   * The scheme before the token, compared without regard to case; `''`: the header is the bare token. Flask: `JWT_HEADER_TYPE`.
   *
   * @default 'Bearer'
   */
  headerType?: string;
  /**
   * Flask: `JWT_QUERY_STRING_NAME`.
   *
   * @default 'jwt'
   */
  queryStringName?: string;
  /**
   * What the query parameter's value must start with. Flask: `JWT_QUERY_STRING_VALUE_PREFIX`.
   *
   * @default ''
   */
  queryStringValuePrefix?: string;
  /**
   * The member of a JSON body that holds an access token. Flask: `JWT_JSON_KEY`.
   *
   * @default 'access_token'
   */
  jsonKey?: string;
  /**
   * The member of a JSON body that holds a refresh token. Flask: `JWT_REFRESH_JSON_KEY`.
   *
   * @default 'refresh_token'
   */
  refreshJsonKey?: string;
  /** How cookies are named and set. */
  cookies?: CookieOptions;
  /** Protection of tokens in cookies against cross-site request forgery. */
  csrf?: CsrfOptions;
}

const LOCATIONS: readonly TokenLocation[] = ['headers', 'cookies', 'query_string', 'json'];

/**
 * Where tokens are looked for, in order.
 *
 * @param name - as the message names them; for a route that has locations of its own
 */
export function resolveLocations(
  value: unknown,
  name = 'locations',
): readonly (TokenLocation | TokenExtractor)[] {
  const locations = checkArray(value, name, checkLocation);
  if (locations.length === 0)
    throw configError(name, 'an empty array', "name one location at least, such as 'headers'");
  checkUnique(locations, name);
  return locations;
}

function checkLocation(value: unknown, name: string): TokenLocation | TokenExtractor {
  return typeof value === 'function'
    ? (value as TokenExtractor)
    : checkOneOf(value, name, LOCATIONS);
}

/** How tokens travel. */
type TransportOptions = Pick<
  ResolvedOptions,
  'locations' | 'header' | 'queryString' | 'cookies' | 'csrf' | 'carriers'
>;

export function resolveTransportOptions(given: Unchecked<LocationOptions>): TransportOptions {
  const cookies = resolveCookieOptions(given.cookies);
  const csrf = resolveCsrfOptions(given.csrf);
  const carriers: Readonly<Record<TokenType, TokenCarrier>> = {
    access: {
      jsonKey: checkMemberName(given.jsonKey, 'jsonKey'),
      ...cookies.access,
      ...csrf.access,
    },
    refresh: {
      jsonKey: checkMemberName(given.refreshJsonKey, 'refreshJsonKey'),
      ...cookies.refresh,
      ...csrf.refresh,
    },
  };
  checkCookieRules({ cookies: cookies.attributes, carriers });
  return {
    locations: resolveLocations(given.locations),
    header: resolveHeader(given),
    queryString: {
      name: checkMemberName(given.queryStringName, 'queryStringName'),
      valuePrefix: checkString(given.queryStringValuePrefix, 'queryStringValuePrefix'),
    },
    cookies: cookies.attributes,
    csrf: csrf.rules,
    carriers,
  };
}

function resolveHeader(given: Unchecked<LocationOptions>): ResolvedOptions['header'] {
  const name = checkToken(given.headerName, 'headerName');
  const type = given.headerType === '' ? '' : checkToken(given.headerType, 'headerType');
  return { name, lowerCaseName: name.toLowerCase(), type };
}
