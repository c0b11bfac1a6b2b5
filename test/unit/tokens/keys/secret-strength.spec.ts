import { describe, expect, it } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Algorithm } from '../../../../src/options/key-options.js';
import { findSecretWeakness, WELL_KNOWN_SECRETS } from '../../../../src/keys/secret-strength.js';

const weaknessOf = (secret: string | Buffer, ...algorithms: Algorithm[]) =>
  findSecretWeakness(createSecretKey(Buffer.from(secret as string)), algorithms);
const EASY = 'easy to guess: well-known words, repetition or filler';

describe('The length of a secret', () => {
  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('is for %s at least %i bytes (R15)', (algorithm, bytes) => {
    expect(weaknessOf(randomBytes(bytes), algorithm)).toBeUndefined();
    expect(weaknessOf(randomBytes(bytes - 1), algorithm)).toBe(
      `too short: ${bytes - 1} bytes, and ${algorithm} needs at least ${bytes}`,
    );
  });

  it('is measured by the strongest algorithm allowed (R15)', () => {
    expect(weaknessOf(randomBytes(40), 'HS256', 'HS384', 'HS512')).toContain(
      'HS384 needs at least 48',
    );
    expect(weaknessOf(randomBytes(63), 'HS256', 'HS512')).toContain('HS512 needs at least 64');
  });

  it('is no matter to algorithms that want no secret', () => {
    expect(weaknessOf('dhq3vmx!Zk0p7wTbR9ueL', 'RS256')).toBeUndefined();
  });

  it('counts bytes and not characters (R15)', () => {
    expect(weaknessOf('ключотквартирыгдеденьгилежат', 'HS256')).toBeUndefined();
    expect(weaknessOf('klyuchotkvartirygdedengi', 'HS256')).toContain('too short');
  });
});

const paddings: readonly (readonly [string, (text: string) => string])[] = [
  ['repeated', (text) => text.repeat(70)],
  ['repeated with dashes', (text) => `${text}-`.repeat(20)],
  ['with digits in order', (text) => text + '1234567890'.repeat(7)],
  ['with zeros before it', (text) => '0'.repeat(64) + text],
  ['with one letter', (text) => text + 'x'.repeat(64)],
  ['with signs', (text) => text + '!?'.repeat(32)],
  [
    'with its neighbours',
    (text) => `my-super-${text}_token_key-${text.toUpperCase()}-`.padEnd(64, 'abc'),
  ],
  ['in capitals', (text) => text.toUpperCase().padEnd(64, '*')],
];

describe('A secret that is easy to guess', () => {
  it.each(paddings)('stays so padded to length %s (R15)', (_, pad) => {
    const notCaught = WELL_KNOWN_SECRETS.filter((text) => weaknessOf(pad(text), 'HS256') !== EASY);

    expect(notCaught).toEqual([]);
  });

  it.each([
    'your-256-bit-secret-your-256-bit-secret',
    'keyboard cat keyboard cat keyboard cat',
    'this-is-a-very-long-secret-key-for-jwt',
    'my super secret key that should be changed in production',
    'please_change_this_secret_key_in_production_2026',
    'a-string-secret-at-least-256-bits-long',
    'replace-this-with-your-own-secret-key-32-characters',
    '0123456789abcdef0123456789abcdef',
    'abcdefghijklmnopqrstuvwxyz123456',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345',
    'zyxwvutsrqponmlkjihgfedcba987654',
    'qwertyuiopasdfghjklzxcvbnm123456',
    '12345678901234567890123456789012',
    'x'.repeat(64),
    'ab'.repeat(32),
    'Xk9#'.repeat(16),
    '00000000-0000-0000-0000-000000000000',
  ])('is %s (R15)', (text) => {
    expect(weaknessOf(text, 'HS256')).toBe(EASY);
  });

  it('may be bytes (R15)', () => {
    expect(weaknessOf(Buffer.alloc(64, 7), 'HS256')).toBe(EASY);
    expect(weaknessOf(Buffer.from(Array.from({ length: 64 }, (_, index) => index)), 'HS256')).toBe(
      EASY,
    );
  });
});

describe('A random secret', () => {
  const random = (length: number) => fc.constant(length).map((bytes) => randomBytes(bytes));

  it('is never called weak, in hexadecimal or base64 or as bytes (R15)', () => {
    fc.assert(
      fc.property(random(32), (bytes) => {
        for (const secret of [
          bytes,
          bytes.toString('hex'),
          bytes.toString('base64'),
          bytes.toString('base64url'),
        ]) {
          expect(weaknessOf(secret, 'HS256')).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is never called weak, even if its 32 characters are only hexadecimal (R15)', () => {
    fc.assert(
      fc.property(random(16), (bytes) => {
        expect(weaknessOf(bytes.toString('hex'), 'HS256')).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
  });

  it('of 24 random bytes in base64 passes, and so do UUIDs and passphrases (R15)', () => {
    expect(weaknessOf(randomBytes(24).toString('base64'), 'HS256')).toBeUndefined();
    expect(weaknessOf('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'HS256')).toBeUndefined();
    expect(weaknessOf('tundra gazebo umpire violet wrench oxygen', 'HS256')).toBeUndefined();
  });

  it('of any size is judged at once (R72)', () => {
    const started = performance.now();
    weaknessOf(Buffer.alloc(1_000_000, 'a'), 'HS256');

    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
