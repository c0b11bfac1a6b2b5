/** The two types of token: an access token opens routes, a refresh token only gets new tokens. */
export type TokenType = 'access' | 'refresh';

/** Where in a request a token may travel. */
export type TokenLocation = 'headers' | 'cookies' | 'query_string' | 'json';

/** A length of time: a number of **seconds**, or a string with a unit (`'15m'`, `'30d'`). */
export type Duration = number | string;

/** The claims of a token: its payload, which is parsed once. */
export type Claims = Readonly<Record<string, unknown>>;

/** The JOSE header of a token (RFC 7515 section 4). */
export interface TokenHeader {
  readonly alg: string;
  readonly typ?: string;
  readonly kid?: string;
  readonly [name: string]: unknown;
}

/**
 * A token whose signature, registered claims and structure were verified. No other tokens have this type.
 *
 * @typeParam C - the shape of the claims your application adds
 *
 * @example
 * ```ts
 * const token: Token<{ roles: string[] }> = await tokens.decodeToken(encoded);
 * token.claims.roles.includes('admin');
 * ```
 */
export interface Token<C extends object = object> {
  /** The compact serialisation (RFC 7515 section 7.1). Hidden from `util.inspect` and `JSON.stringify`. */
  readonly encoded: string;
  readonly header: TokenHeader;
  /** The whole payload: registered and custom claims. */
  readonly claims: Claims & C;
  /** The value of the identity claim (`sub`, or the option `identityClaim`); a string unless `verifySub` is `false`. */
  readonly identity: string;
  readonly type: TokenType;
  /** RFC 7519 `jti`. Empty only in a token of another issuer without one, or with `acceptForeignTokens`. */
  readonly jti: string;
  /** The session (`sid`) that a token of a pair belongs to. */
  readonly sessionId?: string;
  /** Whether the token was fresh when it was read. */
  readonly fresh: boolean;
  readonly issuedAt?: Date;
  /** Absent in a token that never expires. */
  readonly expiresAt?: Date;
  /** The issuer whose key verified the token, if it is one of the option `issuers`; absent in tokens of this module. */
  readonly issuer?: string;
  /** The tenant whose key verified the token, if the loaders `encodeKey` and `decodeKey` name one. */
  readonly namespace?: string;
}

/**
 * What a guard stores on the request: the verified token, its location, and its user.
 *
 * @typeParam C - the shape of the claims your application adds
 * @typeParam U - what the `userLookup` loader returns
 */
export type JwtContext<C extends object = object, U = unknown> = Token<C> & {
  /** One of the four locations, or `'custom'` for a token found by an extractor function. */
  readonly location: TokenLocation | 'custom';
  /** What the `userLookup` loader returned; `undefined` without that loader. */
  readonly user: U;
};

/** An access and a refresh token of one session. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The `sid` claim of both tokens. */
  readonly sessionId: string;
  /** When the access token expires; absent if it never does. */
  readonly accessExpiresAt?: Date;
  /** When the refresh token expires; absent if it never does. */
  readonly refreshExpiresAt?: Date;
}

/** A session starts with a login, and each rotation of its refresh token continues it. */
export interface Session {
  /** The `sid` claim of its tokens. */
  readonly id: string;
  /** When `createTokenPair` started it. */
  readonly createdAt: Date;
  /** When its tokens were last replaced; equal to `createdAt` before the first rotation. */
  readonly refreshedAt: Date;
  /** When its last token expires; absent if one of its tokens never expires. */
  readonly expiresAt?: Date;
  /** What the application noted at login. */
  readonly note?: unknown;
}
