import { HttpException } from '@nestjs/common';
import {
  BadCredentialsError,
  CsrfError,
  ExpiredTokenError,
  type Freshness,
  InsufficientClaimsError,
  InvalidTokenError,
  JwtExtendedConfigError,
  MissingTokenError,
  ReusedTokenError,
  RevokedTokenError,
  StaleTokenError,
  type Token,
  TokenCheckUnavailableError,
  TokenCreationError,
  TokenError,
  type TokenErrorCode,
  TokenVerificationError,
  UserLookupError,
  VerifiedTokenError,
  WrongTokenTypeError,
} from 'nestjs-jwt-extended';
import { exactly } from './exactly.js';

// Every code belongs to a class, which a reader of the code can switch over.

exactly<MissingTokenError['code'], 'TOKEN_MISSING'>(true);
exactly<CsrfError['code'], 'CSRF_FAILED'>(true);
exactly<BadCredentialsError['code'], 'CREDENTIALS_INVALID'>(true);
exactly<InvalidTokenError['code'], 'TOKEN_INVALID'>(true);
exactly<WrongTokenTypeError['code'], 'TOKEN_WRONG_TYPE'>(true);
exactly<ExpiredTokenError['code'], 'TOKEN_EXPIRED'>(true);
exactly<StaleTokenError['code'], 'TOKEN_NOT_FRESH'>(true);
exactly<ReusedTokenError['code'], 'TOKEN_REUSED'>(true);
exactly<TokenVerificationError['code'], 'TOKEN_REJECTED'>(true);
exactly<UserLookupError['code'], 'USER_NOT_FOUND'>(true);
exactly<InsufficientClaimsError['code'], 'CLAIMS_INSUFFICIENT'>(true);
exactly<TokenCheckUnavailableError['code'], 'CHECK_UNAVAILABLE'>(true);

exactly<InvalidTokenError['reason'], string>(true);
exactly<InsufficientClaimsError['scope'], readonly string[]>(true);
exactly<StaleTokenError['required'], Freshness>(true);
exactly<ExpiredTokenError['token'], Token>(true);
exactly<Freshness['maxAge'], number | undefined>(true);

export const codes: Record<TokenErrorCode, number> = {
  TOKEN_MISSING: 401,
  CSRF_FAILED: 401,
  CREDENTIALS_INVALID: 401,
  TOKEN_INVALID: 422,
  TOKEN_WRONG_TYPE: 422,
  TOKEN_EXPIRED: 401,
  TOKEN_NOT_FRESH: 401,
  TOKEN_REVOKED: 401,
  TOKEN_REUSED: 401,
  TOKEN_REJECTED: 400,
  USER_NOT_FOUND: 401,
  CLAIMS_INSUFFICIENT: 403,
  CHECK_UNAVAILABLE: 503,
};

export function narrow(error: unknown): string {
  if (error instanceof ReusedTokenError) return takesRevoked(error);
  if (error instanceof VerifiedTokenError) return error.token.identity;
  if (error instanceof InvalidTokenError) return error.reason;
  if (error instanceof TokenError) return takesHttp(error) + error.code;
  if (error instanceof JwtExtendedConfigError || error instanceof TokenCreationError)
    return error.message;
  return '';
}

function takesRevoked(error: RevokedTokenError): string {
  return error.token.jti;
}

function takesHttp(error: HttpException): string {
  return error.message;
}

// @ts-expect-error -- what is wrong is always one of its subclasses
new TokenError('message', 401, 'TOKEN_MISSING');
// @ts-expect-error -- a mistake of the application is nothing that a client hears of
takesHttp(new TokenCreationError('message'));
// @ts-expect-error -- a mistake of the application is nothing that a client hears of
takesHttp(new JwtExtendedConfigError('message'));
