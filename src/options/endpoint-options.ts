import { isObject } from '../common/checks.js';
import { describe, configError } from '../common/describe.js';
import { type Defaults, readOptions } from '../common/read-options.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';

/**
 * Ready-made endpoints: `true`, or a path of your own, without parameters or wildcards: letters, digits, `-`, `.`, `_`,
 * `~` and `/`. Only what is named is mounted.
 */
export interface EndpointOptions {
  /**
   * Where the endpoints for tokens stand, below the global prefix and the version of the application: the login at this
   * very path, the others one step below it.
   *
   * @default 'auth'
   */
  path?: string;
  /**
   * `POST /auth` gives a fresh pair for a username and a password; the option `login` says whose they are. A path of
   * your own counts from `path`, or from the root if it starts with `/`. Flask-JWT: `JWT_AUTH_URL_RULE`.
   *
   * @default false
   */
  login?: boolean | string;
  /**
   * `POST /auth/refresh` spends a refresh token for a new pair.
   *
   * @default false
   */
  refresh?: boolean | string;
  /**
   * `POST /auth/logout` ends the session of the token that it is called with.
   *
   * @default false
   */
  logout?: boolean | string;
  /**
   * The public halves of the module's keys, as a JWK Set (RFC 7517), outside of any global prefix; `true` mounts
   * `/.well-known/jwks.json`.
   *
   * @default false
   */
  jwks?: boolean | string;
}

/** The endpoints that hand tokens out and take them back. */
type TokenEndpoint = 'login' | 'refresh' | 'logout';

/** Where each endpoint is mounted; one that is not is absent. */
export type EndpointPaths = Readonly<Partial<Record<TokenEndpoint | 'jwks', string>>>;

const ENDPOINT_DEFAULTS: Defaults<EndpointOptions> = {
  path: 'auth',
  login: false,
  refresh: false,
  logout: false,
  jwks: false,
};

/** One step below `path`; the login is at `path` itself. */
const STEPS = { login: '', refresh: 'refresh', logout: 'logout' } as const;

/**
 * Unreserved characters (RFC 3986 section 2.3): no router takes them for a pattern, and no client writes them in another
 * way. It does resolve steps of one dot or two before it asks (section 5.2.4).
 */
const PLAIN_PATH = /^(?!(?:.*\/)?\.\.?(?:\/|$))[\w.~/-]*$/;

const PLAIN = "of letters, digits, '-', '.', '_', '~' and '/' alone";

/**
 * Where the endpoints are.
 *
 * @throws JwtExtendedConfigError
 */
export function resolveEndpoints(endpoints: EndpointOptions | undefined): EndpointPaths {
  if (endpoints === undefined) return {};
  if (!isObject(endpoints)) {
    throw new JwtExtendedConfigError('endpoints must be an object: { jwks: true }');
  }
  const given = readOptions<EndpointOptions>(endpoints, ENDPOINT_DEFAULTS, 'endpoints');
  const root = checkPath(given.path, 'path', "give a path such as 'auth'");
  const steps = (Object.keys(STEPS) as TokenEndpoint[]).flatMap((name) => {
    const step = stepOf(name, given[name]);
    if (step === undefined) return [];
    return [[name, step.startsWith('/') ? step : joined(root, step)] as const];
  });
  assertUniquePaths(steps);
  const jwks = jwksPath(given.jwks);
  return { ...Object.fromEntries(steps), ...(jwks !== undefined && { jwks }) };
}

function stepOf(name: TokenEndpoint, value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? STEPS[name] : undefined;
  const fix = 'give true, or a path';
  if (value === '') throw configError(`endpoints.${name}`, 'an empty string', fix);
  return checkPath(value, name, fix);
}

function jwksPath(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? '/.well-known/jwks.json' : undefined;
  const fix = "give true, or a path that starts with '/'";
  const path = checkPath(value, 'jwks', fix);
  if (!path.startsWith('/')) throw configError('endpoints.jwks', describe(path), fix);
  return path;
}

function checkPath(value: unknown, name: keyof EndpointOptions, fix: string): string {
  const option = `endpoints.${name}`;
  if (typeof value !== 'string') throw configError(option, describe(value), fix);
  if (!PLAIN_PATH.test(value)) throw configError(option, describe(value), `${fix}, ${PLAIN}`);
  return value;
}

function joined(...parts: readonly string[]): string {
  const steps = parts.flatMap((part) => part.split('/')).filter((step) => step !== '');
  return `/${steps.join('/')}`;
}

/** Of two routes with one path the second would never be reached. */
function assertUniquePaths(paths: readonly (readonly [TokenEndpoint, string])[]): void {
  for (const [index, [name, path]] of paths.entries()) {
    const twin = paths.slice(0, index).find(([, other]) => joined(other) === joined(path));
    if (!twin) continue;
    const given = `the path of endpoints.${twin[0]}`;
    throw configError(`endpoints.${name}`, given, 'give each endpoint a path of its own');
  }
}
