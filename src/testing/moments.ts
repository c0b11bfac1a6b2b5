const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** So many milliseconds from now. */
export function ahead(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds);
}

export const inTwoSeconds = (): Date => ahead(2 * SECOND);
export const inAMinute = (): Date => ahead(MINUTE);
export const inAnHour = (): Date => ahead(HOUR);
/** Longer ago than any margin for clocks that disagree. */
export const longAgo = (): Date => ahead(-24 * HOUR);
