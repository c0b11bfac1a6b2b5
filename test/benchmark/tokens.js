// Tokens made before the clock runs, with node:crypto alone, and what verifying one costs at the very least.
import {
  constants,
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';

export const SECRET = 'kq3Zt9VbYw7mXc2RdLpGf8HsJn5TuEa4iQxWzBoCvDyMgKhPjNlSrU6e1F0A';
const key = createSecretKey(SECRET, 'utf8');
const rsaPair = generateKeyPairSync('rsa', { modulusLength: 2048 });

const segment = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Signs and verifies as little as possible; `keys` are what the library is configured with. */
export const ALGORITHMS = {
  HS256: {
    keys: { secret: SECRET },
    sign: (text) => createHmac('sha256', key).update(text).digest(),
    verify: (text, signature) =>
      timingSafeEqual(createHmac('sha256', key).update(text).digest(), signature),
  },
  RS256: asymmetric('RS256', rsaPair),
  PS256: asymmetric('PS256', rsaPair, {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }),
  ES256: asymmetric('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), {
    dsaEncoding: 'ieee-p1363',
  }),
  EdDSA: asymmetric('EdDSA', generateKeyPairSync('ed25519')),
};

/** An access token of a user, unlike any other. */
export function makeToken(algorithm) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ fresh: false, iat: now, jti: randomUUID(), type: 'access', sub: `user-${randomUUID()}` },
    ...{ nbf: now, csrf: randomUUID(), exp: now + 3600 },
  };
  const text = `${segment({ alg: algorithm, typ: 'JWT' })}.${segment(claims)}`;
  return `${text}.${ALGORITHMS[algorithm].sign(text).toString('base64url')}`;
}

/** The limit: one signature, compared in constant time, and one payload, parsed. */
export function verifyRaw(algorithm, token) {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (!ALGORITHMS[algorithm].verify(token.slice(0, end), signature)) throw new Error('forged');
  const payload = token.slice(token.indexOf('.') + 1, end);
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

function asymmetric(algorithm, { privateKey, publicKey }, form = {}) {
  const hash = algorithm === 'EdDSA' ? null : 'sha256';
  return {
    keys: { algorithm, privateKey, publicKey },
    sign: (text) => sign(hash, Buffer.from(text), { key: privateKey, ...form }),
    verify: (text, signature) =>
      verify(hash, Buffer.from(text), { key: publicKey, ...form }, signature),
  };
}
