import type { TokenType } from './token.js';

/** Whose token an event is about. */
export interface TokenEvent {
  readonly type: TokenType;
  readonly identity: string;
  readonly jti: string;
  readonly sessionId?: string;
}

/** A request that was turned away; what is known of the token is there only if it was verified. */
export interface RefusedEvent extends Partial<TokenEvent> {
  /** The stable code of the refusal: a `TokenErrorCode`, such as `TOKEN_EXPIRED`. */
  readonly code: string;
}

/** What was revoked: one token, a session, or everything issued before a moment. */
export type RevokedEvent =
  | { readonly level: 'token'; readonly jti: string; readonly identity: string }
  | { readonly level: 'session'; readonly sessionId: string }
  | { readonly level: 'identity'; readonly identity: string; readonly issuedBefore: Date }
  | { readonly level: 'all'; readonly issuedBefore: Date };

/** A refresh token that was spent, and the one that followed it. */
export interface RotationEvent {
  readonly identity: string;
  readonly sessionId: string;
  /** Of the refresh token that was spent. */
  readonly jti: string;
  /** The `jti` of the refresh token that follows. */
  readonly successor: string;
}

/** A store that does not answer, or answers again. */
export interface StoreEvent {
  /** Why it counts as down; empty for one that answers again. */
  readonly reason: string;
}

/**
 * What people who watch over security want to see. Each event is published on the channel
 * `nestjs-jwt-extended:<name>` of `node:diagnostics_channel`, and emitted as `jwt.<name>` by the application's
 * `EventEmitter2` where it has one. None ever holds a token.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 *
 * subscribe('nestjs-jwt-extended:reused', (message) => {
 *   const { identity, sessionId } = message as SecurityEvents['reused'];
 *   pager.alert(`a refresh token of ${identity} was stolen; session ${sessionId} has been revoked`);
 * });
 * ```
 */
export interface SecurityEvents {
  /** A token was made. */
  readonly minted: TokenEvent;
  /** A request was turned away. */
  readonly refused: RefusedEvent;
  /** A revocation was acknowledged by the store. */
  readonly revoked: RevokedEvent;
  /** A refresh token was spent for a new pair. */
  readonly rotated: RotationEvent;
  /** A spent refresh token came again within the grace, and was given the same successor. */
  readonly raced: RotationEvent;
  /** A spent refresh token came again when it should not: its session has been revoked. */
  readonly reused: RotationEvent;
  /** The store stopped answering. */
  readonly 'store-down': StoreEvent;
  /** The store answers again. */
  readonly 'store-up': StoreEvent;
}
