import { TokenService } from 'nestjs-jwt-extended';

export async function tokensFor(username: string, tokens: TokenService) {
  return {
    short: await tokens.createAccessToken(username, { expiresIn: '2m' }),
    freshForAWhile: await tokens.createAccessToken(username, { fresh: '5m' }),
    withClaims: await tokens.createAccessToken(username, { additionalClaims: { plan: 'pro' } }),
    refresh: await tokens.createRefreshToken(username, { expiresIn: '7d' }),
    forever: await tokens.createAccessToken(username, { expiresIn: false }),
  };
}
