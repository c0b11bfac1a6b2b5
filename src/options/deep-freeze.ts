/**
 * Freezes an object and everything in it, save functions and one object that belongs to somebody else. The entries of
 * a `Set` cannot be frozen; its type, `ReadonlySet`, looks after them.
 */
export function deepFreeze<T>(value: T, except?: unknown): T {
  if (typeof value !== 'object' || value === null || value === except) return value;
  for (const inner of Object.values(value)) deepFreeze(inner, except);
  return Object.freeze(value);
}
