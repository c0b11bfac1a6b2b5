import type { IssuerOptions } from 'nestjs-jwt-extended';

/** The issuer is `https://securetoken.google.com/<project id>`. */
export const firebase = (issuer: string): IssuerOptions => ({
  issuer,
  audience: 'shop-1',
  // Firebase has no access tokens: applications send its ID tokens.
  tokens: 'id',
});
