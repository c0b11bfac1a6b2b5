import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm } from '../../options/key-ring-options.js';
import { ALGORITHMS, isAlgorithm, shareKeys } from './algorithms.js';

const NAMES = Object.keys(ALGORITHMS);

/** One algorithm by its exact name. */
export function settleAlgorithm(name: unknown, where: string): Algorithm {
  if (isAlgorithm(name)) return name;
  throw new JwtExtendedConfigError(
    `${where} ${explain(name)}; expected one of ${NAMES.join(', ')}`,
  );
}

/** Several algorithms by their exact names. */
export function settleAlgorithms(
  names: unknown,
  where: string,
  example: Algorithm,
): readonly Algorithm[] {
  if (Array.isArray(names) && names.length > 0) {
    return names.map((name: unknown) => settleAlgorithm(name, where));
  }
  throw new JwtExtendedConfigError(
    `${where} must be an array of algorithms: ['${isAlgorithm(names) ? names : example}']`,
  );
}

/**
 * What tokens may be signed with: the configured list with `algorithm` in it, as in Flask. Only the
 * options say so, never a token's header or a key (RFC 8725 section 3.1), and all of them must be
 * able to share one key.
 */
export function settleDecodeAlgorithms(
  configured: unknown,
  algorithm: Algorithm,
  where: string,
): readonly Algorithm[] {
  if (configured === undefined) return [algorithm];
  const names = settleAlgorithms(configured, where, algorithm);
  const algorithms = [...new Set([...names, algorithm])];
  const stranger = algorithms.find((other) => !shareKeys(other, algorithm));
  if (stranger === undefined) return algorithms;
  throw new JwtExtendedConfigError(
    `${where} with ${algorithm} mixes it and ${stranger}: one key cannot serve both`,
  );
}

/**
 * What is wrong with the name. Only known names are repeated: who mixes options up may have put a
 * key here.
 */
function explain(name: unknown): string {
  if (typeof name !== 'string') return 'is not text';
  const upperCase = name.trim().toUpperCase();
  if (upperCase === 'NONE') return "is 'none': tokens without a signature are never accepted";
  const meant = NAMES.find((known) => known.toUpperCase() === upperCase);
  return meant === undefined ? 'is no known algorithm' : `must be written '${meant}'`;
}
