import type { IssuerOptions, Token } from 'nestjs-jwt-extended';

/** The issuer is `https://cognito-idp.<region>.amazonaws.com/<user pool id>`. */
export const cognito = (issuer: string): IssuerOptions => ({
  issuer,
  // Its access tokens have no audience, so `tokenVerification` compares the client.
  audience: false,
});

const CLIENT_IDS = ['1example23456789'];

export function isForOurClient({ claims }: Token): boolean {
  return CLIENT_IDS.includes(String(claims.client_id));
}
