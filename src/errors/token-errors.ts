import type { Freshness } from '../contracts/route-policy.js';
import type { Token, TokenType } from '../contracts/token.js';
import { TokenError, type TokenErrorCode } from './token.error.js';

/** The request has no token in any of the locations. */
export class MissingTokenError extends TokenError {
  readonly code = 'TOKEN_MISSING';

  constructor(readonly reason: string) {
    super(reason, 'TOKEN_MISSING');
  }
}

/** The request has a token in a cookie, but the CSRF value is missing or wrong. */
export class CsrfError extends TokenError {
  readonly code = 'CSRF_FAILED';

  constructor(readonly reason: string) {
    super(reason, 'CSRF_FAILED');
  }
}

/** The credentials in a login request are missing or wrong. */
export class BadCredentialsError extends TokenError {
  readonly code = 'CREDENTIALS_INVALID';
  readonly reason = 'Bad username or password';

  constructor() {
    super('Bad username or password', 'CREDENTIALS_INVALID');
  }
}

/** The token is not valid; `reason` says why, in Flask-JWT-Extended's words. */
export class InvalidTokenError extends TokenError {
  readonly code = 'TOKEN_INVALID';

  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super(reason, 'TOKEN_INVALID', cause);
  }
}

/** A refresh token where an access token is required, or the reverse. */
export class WrongTokenTypeError extends TokenError {
  readonly code = 'TOKEN_WRONG_TYPE';
  readonly reason: string;

  constructor(expected: TokenType) {
    const reason = `Only ${expected === 'refresh' ? '' : 'non-'}refresh tokens are allowed`;
    super(reason, 'TOKEN_WRONG_TYPE');
    this.reason = reason;
  }
}

/** A verified token was refused. The token is a getter, so that logs of the error do not print it. */
export abstract class VerifiedTokenError extends TokenError {
  readonly #token: Token;

  protected constructor(token: Token, message: string, code: TokenErrorCode) {
    super(message, code);
    this.#token = token;
  }

  /** The verified token that was refused. */
  get token(): Token {
    return this.#token;
  }
}

/** The token's `exp` has passed. */
export class ExpiredTokenError extends VerifiedTokenError {
  readonly code = 'TOKEN_EXPIRED';

  constructor(token: Token) {
    super(token, 'Token has expired', 'TOKEN_EXPIRED');
  }
}

/** The route requires a fresh token, or a more recent login. */
export class StaleTokenError extends VerifiedTokenError {
  readonly code = 'TOKEN_NOT_FRESH';

  constructor(
    token: Token,
    /** The required freshness. */
    readonly required: Freshness,
  ) {
    super(token, 'Fresh token required', 'TOKEN_NOT_FRESH');
  }
}

/** The token was revoked. */
export class RevokedTokenError extends VerifiedTokenError {
  readonly code: 'TOKEN_REVOKED' | 'TOKEN_REUSED' = 'TOKEN_REVOKED';

  constructor(token: Token, code: 'TOKEN_REVOKED' | 'TOKEN_REUSED' = 'TOKEN_REVOKED') {
    super(token, 'Token has been revoked', code);
  }
}

/** The `tokenVerification` loader returned `false`. */
export class TokenVerificationError extends VerifiedTokenError {
  readonly code = 'TOKEN_REJECTED';

  constructor(token: Token) {
    super(token, 'User claims verification failed', 'TOKEN_REJECTED');
  }
}

/** The `userLookup` loader found no user. */
export class UserLookupError extends VerifiedTokenError {
  readonly code = 'USER_NOT_FOUND';

  constructor(token: Token) {
    super(token, `Error loading the user ${nameOf(token.identity)}`, 'USER_NOT_FOUND');
  }
}

/** With `verifySub: false` an identity may be any JSON value. */
function nameOf(identity: unknown): string {
  return typeof identity === 'string' ? identity : JSON.stringify(identity);
}

/** A store or a loader did not answer, so the token could not be checked. Such a request is refused. */
export class TokenCheckUnavailableError extends TokenError {
  readonly code = 'CHECK_UNAVAILABLE';
  readonly reason = 'Token could not be checked';

  constructor(cause?: unknown) {
    super('Token could not be checked', 'CHECK_UNAVAILABLE', cause);
  }
}

/** A spent refresh token was used again; its session has been revoked. */
export class ReusedTokenError extends RevokedTokenError {
  override readonly code = 'TOKEN_REUSED';

  constructor(token: Token) {
    super(token, 'TOKEN_REUSED');
  }
}

/** The token lacks a claim or a scope that the route requires. */
export class InsufficientClaimsError extends VerifiedTokenError {
  readonly code = 'CLAIMS_INSUFFICIENT';

  constructor(
    token: Token,
    readonly reason: 'Missing required claim(s)' | 'Missing required scope(s)',
    /** The words of `scope` that the challenge tells the client. */
    readonly scope: readonly string[] = [],
  ) {
    super(token, reason, 'CLAIMS_INSUFFICIENT');
  }
}
