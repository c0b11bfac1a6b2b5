import type { TokenHeader } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { isKeyId } from '../keys/jwk.js';

const PLAIN_NAME = /^[\w.-]{1,64}$/;
/** Parameters that would change what is signed or what the payload is; no token of ours has them. */
const UNSUPPORTED = ['b64', 'zip', 'enc'] as const;

/** Refuses a header that asks for what is not allowed here (RFC 7515 section 4, RFC 8725 section 3). */
export function checkHeader(
  header: TokenHeader,
  algorithms: readonly string[],
  acceptForeignTokens: boolean,
): void {
  checkHeaderShape(header);
  checkAlgorithm(header.alg, algorithms);
  checkTokenForm(header, acceptForeignTokens);
}

/** What holds for a header that is only looked at, too. */
export function checkHeaderShape(header: TokenHeader): void {
  const kid: unknown = header.kid;
  if (kid !== undefined && !isKeyId(kid)) {
    throw new InvalidTokenError('Key ID header parameter must be a string');
  }
  if (Object.hasOwn(header, 'crit')) throw new InvalidTokenError(criticalReason(header.crit));
  const unsupported = UNSUPPORTED.find((name) => Object.hasOwn(header, name));
  if (unsupported) throw new InvalidTokenError(`Invalid header: ${unsupported}`);
}

function checkAlgorithm(alg: unknown, algorithms: readonly string[]): void {
  if (alg === undefined) throw new InvalidTokenError('Algorithm not specified');
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    throw new InvalidTokenError('The specified alg value is not allowed');
  }
}

/** `typ` (RFC 9068 section 2.1 for `at+jwt`) and `cty`, which would announce a token within the token. */
function checkTokenForm(header: TokenHeader, acceptForeignTokens: boolean): void {
  const typ = mediaType(header.typ);
  if (typ !== undefined && typ !== 'jwt' && !(acceptForeignTokens && typ === 'at+jwt')) {
    throw new InvalidTokenError('Invalid header: typ');
  }
  if (mediaType(header.cty) === 'jwt') throw new InvalidTokenError('Invalid header: cty');
}

/** RFC 7515 section 4.1.9: compared without case, and `application/` may be left out. */
function mediaType(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : '';
}

/** No extension is supported, so any `crit` refuses; a plain name is told, as PyJWT does. */
function criticalReason(crit: unknown): string {
  const name: unknown = Array.isArray(crit) ? crit[0] : undefined;
  return typeof name === 'string' && PLAIN_NAME.test(name)
    ? `Unsupported critical extension: ${name}`
    : 'Invalid header: crit';
}
