import { isPrivateJwk } from './jwk-members.js';

/**
 * What a JWK or a set of them looks like, in words; undefined for any other object. None of its
 * values is named.
 */
export function describeJwk(object: object): string | undefined {
  if ('keys' in object && Array.isArray(object.keys)) return 'a set of JWKs (give one key of it)';
  if (!('kty' in object)) return undefined;
  const half = isPrivateJwk(object) ? 'private' : 'public';
  switch (object.kty) {
    case 'oct':
      return 'an oct JWK, which is a secret';
    case 'RSA':
      return `a ${half} RSA key in JWK form`;
    case 'EC':
      return `a ${half} EC key in JWK form`;
    case 'OKP':
      return `a ${half} OKP key in JWK form`;
    default:
      return 'a JWK of unknown kty';
  }
}
