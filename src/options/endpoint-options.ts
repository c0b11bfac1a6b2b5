import { type Check, isObject, oneOf } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import { readOptions, type Rows, type Values } from '../common/read-options.js';
import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation, TokenType } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { checkLocations, type ResolvedLocationOptions } from './location-options.js';

/**
 * Ready-made endpoints. Give `true`, a path of your own, made of letters, digits, `-`, `.`, `_`, `~` and `/`, or an object
 * with the path and more. An endpoint that is not named is not mounted.
 *
 * @example
 * ```ts
 * // The access token is in the body, and the refresh token in a cookie that scripts cannot read.
 * const endpoints: EndpointOptions = {
 *   login: { deliver: { access: 'body', refresh: 'cookie' } },
 *   refresh: true,
 *   logout: true,
 * };
 * ```
 */
export interface EndpointOptions {
  /**
   * The path of the login endpoint; refresh and logout are one step below it. The application's global prefix and
   * version come before it. @default 'auth'
   */
  path?: string;
  /**
   * `POST /auth` returns a fresh pair for a username and a password, which the option `login` checks. A path of your own
   * is relative to `path`, or absolute if it starts with `/`. Flask-JWT: `JWT_AUTH_URL_RULE`.
   *
   * @default false
   */
  login?: boolean | string | LoginEndpointOptions;
  /** `POST /auth/refresh` exchanges a refresh token for a new pair. @default false */
  refresh?: boolean | string | TokenEndpointOptions;
  /** `POST /auth/logout` ends the session of the token in the request. @default false */
  logout?: boolean | string | TokenEndpointOptions;
  /**
   * `GET` returns the public halves of the module's keys as a JWK Set (RFC 7517). It is outside of any global prefix;
   * `true` mounts `/.well-known/jwks.json`.
   *
   * @default false
   */
  jwks?: boolean | string;
}

/** The login endpoint. */
export interface LoginEndpointOptions {
  /** As for `login: 'path'`. */
  path?: string;
  /**
   * How each token of a pair is sent, at the login and at the refresh endpoint. A refresh token that is delivered in a cookie
   * is read from it at the endpoints, too. A token that came in the URL or by an extractor never sets a cookie.
   *
   * @default at the login, in cookies if `cookies` is the first location, otherwise in the body; at a refresh, as the
   * refresh token came
   */
  deliver?: DeliverOptions;
}

/** How each token of a pair is sent to the client. What is left out goes by the first location. */
export interface DeliverOptions {
  access?: DeliveryWay;
  refresh?: DeliveryWay;
}

/** In the JSON body, or in a cookie that scripts cannot read, with its CSRF cookie. */
export type DeliveryWay = 'body' | 'cookie';

/** The refresh or the logout endpoint. */
export interface TokenEndpointOptions {
  /** As for `refresh: 'path'`. */
  path?: string;
  /**
   * Where this endpoint looks for a token; the module's `locations` need not have them.
   *
   * @default the module's `locations`, and cookies if `deliver` sends the refresh token in one
   */
  locations?: readonly (TokenLocation | TokenExtractor)[];
}

/** The endpoints that are mounted, each with its path below any global prefix. */
export interface MountedEndpoints {
  readonly login?: { readonly path: string; readonly deliver?: DeliverOptions | undefined };
  readonly refresh?: MountedTokenEndpoint;
  readonly logout?: MountedTokenEndpoint;
  readonly jwks?: string;
}

interface MountedTokenEndpoint {
  readonly path: string;
  readonly locations?: readonly (TokenLocation | TokenExtractor)[] | undefined;
}

const DELIVER_ROWS = {
  access: [oneOf('body', 'cookie')],
  refresh: [oneOf('body', 'cookie')],
} satisfies Rows<DeliverOptions>;

const LOGIN_ENDPOINT_ROWS = {
  path: [checkStep('give a path')],
  deliver: [(value, name) => readOptions(name, DELIVER_ROWS, value)],
} satisfies Rows<LoginEndpointOptions>;

const TOKEN_ENDPOINT_ROWS = {
  path: [checkStep('give a path')],
  locations: [checkLocations],
} satisfies Rows<TokenEndpointOptions>;

const ENDPOINT_ROWS = {
  path: [checkPath("give a path such as 'auth'"), 'auth'],
  login: [endpointOf(LOGIN_ENDPOINT_ROWS), false],
  refresh: [endpointOf(TOKEN_ENDPOINT_ROWS), false],
  logout: [endpointOf(TOKEN_ENDPOINT_ROWS), false],
  jwks: [checkJwksPath, false],
} satisfies Rows<EndpointOptions>;

/** @throws JwtExtendedConfigError */
export function readEndpoints(endpoints: unknown): MountedEndpoints {
  if (!isObject(endpoints))
    throw new JwtExtendedConfigError('endpoints must be an object: { jwks: true }');
  const { path, jwks, ...given } = readOptions('endpoints', ENDPOINT_ROWS, endpoints);
  const at = (usual: string, own = usual) => (own.startsWith('/') ? own : joined(path, own));
  const { login, refresh, logout } = given;
  const mounted = {
    ...(login && { login: { ...login, path: at('', login.path) } }),
    ...(refresh && { refresh: { ...refresh, path: at('refresh', refresh.path) } }),
    ...(logout && { logout: { ...logout, path: at('logout', logout.path) } }),
  };
  assertUniquePaths(Object.entries(mounted).map(([name, endpoint]) => [name, endpoint.path]));
  return { ...mounted, ...(jwks !== undefined && { jwks }) };
}

/** What is given for an endpoint, as an object; `undefined` if it is not mounted. */
function endpointOf<const R extends Parameters<typeof readOptions>[1]>(
  rows: R,
): Check<Values<R> | undefined> {
  const step = checkStep('give true, a path or an object');
  return (value, name) => {
    if (value === false) return undefined;
    if (isObject(value)) return readOptions(name, rows, value);
    return readOptions(name, rows, value === true ? {} : { path: step(value, name) });
  };
}

function checkStep(fix: string): Check<string> {
  return (value, name) => {
    if (value === '') throw configError(name, 'an empty string', fix);
    return checkPath(fix)(value, name);
  };
}

function checkJwksPath(value: unknown, name: string): string | undefined {
  if (typeof value === 'boolean') return value ? '/.well-known/jwks.json' : undefined;
  const fix = "give true, or a path that starts with '/'";
  const path = checkPath(fix)(value, name);
  if (!path.startsWith('/')) throw configError(name, describe(path), fix);
  return path;
}

/**
 * Unreserved characters (RFC 3986 section 2.3): no router takes them for a pattern, and all clients write them in the
 * same way. Clients resolve steps of one dot or two before they send the request (section 5.2.4).
 */
const PLAIN_PATH = /^(?!(?:.*\/)?\.\.?(?:\/|$))[\w.~/-]*$/;

function checkPath(fix: string): Check<string> {
  return (value, name) => {
    if (typeof value !== 'string') throw configError(name, describe(value), fix);
    if (PLAIN_PATH.test(value)) return value;
    const characters = "of letters, digits, '-', '.', '_', '~' and '/' alone";
    throw configError(name, describe(value), `${fix}, ${characters}`);
  };
}

/** The steps of paths in one path, with one slash before each. */
export function joined(...parts: readonly string[]): string {
  const steps = parts.flatMap((part) => part.split('/')).filter((step) => step !== '');
  return `/${steps.join('/')}`;
}

/** A request never reaches the second of two routes with one path. */
function assertUniquePaths(paths: readonly (readonly [string, string])[]): void {
  for (const [index, [name, path]] of paths.entries()) {
    const twin = paths.slice(0, index).find(([, other]) => joined(other) === joined(path));
    if (!twin) continue;
    const given = `the path of endpoints.${twin[0]}`;
    throw configError(`endpoints.${name}`, given, 'give each endpoint a path of its own');
  }
}

/** How the endpoints of a module send and find tokens. */
export interface EndpointPlan {
  /** How a login sends each token. */
  readonly delivered: Readonly<Record<TokenType, DeliveryWay>>;
  /** Whether `deliver` says so, so that it holds for a refresh, too. */
  readonly isDeliveryChosen: boolean;
  readonly refreshLocations: readonly (TokenLocation | TokenExtractor)[];
  readonly logoutLocations: readonly (TokenLocation | TokenExtractor)[];
}

export function planEndpoints(
  { login, refresh, logout }: MountedEndpoints,
  { locations }: Pick<ResolvedLocationOptions, 'locations'>,
): EndpointPlan {
  const usual = locations[0] === 'cookies' ? 'cookie' : 'body';
  const { access, refresh: way } = login?.deliver ?? {};
  const needsCookies = way === 'cookie' && !locations.includes('cookies');
  const found = needsCookies ? [...locations, 'cookies' as const] : locations;
  return {
    delivered: { access: access ?? usual, refresh: way ?? usual },
    isDeliveryChosen: access !== undefined || way !== undefined,
    refreshLocations: refresh?.locations ?? found,
    logoutLocations: logout?.locations ?? found,
  };
}
