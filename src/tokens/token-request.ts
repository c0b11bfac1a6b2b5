import type { Duration, TokenType } from '../contracts/token.js';
import type { TokenMarks } from './minted-token.js';

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
  readonly same?: TokenMarks | undefined;
}
