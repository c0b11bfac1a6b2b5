import { isObject } from '../common/checks.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { BLOCKLIST_ROWS, ROTATION_ROWS, SESSION_ROWS } from './blocklist-options.js';
import { LOADER_ROWS, RESPONSE_CALLBACK_ROWS } from './callbacks.js';
import { COOKIE_ROWS } from './cookie-options.js';
import { CSRF_ROWS } from './csrf-options.js';
import { LOGIN_ROWS } from './login-options.js';

const GROUPS = {
  cookies: COOKIE_ROWS,
  csrf: CSRF_ROWS,
  blocklist: BLOCKLIST_ROWS,
  rotation: ROTATION_ROWS,
  sessions: SESSION_ROWS,
  login: LOGIN_ROWS,
  loaders: LOADER_ROWS,
  responses: RESPONSE_CALLBACK_ROWS,
};

/** Options of the Flask libraries whose names differ by more than `JWT_`, capitals and the group. */
const FLASK = {
  JWT_SECRET_KEY: 'secret',
  JWT_PUBLICKEY: 'publicKey',
  JWT_AUTHTYPE: 'algorithm',
  JWT_EXPIRATION_DELTA: 'accessTokenExpires',
  JWT_AUTHMAXAGE: 'accessTokenExpires',
  JWT_REFRESHMAXAGE: 'refreshTokenExpires',
  JWT_ENCODE_NBF: 'encodeNotBefore',
  JWT_DECODE_LEEWAY: 'leeway',
  JWT_USER_CLAIMS: 'userClaimsKey',
  JWT_ISSUER: 'encodeIssuer',
  JWT_TOKEN_LOCATION: 'locations',
  JWT_AUTH_HEADER_PREFIX: 'headerType',
  JWT_ACCESS_COOKIE_NAME: 'cookies.accessName',
  JWT_REFRESH_COOKIE_NAME: 'cookies.refreshName',
  JWT_ACCESS_COOKIE_PATH: 'cookies.accessPath',
  JWT_REFRESH_COOKIE_PATH: 'cookies.refreshPath',
  JWT_COOKIE_DOMAIN: 'cookies.domain',
  JWT_COOKIE_SECURE: 'cookies.secure',
  JWT_COOKIE_SAMESITE: 'cookies.sameSite',
  JWT_SESSION_COOKIE: 'cookies.session',
  JWT_COOKIE_CSRF_PROTECT: 'csrf.protect',
  JWT_CSRF_METHODS: 'csrf.methods',
  JWT_CSRF_IN_COOKIES: 'csrf.inCookies',
  JWT_CSRF_CHECK_FORM: 'csrf.checkForm',
  JWT_CSRF_HEADER_NAME: 'csrf.accessHeaderName',
  JWT_ACCESS_CSRF_HEADER_NAME: 'csrf.accessHeaderName',
  JWT_REFRESH_CSRF_HEADER_NAME: 'csrf.refreshHeaderName',
  JWT_ACCESS_CSRF_FIELD_NAME: 'csrf.accessFieldName',
  JWT_REFRESH_CSRF_FIELD_NAME: 'csrf.refreshFieldName',
  JWT_ACCESS_CSRF_COOKIE_NAME: 'csrf.accessCookieName',
  JWT_REFRESH_CSRF_COOKIE_NAME: 'csrf.refreshCookieName',
  JWT_ACCESS_CSRF_COOKIE_PATH: 'csrf.accessCookiePath',
  JWT_REFRESH_CSRF_COOKIE_PATH: 'csrf.refreshCookiePath',
  JWT_DEFAULT_REALM: 'realm',
  JWT_BLACKLIST_ENABLED: 'blocklist',
  JWT_BLACKLIST_STORE: 'blocklist.store',
  JWT_BLACKLIST_CHECKS: 'blocklist.checks',
  JWT_BLACKLIST_TOKEN_CHECKS: 'blocklist.checks',
  JWT_AUTH_USERNAME_KEY: 'login.usernameKey',
  JWT_AUTH_PASSWORD_KEY: 'login.passwordKey',
};

/** Options of `jsonwebtoken`, `@nestjs/jwt`, `passport-jwt`, `@nestjs/passport` and `express-jwt`. */
const NODE = {
  secretOrKeyProvider: 'loaders.decodeKey',
  expiresIn: 'accessTokenExpires',
  maxAge: 'accessTokenExpires',
  notBefore: 'notBeforeDelta',
  clockTolerance: 'leeway',
  clockTimestamp: 'clock',
  algorithms: 'decodeAlgorithms',
  keyid: 'keys.current.kid',
  header: 'loaders.additionalHeaders',
  jwtFromRequest: 'locations',
  getToken: 'locations',
  isRevoked: 'loaders.isTokenRevoked',
  onExpired: 'responses.expiredToken',
  global: 'isGlobal',
  validate: 'loaders.userLookup',
};

/** What other libraries have as options, and this one does not. */
const NO_OPTIONS = {
  statusProfile: 'use profile',
  jwks: 'give endpoints: { jwks: true } beside the options of forRoot, or beside useFactory',
  deliver:
    'it belongs in endpoints: { login: { deliver } }, beside the options of forRoot or useFactory',
  JWT_AUTH_URL_RULE:
    "give endpoints: { path: '/', login: 'auth' } beside the options of forRoot, or beside useFactory",
  issuer: 'use encodeIssuer for new tokens, and decodeIssuer for those that are read',
  audience: 'use encodeAudience for new tokens, and decodeAudience for those that are read',
  ignoreExpiration: 'use @JwtRequired({ allowExpired: true }) on the route',
  credentialsRequired: 'use @JwtOptional() on the route',
  passReqToCallback: 'remove it: the last argument of every loader is { request }',
  subject: 'remove it: it is the first argument of createAccessToken',
  jwtid: 'remove it: every token has an id of its own',
  property: 'remove it: the user is in request.user',
  requestProperty: 'remove it: the user is in request.user',
  defaultStrategy: 'remove it: the guards need no passport',
};

const RENAMED: ReadonlyMap<string, string> = new Map(Object.entries({ ...FLASK, ...NODE }));
const GONE: ReadonlyMap<string, string> = new Map(Object.entries(NO_OPTIONS));
/** Options that hold options. Those of `@nestjs/jwt` and `passport-jwt` are options of their own here. */
const FLATTENED = ['signOptions', 'verifyOptions', 'jsonWebTokenOptions'];
/** Options that take a secret or a key. */
const SECRET_OR_KEY = ['secretOrKey', 'secretOrPrivateKey', 'secretOrPublicKey'];

/**
 * Names the option for a name of another library, and for an option that stands in the wrong group.
 *
 * @throws JwtExtendedConfigError
 */
export function refuseNamesFromElsewhere(options: unknown, topLevel: readonly string[]): void {
  if (!isObject(options)) return;
  const paths = [
    ...topLevel,
    ...Object.entries(GROUPS).flatMap(([group, rows]) =>
      Object.keys(rows).map((name) => `${group}.${name}`),
    ),
  ];
  refuseIn('', options, paths);
  for (const group of Object.keys(GROUPS))
    if (isObject(options[group])) refuseIn(`${group}.`, options[group], paths);
  for (const group of FLATTENED) {
    if (isObject(options[group])) refuseIn(`${group}.`, options[group], paths);
    if (Object.hasOwn(options, group))
      throw unknownOption(
        group,
        'its members have names of their own here: accessTokenExpires, encodeIssuer, …',
      );
  }
}

function refuseIn(
  prefix: string,
  given: Readonly<Record<string, unknown>>,
  paths: readonly string[],
): void {
  for (const name of Object.keys(given)) {
    if (paths.includes(prefix + name)) continue;
    const renamed = SECRET_OR_KEY.includes(name) ? keyOptionFor(given[name]) : RENAMED.get(name);
    const fix = GONE.get(name) ?? (renamed ? `use ${renamed}` : fixForPlace(name, paths));
    if (fix !== undefined) throw unknownOption(prefix + name, fix);
  }
}

/** For a name that stands in another group, or is written as in Flask. */
function fixForPlace(name: string, paths: readonly string[]): string | undefined {
  const plain = name
    .replace(/^JWT_/, '')
    .replace(/loader$/i, '')
    .replaceAll('_', '')
    .toLowerCase();
  const path = paths.find((each) => each.split('.').at(-1)?.toLowerCase() === plain);
  return path && `did you mean ${path}?`;
}

/** The option for a key that `jsonwebtoken` takes for whatever it is. */
function keyOptionFor(value: unknown): string {
  const text = typeof value === 'string' || Buffer.isBuffer(value) ? value.toString() : '';
  const [, kind] = /-----BEGIN [A-Z ]*(PRIVATE|PUBLIC) KEY/.exec(text) ?? [];
  return kind === undefined ? 'secret' : `${kind.toLowerCase()}Key`;
}

function unknownOption(path: string, fix: string): JwtExtendedConfigError {
  return new JwtExtendedConfigError(`${path} is not an option; ${fix}`);
}
