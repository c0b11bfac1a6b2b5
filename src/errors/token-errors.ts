import type { Freshness } from '../contracts/route-policy.js';
import type { Token, TokenType } from '../contracts/token.js';
import { REFUSALS, TokenError, type TokenErrorCode } from './token.error.js';

/** No token in any location that was looked at. */
export class MissingTokenError extends TokenError {
  readonly code = 'TOKEN_MISSING';

  constructor(readonly reason: string) {
    super(reason, REFUSALS.TOKEN_MISSING.status, 'TOKEN_MISSING');
  }
}

/** A token came in a cookie without its csrf value, or with another one. */
export class CsrfError extends TokenError {
  readonly code = 'CSRF_FAILED';

  constructor(readonly reason: string) {
    super(reason, REFUSALS.CSRF_FAILED.status, 'CSRF_FAILED');
  }
}

/** Nobody has the username and the password that came to the login endpoint, or there were none. */
export class BadCredentialsError extends TokenError {
  readonly code = 'CREDENTIALS_INVALID';
  readonly reason = 'Bad username or password';

  constructor() {
    super('Bad username or password', REFUSALS.CREDENTIALS_INVALID.status, 'CREDENTIALS_INVALID');
  }
}

/** What was presented is not a token that this module believes; `reason` says why, in Flask-JWT-Extended's words. */
export class InvalidTokenError extends TokenError {
  readonly code = 'TOKEN_INVALID';

  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super(reason, REFUSALS.TOKEN_INVALID.status, 'TOKEN_INVALID', cause);
  }
}

/** A refresh token where an access token belongs, or the other way about. */
export class WrongTokenTypeError extends TokenError {
  readonly code = 'TOKEN_WRONG_TYPE';
  readonly reason: string;

  constructor(expected: TokenType) {
    const reason =
      expected === 'refresh'
        ? 'Only refresh tokens are allowed'
        : 'Only non-refresh tokens are allowed';
    super(reason, REFUSALS.TOKEN_WRONG_TYPE.status, 'TOKEN_WRONG_TYPE');
    this.reason = reason;
  }
}

/** A refusal of a token that was verified. The token is a getter, so that no log of the error prints it. */
export abstract class VerifiedTokenError extends TokenError {
  readonly #token: Token;

  protected constructor(token: Token, message: string, status: number, code: TokenErrorCode) {
    super(message, status, code);
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
    super(token, 'Token has expired', REFUSALS.TOKEN_EXPIRED.status, 'TOKEN_EXPIRED');
  }
}

/** The route asks for a fresh token, or one that is fresher than this. */
export class StaleTokenError extends VerifiedTokenError {
  readonly code = 'TOKEN_NOT_FRESH';

  constructor(
    token: Token,
    /** How fresh it should have been. */
    readonly required: Freshness,
  ) {
    super(token, 'Fresh token required', REFUSALS.TOKEN_NOT_FRESH.status, 'TOKEN_NOT_FRESH');
  }
}

/** The token was revoked. */
export class RevokedTokenError extends VerifiedTokenError {
  readonly code: 'TOKEN_REVOKED' | 'TOKEN_REUSED' = 'TOKEN_REVOKED';

  constructor(token: Token, code: 'TOKEN_REVOKED' | 'TOKEN_REUSED' = 'TOKEN_REVOKED') {
    super(token, 'Token has been revoked', REFUSALS[code].status, code);
  }
}

/** The `tokenVerification` loader said no. */
export class TokenVerificationError extends VerifiedTokenError {
  readonly code = 'TOKEN_REJECTED';

  constructor(token: Token) {
    super(
      token,
      'User claims verification failed',
      REFUSALS.TOKEN_REJECTED.status,
      'TOKEN_REJECTED',
    );
  }
}

/** The `userLookup` loader found nobody. */
export class UserLookupError extends VerifiedTokenError {
  readonly code = 'USER_NOT_FOUND';

  constructor(token: Token) {
    super(
      token,
      `Error loading the user ${nameOf(token.identity)}`,
      REFUSALS.USER_NOT_FOUND.status,
      'USER_NOT_FOUND',
    );
  }
}

/** With `verifySub: false` an identity may be anything that JSON holds. */
function nameOf(identity: unknown): string {
  return typeof identity === 'string' ? identity : JSON.stringify(identity);
}

/** A store or a loader did not answer, so that nobody knows whether the token is good: refused, never let through. */
export class TokenCheckUnavailableError extends TokenError {
  readonly code = 'CHECK_UNAVAILABLE';
  readonly reason = 'Token could not be checked';

  constructor(cause?: unknown) {
    super(
      'Token could not be checked',
      REFUSALS.CHECK_UNAVAILABLE.status,
      'CHECK_UNAVAILABLE',
      cause,
    );
  }
}

/** A spent refresh token was used again: its whole session is revoked. */
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
    /** The words of `scope` that the client is told it needs. */
    readonly scope: readonly string[] = [],
  ) {
    super(token, reason, REFUSALS.CLAIMS_INSUFFICIENT.status, 'CLAIMS_INSUFFICIENT');
  }
}
