import type { JwtExtendedOptions } from './jwt-extended-options.js';

import type { Defaults } from '../common/read-options.js';

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
