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
