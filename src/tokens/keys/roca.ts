import type { KeyObject } from 'node:crypto';
import { bytesOfMember } from './jwk-members.js';

/** The primes whose product the flawed generator took its powers of 65537 modulo. */
const PRIMES: readonly number[] = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** What remains of a flawed modulus by each prime is one of the powers of 65537. */
const REMAINDERS = PRIMES.map((prime) => [BigInt(prime), powersModulo(prime)] as const);

/**
 * Whether an RSA modulus comes from the generator of certain smart cards and security chips that
 * left its factors to be found (Nemec and others, "The Return of Coppersmith's Attack", 2017,
 * section 2.2). Of sound moduli one in two hundred million has all these remainders by chance.
 */
export function hasRocaModulus(key: KeyObject): boolean {
  // Node exports no numbers of keys that are bound to PSS, which those chips do not make.
  if (key.asymmetricKeyType !== 'rsa') return false;
  const bytes = bytesOfMember(key.export({ format: 'jwk' }), 'n');
  const modulus = BigInt(`0x${bytes.toString('hex')}`);
  return REMAINDERS.every(([prime, powers]) => powers.has(modulus % prime));
}

function powersModulo(prime: number): ReadonlySet<bigint> {
  const powers = new Set<bigint>();
  for (let power = 1; !powers.has(BigInt(power)); power = (power * 65537) % prime) {
    powers.add(BigInt(power));
  }
  return powers;
}
