import type { IssuerOptions } from 'nestjs-jwt-extended';
import { auth0 } from './auth0.js';
import { cognito } from './cognito.js';
import { entraId } from './entra-id.js';
import { firebase } from './firebase.js';
import { keycloak } from './keycloak.js';

const PROVIDERS = {
  AUTH0_ISSUER: auth0,
  ENTRA_ID_ISSUER: entraId,
  KEYCLOAK_ISSUER: keycloak,
  COGNITO_ISSUER: cognito,
  FIREBASE_ISSUER: firebase,
};

/** The providers that the environment names by their issuer. */
export function issuers(): IssuerOptions[] {
  return Object.entries(PROVIDERS).flatMap(([variable, provider]) => {
    const issuer = process.env[variable];
    return issuer === undefined ? [] : [provider(issuer)];
  });
}
