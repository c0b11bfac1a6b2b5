/**
 * Whether the rules for production hold: unless `NODE_ENV` says otherwise, because many servers never set it.
 */
export function isProduction(): boolean {
  return process.env.NODE_ENV !== 'development' && process.env.NODE_ENV !== 'test';
}
