import type { KeyObject } from 'node:crypto';
import { bytesOfMember } from './jwk-members.js';

/**
 * The points of Ed25519 that eight additions bring back to zero, as their y and without the sign of
 * their x; the last two are 0 and 1 again, written as p and p + 1.
 */
const SMALL_ORDER_POINTS: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/**
 * Whether an Ed25519 key is a point of small order. It has no private half: a signature of zeros
 * fits one message in eight or more, and verifiers are not told to look (RFC 8032 section 5.1.7).
 */
export function hasSmallOrder(key: KeyObject): boolean {
  const point = bytesOfMember(key.export({ format: 'jwk' }), 'x');
  point.writeUInt8(point.readUInt8(31) & 0x7f, 31);
  return SMALL_ORDER_POINTS.has(point.toString('hex'));
}
