// Tokens made before the clock runs, with node:crypto alone, and what making and verifying one costs at the very least.
import {
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';

export const SECRET = 'kq3Zt9VbYw7mXc2RdLpGf8HsJn5TuEa4iQxWzBoCvDyMgKhPjNlSrU6e1F0A';
export const secretKey = createSecretKey(SECRET, 'utf8');

const segment = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** The keys, and how to sign and verify with as little work as possible. */
export const ALGORITHMS = {
  HS256: {
    privateKey: secretKey,
    publicKey: secretKey,
    sign: (text) => createHmac('sha256', secretKey).update(text).digest(),
    verify: (text, signature) =>
      timingSafeEqual(createHmac('sha256', secretKey).update(text).digest(), signature),
  },
  RS256: asymmetric('sha256', generateKeyPairSync('rsa', { modulusLength: 2048 })),
  ES256: asymmetric('sha256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), {
    dsaEncoding: 'ieee-p1363',
  }),
  EdDSA: asymmetric(null, generateKeyPairSync('ed25519')),
};

function asymmetric(hash, { privateKey, publicKey }, form = {}) {
  return {
    privateKey,
    publicKey,
    sign: (text) => sign(hash, Buffer.from(text), { key: privateKey, ...form }),
    verify: (text, signature) =>
      verify(hash, Buffer.from(text), { key: publicKey, ...form }, signature),
  };
}

/** The claims that the library gives an access token, in its order. */
export function newClaims(sub, lifetime = 900) {
  const now = Math.floor(Date.now() / 1000);
  return {
    ...{ fresh: false, iat: now, jti: randomUUID(), type: 'access', sub },
    ...{ nbf: now, csrf: randomUUID(), exp: now + lifetime },
  };
}

/** An access token of a user, unlike any other, that outlives the bench. */
export function makeToken(algorithm) {
  return mintRaw(algorithm, newClaims(`user-${randomUUID()}`, 7200));
}

/** The limit of a mint: two parts encoded, and one signature. */
export function mintRaw(algorithm, claims) {
  const text = `${segment({ alg: algorithm, typ: 'JWT' })}.${segment(claims)}`;
  return `${text}.${ALGORITHMS[algorithm].sign(text).toString('base64url')}`;
}

/** The limit of a verification: one signature, compared in constant time, and one payload, parsed. */
export function verifyRaw(algorithm, token) {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (!ALGORITHMS[algorithm].verify(token.slice(0, end), signature)) throw new Error('forged');
  return claimsOf(token);
}

/** Without verification. */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.', 2)[1], 'base64url').toString());
}

/** The same token with a signature that does not fit. */
export function forge(token) {
  const start = token.lastIndexOf('.') + 1;
  const other = token[start] === 'A' ? 'B' : 'A';
  return token.slice(0, start) + other + token.slice(start + 1);
}
