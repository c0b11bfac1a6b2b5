/** @throws TypeError - for an id that is no text, or empty */
export function requireId(value: unknown, message: string): void {
  if (typeof value !== 'string' || value === '') throw new TypeError(message);
}

/**
 * With `verifySub: false` an identity may be anything but nothing, which is what nobody has.
 *
 * @throws TypeError
 */
export function requireIdentity(identity: unknown, message: string): void {
  if (identity === undefined || identity === null || identity === '') throw new TypeError(message);
}

/** @throws TypeError - for what no entry can be raised to: a number that is not whole, or below 0 */
export function requireWholeNumber(value: number, message: string): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(message);
}
