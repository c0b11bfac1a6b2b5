import { requireWholeNumber } from '../../common/checks.js';

/** NUL, and half a surrogate pair where the other half is not. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/**
 * Text as databases can keep it. What they make of the rest, they do not say: NUL ends a text early in one, and each half
 * of a surrogate pair becomes the same U+FFFD on its way to UTF-8.
 */
export function storable(text: string): string {
  if (UNSTORABLE.test(text)) {
    throw new TypeError(
      'SqlBlocklistStore: text with a NUL character or half a surrogate pair cannot be kept in a database; hash it',
    );
  }
  return text;
}

/** Milliseconds since the epoch, in UTC. */
export function storableMoment(moment: Date | null): number | null {
  if (moment === null) return null;
  const milliseconds = moment.getTime();
  if (Number.isNaN(milliseconds)) throw new TypeError('SqlBlocklistStore: an invalid date');
  return milliseconds;
}

/** The decimal digits of a whole number. */
export function storableNumber(value: number): string {
  requireWholeNumber(value, 'SqlBlocklistStore: a number to raise to must be whole, and 0 or more');
  return String(value);
}
