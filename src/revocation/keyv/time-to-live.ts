/** Clocks are set back now and then: what is stored outlives its expiry by this much. */
const MARGIN_MS = 5 * 60 * 1_000;

/** How long to keep what expires then, in whole milliseconds; `null` for ever. */
export function timeToLive(expiresAt: Date | null): number | null {
  if (expiresAt === null) return null;
  const life = expiresAt.getTime() - Date.now();
  if (Number.isNaN(life)) throw new TypeError('expiresAt must be a date that is valid');
  return Math.max(0, Math.ceil(life)) + MARGIN_MS;
}
