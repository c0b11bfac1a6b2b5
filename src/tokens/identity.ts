import { TokenCreationError } from '../errors/config.error.js';
import type { ResolvedTokenOptions } from '../options/resolved-options.js';
import { jsonFault } from './json-value.js';

/**
 * What could not be read back is not minted: the most reported break-up with Flask-JWT-Extended.
 *
 * @throws TokenCreationError
 */
export function checkIdentity(
  identity: unknown,
  { identityClaim, verifySub }: Pick<ResolvedTokenOptions, 'identityClaim' | 'verifySub'>,
): void {
  if (typeof identity === 'string' && identity !== '') return;
  if (verifySub && identityClaim === 'sub') {
    throw new TokenCreationError(
      `The identity must be a non-empty string, not ${described(identity)}: return String(user.id) from ` +
        'loaders.userIdentity, or set verifySub: false',
    );
  }
  if (identity === undefined || identity === '') {
    throw new TokenCreationError(`The identity must not be ${described(identity)}`);
  }
  const fault = jsonFault(identity, 'The identity');
  if (fault) throw new TokenCreationError(`${fault}, which JSON cannot hold: use text or a number`);
}

function described(identity: unknown): string {
  if (identity === '') return 'an empty string';
  if (identity === null || identity === undefined) return String(identity);
  return Array.isArray(identity) ? 'an array' : `of type ${typeof identity}`;
}
