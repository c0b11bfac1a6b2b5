import { randomBytes } from 'node:crypto';
import type { Token } from '../contracts/token.js';
import { revocationIdOf } from './verified-token.js';

/** The session of a token. A token without the claim `sid` is a session of its own, whose successors have its `jti` there. */
export function sessionIdOf(token: Pick<Token, 'sessionId' | 'jti' | 'encoded'>): string {
  return token.sessionId ?? revocationIdOf(token);
}

/** A new session id. It is a UUID of version 7 (RFC 9562 section 5.7), so that it says when the session began. */
export function newSessionId(beganAt: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(beganAt.getTime(), 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const SESSION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The second in which the session began that {@link newSessionId} named; `undefined` for an id of the application. */
export function beginningIn(sessionId: string): number | undefined {
  if (!SESSION_ID.test(sessionId)) return undefined;
  return Math.floor(parseInt(sessionId.slice(0, 13).replace('-', ''), 16) / 1000);
}

/** When the user logged in (`auth_time`), in seconds since the epoch; without the claim, when the token was issued. */
export function loginOf({ claims: { auth_time: authTime, iat } }: Token): number {
  if (typeof authTime === 'number') return authTime;
  return typeof iat === 'number' ? Math.floor(iat) : 0;
}

/**
 * The second at which a session is over, however often it is refreshed and its user logs in again; `Infinity` for never.
 *
 * @param login - the second of a login of the session
 * @param lifetime - in seconds
 */
export function endOfSession(
  sessionId: string | undefined,
  login: number,
  lifetime: number | undefined,
): number {
  if (lifetime === undefined) return Infinity;
  const began = sessionId === undefined ? undefined : beginningIn(sessionId);
  return Math.min(login, began ?? login) + lifetime;
}

/** The second at which the session of a token is over; `Infinity` for never. */
export function endOfSessionOf(token: Token, lifetime: number | undefined): number {
  return endOfSession(sessionIdOf(token), loginOf(token), lifetime);
}
