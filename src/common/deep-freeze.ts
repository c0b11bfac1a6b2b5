/**
 * Freezes an object and everything in it, except functions and some objects of the application. The entries of a `Set`
 * cannot be frozen; its type, `ReadonlySet`, protects them.
 */
export function deepFreeze<T>(value: T, except: readonly unknown[] = []): T {
  const pending: unknown[] = [value];
  // Without recursion, since the object may come from a client and be nested very deeply.
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null || except.includes(next)) continue;
    for (const inner of Object.values(next)) if (typeof inner === 'object') pending.push(inner);
    Object.freeze(next);
  }
  return value;
}
