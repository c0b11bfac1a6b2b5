import type { IssuerOptions } from 'nestjs-jwt-extended';

/** The issuer is `https://<host>/realms/<realm>`. */
export const keycloak = (issuer: string): IssuerOptions => ({
  issuer,
  // Added by an audience mapper. Without one, `aud` is only `account`.
  audience: 'orders',
});
