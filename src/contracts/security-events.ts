import type { TokenType } from './token.js';

/** The token that an event is about. */
export interface TokenEvent {
  readonly type: TokenType;
  readonly identity: string;
  readonly jti: string;
  readonly sessionId?: string;
}

/** A refused request; the members about the token are present only if it was verified. */
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

/** A refresh token that was spent, and its successor. */
export interface RotationEvent {
  readonly identity: string;
  readonly sessionId: string;
  /** The `jti` of the refresh token that was spent. */
  readonly jti: string;
  /** The `jti` of the new refresh token. */
  readonly successor: string;
}

/** A store that stopped answering, or answers again. */
export interface StoreEvent {
  /** Why the store counts as down; empty if it answers again. */
  readonly reason: string;
}

/**
 * Events for security monitoring. Each is published on the channel `nestjs-jwt-extended:<name>` of
 * `node:diagnostics_channel`, and emitted as `jwt.<name>` on the emitter of the option `events`. No event holds a token.
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
  /** A token was created. */
  readonly minted: TokenEvent;
  /** A request was refused. */
  readonly refused: RefusedEvent;
  /** The store acknowledged a revocation. */
  readonly revoked: RevokedEvent;
  /** A refresh token was spent for a new pair. */
  readonly rotated: RotationEvent;
  /** A spent refresh token was used again within `rotation.grace`, and got the same successor. */
  readonly raced: RotationEvent;
  /** A spent refresh token was used again after that: its session has been revoked. */
  readonly reused: RotationEvent;
  /** The store stopped answering. */
  readonly 'store-down': StoreEvent;
  /** The store answers again. */
  readonly 'store-up': StoreEvent;
}

/**
 * Receives every security event as `jwt.<name>` with the payload of {@link SecurityEvents}: an `EventEmitter2`, an
 * `EventEmitter` of Node, or an object of your own. If `emit` fails, the failure is logged.
 */
export interface SecurityEventEmitter {
  emit(name: string, payload: unknown): unknown;
}
