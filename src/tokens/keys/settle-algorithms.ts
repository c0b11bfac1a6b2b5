import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm } from '../../options/token-options.js';
import { ALGORITHMS, isAlgorithm, shareKeys } from './algorithms.js';

const KNOWN = Object.keys(ALGORITHMS).join(', ');

/** One algorithm by its exact name. */
export function settleAlgorithm(name: unknown, where: string): Algorithm {
  if (isAlgorithm(name)) return name;
  throw new JwtExtendedConfigError(`${where} ${explain(name)}; expected one of ${KNOWN}`);
}

/**
 * What tokens may be signed with: the configured list with `algorithm` in it, as in Flask. Only the
 * options say so, never a token's header or a key (RFC 8725 section 3.1), and all of them must be
 * able to share one key.
 */
export function settleDecodeAlgorithms(
  configured: unknown,
  algorithm: Algorithm,
): readonly Algorithm[] {
  if (configured === undefined) return [algorithm];
  if (!Array.isArray(configured) || configured.length === 0) {
    const example = isAlgorithm(configured) ? configured : algorithm;
    throw new JwtExtendedConfigError(
      `decodeAlgorithms must be an array of algorithms: ['${example}']`,
    );
  }
  const names = configured.map((name: unknown) => settleAlgorithm(name, 'decodeAlgorithms'));
  const algorithms = [...new Set([...names, algorithm])];
  const stranger = algorithms.find((other) => !shareKeys(other, algorithm));
  if (stranger === undefined) return algorithms;
  throw new JwtExtendedConfigError(
    `decodeAlgorithms with ${algorithm} mixes it and ${stranger}: one key cannot serve both`,
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
  return isAlgorithm(upperCase) ? `must be written '${upperCase}'` : 'is no known algorithm';
}
