import type { TokenType } from '../contracts/token.js';

/** What tells one token from all others. */
export interface TokenMarks {
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
