import type { RingKey } from './ring-key.js';

/** A verifying key as others may have it (RFC 7517 section 4): nothing but its public members. */
export type PublicJwk = Readonly<Record<string, string>>;

/** The members of each kind of key that may be told (RFC 7518 section 6, RFC 8037 section 2). */
const PUBLIC_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
};

/** `undefined` for a secret, and for an RSA-PSS key, which JWK has no form for. */
export function publicJwk({ verificationKey, kid, algorithm }: RingKey): PublicJwk | undefined {
  if (verificationKey?.type !== 'public' || verificationKey.asymmetricKeyType === 'rsa-pss') {
    return undefined;
  }
  const jwk = verificationKey.export({ format: 'jwk' });
  const { kty = '' } = jwk;
  const members = (PUBLIC_MEMBERS[kty] ?? []).map((name) => [name, jwk[name]]);
  return {
    kty,
    ...(Object.fromEntries(members) as Record<string, string>),
    use: 'sig',
    alg: algorithm,
    ...(kid !== undefined && { kid }),
  };
}
