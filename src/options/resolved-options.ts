import type { BlocklistStore } from '../contracts/blocklist-store.js';
import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation, TokenType } from '../contracts/token.js';
import type { JwtExtendedLoaders, JwtExtendedResponses } from './callbacks.js';

/**
 * The options once settled: every default filled in, every duration a number, every header name in lower case.
 * Frozen, and nobody asks again.
 */
export interface ResolvedOptions {
  readonly token: ResolvedTokenOptions;
  readonly locations: readonly (TokenLocation | TokenExtractor)[];
  readonly header: { readonly name: string; readonly lowerCaseName: string; readonly type: string };
  readonly queryString: { readonly name: string; readonly valuePrefix: string };
  readonly cookies: {
    readonly domain: string | undefined;
    readonly secure: boolean;
    readonly sameSite: 'strict' | 'lax' | 'none';
    readonly session: boolean;
    /** Seconds; `undefined` for half of a token's life. */
    readonly renewWithin: number | undefined;
  };
  readonly csrf: {
    readonly protect: boolean;
    readonly inCookies: boolean;
    readonly checkForm: boolean;
    /** Methods that need no csrf value, upper case: the safe ones, and the four ordinary ones that the options leave out. */
    readonly exemptMethods: ReadonlySet<string>;
  };
  /** What differs between access and refresh tokens in transport. */
  readonly carriers: Readonly<Record<TokenType, TokenCarrier>>;
  readonly responses: ResolvedResponseOptions;
  readonly blocklist: {
    readonly store: BlocklistStore | undefined;
    readonly checks: ReadonlySet<TokenType>;
    readonly timeoutMs: number;
    readonly onStoreError: 'deny' | 'allow';
  };
  readonly rotation: {
    /** Milliseconds. */
    readonly graceMs: number;
    /** Seconds. */
    readonly sessionLifetime: number | undefined;
    readonly maxSessions: number | undefined;
  };
  /** Absent where nobody logs in at an endpoint of ours. */
  readonly login: ResolvedLoginOptions | undefined;
  readonly loaders: Readonly<JwtExtendedLoaders>;
  readonly loaderTimeoutMs: number;
  readonly clock: () => Date;
}

/** The names under which one type of token travels. */
export interface TokenCarrier {
  readonly jsonKey: string;
  readonly cookie: { readonly name: string; readonly path: string };
  readonly csrfCookie: { readonly name: string; readonly path: string };
  /** As written in the options. */
  readonly csrfHeaderName: string;
  readonly csrfHeaderLowerCaseName: string;
  readonly csrfFieldName: string;
}

export interface ResolvedTokenOptions {
  /** Seconds; `false`: for ever. */
  readonly expires: Readonly<Record<TokenType, number | false>>;
  readonly encodeNotBefore: boolean;
  /** Seconds. */
  readonly notBeforeDelta: number;
  /** Seconds. */
  readonly leeway: number;
  readonly identityClaim: string;
  readonly verifySub: boolean;
  readonly userClaimsKey: string | undefined;
  readonly claimsInRefreshToken: boolean;
  readonly requiredClaims: readonly string[];
  readonly acceptForeignTokens: boolean;
  readonly encodeIssuer: string | undefined;
  readonly decodeIssuers: readonly string[] | undefined;
  readonly encodeAudience: string | readonly string[] | undefined;
  readonly decodeAudiences: readonly string[] | undefined;
  readonly maxTokenLength: number;
  /** Whether new tokens carry a `csrf` claim. */
  readonly encodeCsrf: boolean;
}

export interface ResolvedResponseOptions {
  readonly errorMessageKey: string;
  readonly errorCodeKey: string | undefined;
  readonly statusProfile: 'flask' | 'rfc6750';
  readonly realm: string | undefined;
  readonly callbacks: Readonly<JwtExtendedResponses>;
}

export interface ResolvedLoginOptions {
  /** Not yet believed in anything it gives. */
  readonly authenticate: (...args: readonly unknown[]) => unknown;
  readonly usernameKey: string;
  readonly passwordKey: string;
  readonly respond: ((...args: readonly unknown[]) => unknown) | undefined;
}
