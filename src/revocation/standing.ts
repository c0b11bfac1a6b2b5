import type { SpentToken } from './spent-token.js';

/**
 * What the store says of a token. One that was spent within the grace is still good for the same successor; one that
 * was spent before, or whose successor has been used, is reused.
 */
export type Standing =
  | { readonly is: 'active' }
  | { readonly is: 'revoked' }
  | { readonly is: 'racing'; readonly spent: SpentToken }
  | { readonly is: 'reused'; readonly spent: SpentToken };

export const ACTIVE: Standing = { is: 'active' };
export const REVOKED: Standing = { is: 'revoked' };
