import { isObject } from '../common/checks.js';
import type { TokenMarks } from '../tokens/token-request.js';

/**
 * What the store keeps of a refresh token that was spent: everything that makes its successor the same one again, and
 * no token.
 */
export interface SpentToken {
  readonly sessionId: string;
  /** When it was spent, in milliseconds since the epoch. */
  readonly spentAt: number;
  /** The second that the successors' lifetimes count from. */
  readonly now: number;
  readonly access: TokenMarks;
  readonly refresh: TokenMarks;
}

export function writeSpentToken(spent: SpentToken): string {
  return JSON.stringify(spent);
}

/** @returns `undefined` for text that nobody of ours wrote */
export function readSpentToken(text: string): SpentToken | undefined {
  const value = parsed(text);
  if (!isObject(value)) return undefined;
  const { sessionId, spentAt, now, access, refresh } = value;
  const isWhole =
    typeof sessionId === 'string' && isNumber(spentAt) && isNumber(now) && isMarks(access);
  return isWhole && isMarks(refresh) ? { sessionId, spentAt, now, access, refresh } : undefined;
}

function isMarks(value: unknown): value is TokenMarks {
  if (!isObject(value)) return false;
  return typeof value.jti === 'string' && typeof value.csrf === 'string' && isNumber(value.iat);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
