import type { TokenPair, TokenService } from 'nestjs-jwt-extended';
import type { User } from '../src/users/user.js';

export function login(user: User, userAgent: string, tokens: TokenService): Promise<TokenPair> {
  return tokens.createTokenPair(user, {
    fresh: true,
    note: { userAgent: userAgent.slice(0, 200) },
  });
}
