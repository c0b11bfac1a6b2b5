/**
 * Freezes an object and everything in it, save functions and one object that belongs to somebody else. The entries of
 * a `Set` cannot be frozen; its type, `ReadonlySet`, looks after them.
 */
export function deepFreeze<T>(value: T, except?: unknown): T {
  const pending: unknown[] = [value];
  // No recursion: what is frozen may come from a client, nested as deep as it is long.
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null || next === except) continue;
    for (const inner of Object.values(next)) if (typeof inner === 'object') pending.push(inner);
    Object.freeze(next);
  }
  return value;
}
