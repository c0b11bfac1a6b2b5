import type { IssuerOptions } from 'nestjs-jwt-extended';

/** The issuer is `https://login.microsoftonline.com/<tenant id>/v2.0`; the API accepts tokens of version 2. */
export const entraId = (issuer: string): IssuerOptions => ({
  issuer,
  // The client id of the API, which is not that of the client: an ID token is for the client.
  audience: '3f2a7c1e-5b7d-4c1a-9f65-0d5f4f0c9f11',
  // The same user has another `sub` in each application.
  identityClaim: 'oid',
  scopeClaim: 'scp',
});
