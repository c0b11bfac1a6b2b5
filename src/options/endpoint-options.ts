import { type Check, isObject } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import { readOptions, type Rows } from '../common/read-options.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';

/**
 * Ready-made endpoints. Give `true` or a path of your own, made of letters, digits, `-`, `.`, `_`, `~` and `/`. An endpoint
 * that is not named is not mounted.
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
  login?: boolean | string;
  /** `POST /auth/refresh` exchanges a refresh token for a new pair. @default false */
  refresh?: boolean | string;
  /** `POST /auth/logout` ends the session of the token in the request. @default false */
  logout?: boolean | string;
  /**
   * `GET` returns the public halves of the module's keys as a JWK Set (RFC 7517). It is outside of any global prefix;
   * `true` mounts `/.well-known/jwks.json`.
   *
   * @default false
   */
  jwks?: boolean | string;
}

/** The path of each endpoint that is mounted. */
export type EndpointPaths = Readonly<
  Partial<Record<'login' | 'refresh' | 'logout' | 'jwks', string>>
>;

const ENDPOINT_ROWS = {
  path: [checkPath("give a path such as 'auth'"), 'auth'],
  login: [stepOr(''), false],
  refresh: [stepOr('refresh'), false],
  logout: [stepOr('logout'), false],
  jwks: [checkJwksPath, false],
} satisfies Rows<EndpointOptions>;

/** @throws JwtExtendedConfigError */
export function resolveEndpoints(endpoints: unknown): EndpointPaths {
  if (!isObject(endpoints))
    throw new JwtExtendedConfigError('endpoints must be an object: { jwks: true }');
  const { path, jwks, ...steps } = readOptions('endpoints', ENDPOINT_ROWS, endpoints);
  const paths = Object.entries(steps).flatMap(([name, step]) => {
    if (step === undefined) return [];
    return [[name, step.startsWith('/') ? step : joined(path, step)] as const];
  });
  assertUniquePaths(paths);
  return { ...Object.fromEntries(paths), ...(jwks !== undefined && { jwks }) };
}

/** The part of the path below `path`; `undefined` for an endpoint that is not mounted. */
function stepOr(usual: string): Check<string | undefined> {
  const fix = 'give true, or a path';
  return (value, name) => {
    if (typeof value === 'boolean') return value ? usual : undefined;
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

function joined(...parts: readonly string[]): string {
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
