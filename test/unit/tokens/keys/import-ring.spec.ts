import { describe, expect, it } from '@jest/globals';
import type { KeyRingOptions } from '../../../../src/options/key-options.js';
import { importRing } from '../../../../src/keys/ring-key.js';
import { ecPair, strongSecret } from '../../../support/keys.js';
import { mistakeOf } from './mistake.js';

const secret = strongSecret();
const ec = { kid: 'ec', algorithm: 'ES256', ...ecPair() } as const;
const hmac = { kid: 'hmac', algorithm: 'HS256', secret } as const;

const ringOf = (given: unknown) => importRing(given as KeyRingOptions, {});
const mistakeIn = (given: unknown) => mistakeOf(() => ringOf(given), secret);

describe('The keys of a ring', () => {
  it('are imported under their ids, each bound to its one algorithm', () => {
    const retireAt = new Date(1000);
    const { current, others } = ringOf({ current: ec, others: [{ ...hmac, retireAt }] });

    expect(current).toMatchObject({ kid: 'ec', algorithm: 'ES256', algorithms: ['ES256'] });
    expect(current?.signingKey).toBe(ec.privateKey);
    expect(current?.verificationKey).toBe(ec.publicKey);
    expect(others).toHaveLength(1);
    expect(others[0]).toMatchObject({ kid: 'hmac', algorithm: 'HS256', isFormer: false });
    expect(others[0]?.isRetired(new Date(999))).toBe(false);
    expect(others[0]?.isRetired(new Date(1000))).toBe(true);
  });

  it('are one where no others are given', () => {
    expect(ringOf({ current: hmac }).others).toEqual([]);
    expect(ringOf({ current: hmac, others: undefined }).others).toEqual([]);
    expect(ringOf({ current: hmac }).current?.isRetired(new Date(8.64e15))).toBe(false);
  });

  it("may all be another issuer's", () => {
    expect(ringOf({ jwksUri: 'https://issuer.example/' })).toEqual({
      current: undefined,
      others: [],
    });
  });

  it('may be HS256 without saying so, like any secret', () => {
    expect(ringOf({ current: { kid: 'k', secret } }).current?.algorithm).toBe('HS256');
  });

  it('may be as weak as the options beside the ring allow', () => {
    const current = { kid: 'weak', algorithm: 'HS256', secret: 'secret' } as const;

    expect(importRing({ current }, { allowWeakSecret: true }).current?.kid).toBe('weak');
  });

  it('are all looked at before any counts: the last mistake is found as the first is', () => {
    const others = [hmac, { ...ec, kid: 'ec 2', algorithm: 'ES384' }];

    expect(mistakeIn({ current: ec, others })).toMatch(/^keys\.others\[1\]\.publicKey /);
  });

  it.each([
    [
      'all three the same',
      {
        current: ec,
        others: [
          { ...hmac, kid: 'ec' },
          { ...hmac, kid: 'ec' },
        ],
      },
    ],
    ['the current and the last', { current: ec, others: [hmac, { ...hmac, kid: 'ec' }] }],
  ])('have an id each: %s', (_, given) => {
    expect(mistakeIn(given)).toBe("keys has two keys with the kid 'ec': give each its own");
  });
});
