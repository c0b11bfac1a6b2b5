import type { Duration, TokenType } from '../contracts/token.js';

/** What tells one token from all others. */
export interface TokenIds {
  readonly jti: string;
  readonly csrf: string;
  /** Seconds since the epoch, with a fraction in the second of a cut-off. */
  readonly iat: number;
}

/** A token that was just made, and what became of the request for it. */
export interface MintedToken {
  readonly encoded: string;
  readonly type: TokenType;
  readonly identity: string;
  readonly jti: string;
  readonly sessionId: string | undefined;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Absent in a token that never expires. */
  readonly expiresAt: Date | undefined;
}

/** What a token is to say besides what the options say. */
export interface TokenRequest {
  readonly type: TokenType;
  readonly fresh?: boolean | Duration | Date | undefined;
  readonly expiresIn?: Duration | false | undefined;
  readonly additionalClaims?: object | undefined;
  readonly additionalHeaders?: object | undefined;
  readonly sessionId?: string | undefined;
  /** When the user proved who they are, in seconds since the epoch. */
  readonly authTime?: number | undefined;
  readonly request?: unknown;
  /** What an identity was found out to be already; else the `userIdentity` loader is asked. */
  readonly identity?: unknown;
  /** The moment by which the token has expired whatever else is said, in seconds since the epoch. */
  readonly expiresBy?: number | undefined;
  /** What a token that is made a second time must have in common with the first. */
  readonly reuseIds?: TokenIds | undefined;
}

/** What every token may be given besides its subject. */
export interface CreateTokenOptions {
  /** Claims to add; they win over what the `additionalClaims` loader gives. Reserved names are refused. */
  additionalClaims?: object;
  /** Header parameters to add; they win over what the `additionalHeaders` loader gives. Reserved names are refused. */
  additionalHeaders?: object;
  /** The session (`sid`) that the token belongs to. */
  sessionId?: string;
  /** Handed on to the loaders. */
  request?: unknown;
}

/** What `createAccessToken` takes. */
export interface CreateAccessTokenOptions extends CreateTokenOptions {
  /**
   * `true` after a login; a `Duration` or a `Date` for how long the token counts as fresh.
   *
   * @default false
   */
  fresh?: boolean | Duration | Date;
  /**
   * How long the token lives; `false`: for ever; a negative number of seconds: it has expired already.
   *
   * @default the option `accessTokenExpires`
   */
  expiresIn?: Duration | false;
}

/** What `createRefreshToken` takes. */
export interface CreateRefreshTokenOptions extends CreateTokenOptions {
  /**
   * How long the token lives; `false`: for ever; a negative number of seconds: it has expired already.
   *
   * @default the option `refreshTokenExpires`
   */
  expiresIn?: Duration | false;
}

/** What `createTokenPair` takes. */
export interface CreateTokenPairOptions extends CreateTokenOptions {
  /**
   * Whether the access token is fresh, as in `createAccessToken`.
   *
   * @default false
   */
  fresh?: boolean | Duration | Date;
  /**
   * How long the access token lives.
   *
   * @default the option `accessTokenExpires`
   */
  accessExpiresIn?: Duration | false;
  /**
   * How long the refresh token lives.
   *
   * @default the option `refreshTokenExpires`
   */
  refreshExpiresIn?: Duration | false;
  /**
   * What the list of sessions is to show of this login: the browser and the address, say. Anything that JSON holds, of
   * up to 2048 characters.
   */
  note?: unknown;
}

/** What `rotateRefreshToken` takes; the identity, the session and the time of the login stay as they are. */
export interface RotateRefreshTokenOptions {
  /** Claims to add to both tokens, beside what the `additionalClaims` loader gives. */
  additionalClaims?: object;
  /** Header parameters to add to both tokens. */
  additionalHeaders?: object;
  /**
   * How long the access token lives.
   *
   * @default the option `accessTokenExpires`
   */
  accessExpiresIn?: Duration | false;
  /**
   * How long the refresh token lives.
   *
   * @default the option `refreshTokenExpires`
   */
  refreshExpiresIn?: Duration | false;
  /** Handed on to the loaders. */
  request?: unknown;
}

/** What `decodeToken` takes. */
export interface DecodeTokenOptions {
  /** The csrf value that must match the token's `csrf` claim. */
  csrf?: string;
  /**
   * Reads an expired token, too.
   *
   * @default false
   */
  allowExpired?: boolean;
  /** Handed on to the `decodeKey` loader. */
  request?: unknown;
}
