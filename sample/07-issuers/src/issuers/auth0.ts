import type { IssuerOptions } from 'nestjs-jwt-extended';

/** The issuer is `https://<tenant>.<region>.auth0.com/`, with the final slash. */
export const auth0 = (issuer: string): IssuerOptions => ({
  issuer,
  // The identifier of the API. Its setting "Add Permissions in the Access Token" is on.
  audience: 'https://orders.example.com',
  scopeClaim: 'permissions',
});
