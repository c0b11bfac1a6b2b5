import type {
  BlocklistOptions,
  JwtExtendedOptions,
  RotationOptions,
} from './jwt-extended-options.js';
import type { CookieOptions } from './cookie-options.js';
import type { CsrfOptions } from './csrf-options.js';
import type { LoginOptions } from './login-options.js';
import type { Defaults } from './settle.js';

/** Every option's name, and what holds where it is not given. */
export const OPTION_DEFAULTS: Defaults<JwtExtendedOptions> = {
  // Checked by the keys module; here they are only known by name.
  secret: undefined,
  privateKey: undefined,
  passphrase: undefined,
  publicKey: undefined,
  algorithm: undefined,
  decodeAlgorithms: undefined,
  allowWeakSecret: undefined,
  keys: undefined,

  accessTokenExpires: '15m',
  refreshTokenExpires: '30d',
  encodeNotBefore: true,
  notBeforeDelta: 0,
  leeway: 0,
  identityClaim: 'sub',
  verifySub: true,
  userClaimsKey: undefined,
  claimsInRefreshToken: true,
  requiredClaims: [],
  acceptForeignTokens: false,
  encodeIssuer: undefined,
  decodeIssuer: undefined,
  encodeAudience: undefined,
  decodeAudience: undefined,
  maxTokenLength: 8192,

  locations: ['headers'],
  headerName: 'Authorization',
  headerType: 'Bearer',
  queryStringName: 'jwt',
  queryStringValuePrefix: '',
  jsonKey: 'access_token',
  refreshJsonKey: 'refresh_token',
  cookies: {},
  csrf: {},

  errorMessageKey: 'msg',
  errorCodeKey: undefined,
  statusProfile: 'flask',
  realm: undefined,
  responses: {},

  blocklist: {},
  rotation: undefined,
  login: undefined,
  loaders: {},
  loaderTimeout: '5s',
  clock: () => new Date(),
};

export const COOKIE_DEFAULTS: Defaults<CookieOptions> = {
  accessName: 'access_token_cookie',
  refreshName: 'refresh_token_cookie',
  accessPath: '/',
  refreshPath: '/',
  domain: undefined,
  secure: true,
  sameSite: 'lax',
  session: true,
  renewWithin: undefined,
};

export const CSRF_DEFAULTS: Defaults<CsrfOptions> = {
  protect: true,
  methods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  accessHeaderName: 'X-CSRF-TOKEN',
  refreshHeaderName: 'X-CSRF-TOKEN',
  inCookies: true,
  accessCookieName: 'csrf_access_token',
  refreshCookieName: 'csrf_refresh_token',
  accessCookiePath: '/',
  refreshCookiePath: '/',
  checkForm: false,
  accessFieldName: 'csrf_token',
  refreshFieldName: 'csrf_token',
};

export const BLOCKLIST_DEFAULTS: Defaults<BlocklistOptions> = {
  store: undefined,
  checks: ['access', 'refresh'],
  timeout: '1s',
  onStoreError: 'deny',
};

export const ROTATION_DEFAULTS: Defaults<RotationOptions> = {
  grace: '10s',
  sessionLifetime: undefined,
  maxSessions: undefined,
};

export const LOGIN_DEFAULTS: Defaults<LoginOptions> = {
  authenticate: undefined,
  usernameKey: 'username',
  passwordKey: 'password',
  respond: undefined,
};
