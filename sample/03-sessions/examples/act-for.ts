import type { TokenPair, TokenService } from 'nestjs-jwt-extended';
import type { User } from '../src/users/user.js';

/** A support employee sees the account of a user, for an hour, and changes nothing. */
export function actFor(user: User, employee: string, tokens: TokenService): Promise<TokenPair> {
  return tokens.createTokenPair(user, {
    additionalClaims: { scope: 'read', act: { sub: employee } },
    refreshExpiresIn: '1h',
  });
}
