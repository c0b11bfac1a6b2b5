import type { TokenLocation } from '../contracts/token.js';

/** A token as it travelled: its text, where it was, and the csrf value that came beside a cookie. */
export interface CarriedToken {
  /** Text, if the client was honest; the reader refuses anything else. */
  readonly encoded: unknown;
  readonly location: TokenLocation | 'custom';
  /** The value that must match the token's `csrf` claim; absent where none is asked for. */
  readonly csrf?: string;
}

/** Nothing in this location: the next one is looked at, and the client is told if none has a token. */
export interface Missing {
  readonly missing: string;
}

export function isMissing(found: CarriedToken | Missing): found is Missing {
  return 'missing' in found;
}
