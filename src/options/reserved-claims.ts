/**
 * The claims that a token's own machinery writes and reads. Nothing else may be called by these names: neither an
 * additional claim at mint time, nor the identity claim (save `sub`), nor the key that nests custom claims.
 */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  'iat',
  'nbf',
  'exp',
  'jti',
  'type',
  'fresh',
  'csrf',
  'sub',
  'iss',
  'aud',
  'sid',
  'auth_time',
]);

/** Whether every object has a member of that name: the library that signs takes such a claim for one of its own. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}
