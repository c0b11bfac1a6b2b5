import { HttpException, HttpStatus } from '@nestjs/common';
import { TokenError } from '../errors/token.error.js';
import { MissingTokenError, WrongTokenTypeError } from '../errors/token-errors.js';

const REFUSING: ReadonlySet<number> = new Set([HttpStatus.UNAUTHORIZED, HttpStatus.FORBIDDEN]);

/**
 * Whether a guard that threw has said no. One that could not tell (503), or that broke, has not: nobody may take that
 * for a no and ask the next.
 */
export function isRefusal(error: unknown): error is HttpException {
  if (!(error instanceof HttpException)) return false;
  const status = error.getStatus();
  return error instanceof TokenError
    ? status < HttpStatus.INTERNAL_SERVER_ERROR.valueOf()
    : REFUSING.has(status);
}

/** Of several refusals the one that says most; the first of equals. */
export function mostSpecific(refusals: readonly HttpException[]): HttpException | undefined {
  return refusals.reduce<HttpException | undefined>(
    (kept, other) => (kept && weight(kept) >= weight(other) ? kept : other),
    undefined,
  );
}

/** What is wrong with a token that was presented says more than that none was, and its type may be another guard's. */
function weight(refusal: HttpException): number {
  if (!(refusal instanceof TokenError)) return 0;
  if (refusal instanceof MissingTokenError) return 1;
  return refusal instanceof WrongTokenTypeError ? 2 : 3;
}
