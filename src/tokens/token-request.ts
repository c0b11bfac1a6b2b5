import type { Duration, Token, TokenType } from '../contracts/token.js';
import type { Grant } from './grant.js';

/** The random parts of a token. */
export interface TokenIds {
  readonly jti: string;
  readonly csrf: string;
}

/** What a caller of `TokenService` asks for. */
type Given = {
  readonly [K in keyof Omit<CreateAccessTokenOptions, 'from'>]:
    CreateAccessTokenOptions[K] | undefined;
};

/** A token to make: what the caller and the library ask for beyond the options. */
export interface TokenRequest extends Given {
  readonly type: TokenType;
  /** When the user logged in, in seconds since the epoch. */
  readonly authTime?: number | undefined;
  /** The identity, if it is known already; otherwise the `userIdentity` loader is asked. */
  readonly identity?: unknown;
  /** The latest `exp` of the token whatever its lifetime, in seconds since the epoch; `Infinity` for none. */
  readonly expiresBy?: number | undefined;
  /** What holds until the session of the token ends. */
  readonly grant?: Grant | undefined;
  /** The ids of the first token, if the same token is made a second time. */
  readonly reuseIds?: TokenIds | undefined;
}

/** Options for every kind of token. */
export interface CreateTokenOptions {
  /** Claims to add, as JSON writes them. They win over those of the `additionalClaims` loader. Reserved names are refused. */
  additionalClaims?: object;
  /** Header parameters to add. They win over those of the `additionalHeaders` loader. Reserved names are refused. */
  additionalHeaders?: object;
  /** The session (`sid`) that the token belongs to. */
  sessionId?: string;
  /** The request, for the loaders. */
  request?: unknown;
}

/** Options of `createAccessToken`. */
export interface CreateAccessTokenOptions extends CreateTokenOptions {
  /**
   * The token, of the same identity, whose session the new one continues: it gets the session's id, the time of the login,
   * what the login decided, and `sessions.lifetime` as its limit. It is refused if the given token was revoked meanwhile.
   */
  from?: string | Token;
  /** `true` right after a login; a `Duration` or a `Date` limits how long the token counts as fresh. @default false */
  fresh?: boolean | Duration | Date;
  /**
   * The lifetime of the token; `false`: it never expires; a negative number of seconds: it has expired already.
   * @default the option `accessTokenExpires`
   */
  expiresIn?: Duration | false;
}

/** Options of `createRefreshToken`. */
export interface CreateRefreshTokenOptions extends CreateTokenOptions {
  /**
   * The lifetime of the token; `false`: it never expires; a negative number of seconds: it has expired already.
   * @default the option `refreshTokenExpires`
   */
  expiresIn?: Duration | false;
}

/** Options of `createTokenPair`. */
export interface CreateTokenPairOptions extends CreateTokenOptions {
  /** Whether the access token is fresh, as in `createAccessToken`. @default false */
  fresh?: boolean | Duration | Date;
  /** @default the option `accessTokenExpires` */
  accessExpiresIn?: Duration | false;
  /** @default the option `refreshTokenExpires` */
  refreshExpiresIn?: Duration | false;
  /**
   * Whether the browser keeps the cookies of these tokens when it is closed, now and after each refresh. Give it only if
   * the tokens are delivered in cookies.
   * @default the opposite of `cookies.session`
   */
  remember?: boolean;
  /**
   * The moment before the credentials were checked, if that took time: the tokens count as issued then, so a
   * `revokeAllFor` that came meanwhile revokes them. Lifetimes count from then, too.
   * @default now
   */
  authenticatedAt?: Date;
  /**
   * What the list of sessions shows about this login, such as the browser and the address: any JSON value of at most
   * 2048 characters.
   */
  note?: unknown;
}

/**
 * Options of `rotateRefreshToken`. The identity, the session, the time of the login and what the login decided stay the
 * same; what is given here holds from now on until the session ends.
 */
export interface RotateRefreshTokenOptions {
  /** Claims to add to both tokens. They win over those of the `additionalClaims` loader and of the login. */
  additionalClaims?: object;
  /** Header parameters to add to both tokens. */
  additionalHeaders?: object;
  /** @default as at the login, otherwise the option `accessTokenExpires` */
  accessExpiresIn?: Duration | false;
  /** @default as at the login, otherwise the option `refreshTokenExpires` */
  refreshExpiresIn?: Duration | false;
  /** The request, for the loaders. */
  request?: unknown;
}

/** Options of `decodeToken`. */
export interface DecodeTokenOptions {
  /** The csrf value that must match the token's `csrf` claim. */
  csrf?: string;
  /** Accepts an expired token, too. @default false */
  allowExpired?: boolean;
  /** The request, for the `decodeKey` loader. */
  request?: unknown;
}

const SHARED = { additionalClaims: true, additionalHeaders: true, request: true } as const;
const SINGLE = { ...SHARED, sessionId: true, expiresIn: true } as const;
const LIFETIMES = { accessExpiresIn: true, refreshExpiresIn: true } as const;

/** The names of the options of each method. */
export const OPTION_NAMES = {
  createAccessToken: namesOf<CreateAccessTokenOptions>({ ...SINGLE, from: true, fresh: true }),
  createRefreshToken: namesOf<CreateRefreshTokenOptions>(SINGLE),
  createTokenPair: namesOf<CreateTokenPairOptions>({
    ...SHARED,
    ...LIFETIMES,
    ...{ sessionId: true, fresh: true, remember: true, authenticatedAt: true, note: true },
  }),
  rotateRefreshToken: namesOf<RotateRefreshTokenOptions>({ ...SHARED, ...LIFETIMES }),
  decodeToken: namesOf<DecodeTokenOptions>({ csrf: true, allowExpired: true, request: true }),
};

/** A name that is missing does not compile. */
function namesOf<Options>(names: Record<keyof Options, true>): readonly string[] {
  return Object.keys(names);
}
