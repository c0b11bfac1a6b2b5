import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation } from '../contracts/token.js';
import type { CookieOptions } from './cookie-options.js';
import type { CsrfOptions } from './csrf-options.js';

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
