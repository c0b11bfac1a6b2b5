import { JwtExtendedConfigError } from '../../errors/config.error.js';
import { describeKey } from './describe-key.js';

/**
 * The mistake of giving one thing for another. It names the option and what the thing looks like,
 * never its value.
 */
export function keyMistake(
  where: string,
  input: unknown,
  expected: string,
): JwtExtendedConfigError {
  return new JwtExtendedConfigError(
    `${where} looks like ${describeKey(input)}; expected ${expected}`,
  );
}
