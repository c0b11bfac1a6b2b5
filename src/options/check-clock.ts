import { JwtExtendedConfigError } from '../errors/config.error.js';
import { checkFunction } from '../common/checks.js';
import { describe, mistake } from '../common/describe.js';

/** A clock that was asked once and gave a time; one that does not would make every token valid, or none. */
export function checkClock(value: unknown): () => Date {
  const clock = checkFunction(value, 'clock');
  const now = ask(clock);
  if (now instanceof Date && !Number.isNaN(now.getTime())) return clock as () => Date;
  const given = now instanceof Date ? 'an invalid Date' : describe(now);
  throw mistake(
    'clock',
    `a function that returns ${given}`,
    'return a valid Date, as () => new Date() does',
  );
}

function ask(clock: () => unknown): unknown {
  try {
    return clock();
  } catch (cause) {
    const message =
      'clock was given a function that throws; return a valid Date, as () => new Date() does';
    throw new JwtExtendedConfigError(message, { cause });
  }
}
