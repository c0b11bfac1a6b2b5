/** Clocks are set back now and then: what is stored outlives its expiry by this much. */
const MARGIN_MS = 5 * 60 * 1_000;

/** When Redis may forget something, in milliseconds since the epoch, of which it takes only positive ones. */
export function keptUntil(expiresAt: Date | null): number | null {
  if (expiresAt === null) return null;
  const milliseconds = expiresAt.getTime();
  if (Number.isNaN(milliseconds)) throw new TypeError('expiresAt must be a date that is valid');
  return Math.max(1, milliseconds + MARGIN_MS);
}
