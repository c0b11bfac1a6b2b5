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
