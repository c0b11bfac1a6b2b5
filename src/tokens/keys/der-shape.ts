/**
 * Identifiers that stand in every SPKI, PKCS#8, SEC1 and X.509 structure (RFC 3279, RFC 5480, RFC
 * 8410). They are long enough that random bytes do not hold them: five bytes by chance are one
 * secret in ten thousand million.
 */
const KEY_IDENTIFIERS = [
  '2a864886f70d01', // PKCS: RSA keys and signatures, encrypted private keys
  '2a8648ce3d', // ANSI X9.62: EC keys and signatures, P-256
  '06052b810400', // Certicom: P-384, P-521, secp256k1
  '2a8648ce38', // ANSI X9.57: DSA
  '300506032b65', // Ed25519, X25519 and their 448 bit kin
].map(fromHex);

/**
 * How PKCS#1 and SEC1 begin, which need no identifier (RFC 8017 appendix A.1, RFC 5915): a SEQUENCE
 * and in it a modulus of 512, 1024 or more bits, or a version and then modulus or scalar.
 */
const KEY_BEGINNING = /^30(?:[0-7].|81..|82....)(?:024100|02818100|0282....00|02010002|02010104)/;

/**
 * Whether bytes hold an ASN.1 key or certificate, whole or cut short. Shapes are compared and
 * nothing is parsed: of a truncated public key, too, everybody knows every byte.
 */
export function holdsDerKey(bytes: Buffer): boolean {
  return (
    KEY_IDENTIFIERS.some((identifier) => bytes.includes(identifier)) ||
    KEY_BEGINNING.test(bytes.toString('hex', 0, 16))
  );
}

/**
 * How PKCS#8 begins where the key in it is encrypted (RFC 5958 section 3): a SEQUENCE, and in it
 * one that names an algorithm of PKCS#5 or PKCS#12.
 */
const ENCRYPTED_BEGINNING =
  /^30(?:[0-7].|81..|82....)30(?:[0-7].|81..|82....)06(?:092a864886f70d0105|0a2a864886f70d010c01)/;

/** Whether bytes are a private key that only a passphrase opens. */
export function isEncryptedDer(bytes: Buffer): boolean {
  return ENCRYPTED_BEGINNING.test(bytes.toString('hex', 0, 24));
}

function fromHex(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
