/** The two kinds of token: one opens routes, the other only buys new tokens. */
export type TokenType = 'access' | 'refresh';

/** Where in a request a token may travel. */
export type TokenLocation = 'headers' | 'cookies' | 'query_string' | 'json';

/** A span of time: a number of **seconds**, or a string with a unit (`'15m'`, `'30d'`). */
export type Duration = number | string;

/** Claims of a token: its payload, as the one JSON object every check has seen. */
export type Claims = Readonly<Record<string, unknown>>;

/** The JOSE header of a token (RFC 7515 section 4). */
export interface TokenHeader {
  readonly alg: string;
  readonly typ?: string;
  readonly kid?: string;
  readonly [name: string]: unknown;
}

/**
 * A token that was verified: signature, registered claims and shape. Nothing makes one but the
 * reader, so holding a `Token` means that it can be believed.
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
  /** The whole payload, registered and custom claims alike. */
  readonly claims: Claims & C;
  /** The value of the identity claim (`sub` unless `identityClaim` says otherwise); a string unless `verifySub` is off. */
  readonly identity: string;
  readonly type: TokenType;
  /** RFC 7519 `jti`. Empty only in a foreign token without one (`acceptForeignTokens`). */
  readonly jti: string;
  /** The session (`sid`) that a token of a pair belongs to. */
  readonly sessionId?: string;
  /** Whether the token was fresh when it was read. */
  readonly fresh: boolean;
  readonly issuedAt?: Date;
  /** Absent in a token that never expires. */
  readonly expiresAt?: Date;
}

/**
 * What a guard leaves on the request: the verified token, where it was found, and the user it stands for.
 *
 * @typeParam C - the shape of the claims your application adds
 * @typeParam U - what the `userLookup` loader gives
 */
export type JwtContext<C extends object = object, U = unknown> = Token<C> & {
  /** One of the four locations, or `'custom'` for a token found by an extractor function. */
  readonly location: TokenLocation | 'custom';
  /** What the `userLookup` loader gave; `undefined` without that loader. */
  readonly user: U;
};

/** An access and a refresh token of one session. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The session id both carry as their `sid` claim. */
  readonly sessionId: string;
}

/**
 * A session: what a login began, and every rotation of its refresh token goes on with. All its tokens carry its id as
 * their `sid` claim.
 */
export interface Session {
  /** The `sid` of its tokens. */
  readonly id: string;
  /** When `createTokenPair` began it. */
  readonly createdAt: Date;
  /** When its tokens were last made anew; equal to `createdAt` before the first rotation. */
  readonly refreshedAt: Date;
  /** When its last token expires; absent for a session with a token that never does. */
  readonly expiresAt?: Date;
  /** What the application chose to note at login; `undefined` for nothing. */
  readonly note?: unknown;
}
