import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { RingContents } from '../../../src/keys/key-ring.js';
import { parseToken } from '../../../src/tokens/compact-jws.js';
import { SeenToken, VerificationCache } from '../../../src/tokens/verification-cache.js';
import { VerifiedToken } from '../../../src/tokens/verified-token.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

const KEY = createSecretKey(Buffer.from(SECRET));
const RING = new RingContents(undefined);

function seen(claims: Record<string, unknown> = {}, key: object = {}): SeenToken {
  const parsed = parseToken(forgeToken(accessClaims(claims)), 1024 * 1024);
  const fresh = (parsed.claims.fresh ?? false) !== false;
  const token = new VerifiedToken({ ...parsed, identity: 'alice', type: 'access', fresh });
  return new SeenToken(parsed, token, { key: KEY, algorithms: ['HS256'], ...key }, RING, false);
}

describe('VerificationCache', () => {
  it('finds a token by its whole text (R61)', () => {
    const cache = new VerificationCache();
    const token = seen();
    const { encoded } = token.parsed;
    cache.remember(token);

    expect(cache.find(encoded)).toBe(token);
    // The same last characters, from which the cache is searched.
    expect(cache.find(encoded.slice(1))).toBeUndefined();
    expect(cache.find(`e${encoded}`)).toBeUndefined();
    expect(cache.find(encoded.slice(0, -1))).toBeUndefined();
    expect(cache.find(`${encoded}A`)).toBeUndefined();
    expect(cache.find(Buffer.from(encoded))).toBeUndefined();
  });

  it.each([
    ['eight thousand others', 8000, 0],
    ['twenty long ones', 20, 500_000],
  ])('forgets a token after %s (R61)', (_, count, padding) => {
    const cache = new VerificationCache();
    const first = seen();
    cache.remember(first);
    for (let index = 0; index < count; index += 1)
      cache.remember(seen({ padding: 'x'.repeat(padding) }));

    expect(cache.find(first.parsed.encoded)).toBeUndefined();
  });
});

describe('SeenToken', () => {
  const SECOND = 1_800_000_000;
  const at = (seconds: number) => new Date(seconds * 1000);

  it.each<[string, Record<string, unknown>, object, number, number, boolean]>([
    ['before exp', { exp: SECOND }, {}, SECOND - 0.001, 0, true],
    ['at exp', { exp: SECOND }, {}, SECOND, 0, false],
    ['within the leeway after exp', { exp: SECOND }, {}, SECOND + 4, 5, true],
    ['at nbf', { nbf: SECOND }, {}, SECOND, 0, true],
    ['before nbf, with a clock set back', { nbf: SECOND }, {}, SECOND - 1, 0, false],
    ['before iat, with a clock set back', { iat: SECOND }, {}, SECOND - 1, 0, false],
    ['within the leeway before iat', { iat: SECOND }, {}, SECOND - 1, 1, true],
    ['before its key retires', {}, { retiresAt: at(SECOND) }, SECOND - 0.001, 0, true],
    ['when its key retires', {}, { retiresAt: at(SECOND) }, SECOND, 0, false],
    ['while it is fresh', { fresh: SECOND }, {}, SECOND - 1, 0, true],
    ['when it is no longer fresh', { fresh: SECOND }, {}, SECOND, 0, false],
    ['at no time at all', {}, {}, NaN, 0, false],
  ])('holds %s or not', (_, claims, key, now, leeway, holds) => {
    const timeless = { iat: 0, nbf: 0, exp: SECOND * 2 };
    const token = seen({ ...timeless, ...claims }, key);

    expect(token.holds(RING, at(now), leeway)).toBe(holds);
    expect(token.holds(new RingContents(undefined), at(now), leeway)).toBe(false);
  });

  it('knows the key and the tenant that verified it', () => {
    const token = seen();
    const algorithms = ['HS256'] as const;

    expect(token.wasVerifiedBy({ key: KEY, algorithms })).toBe(true);
    expect(token.wasVerifiedBy({ key: KEY, algorithms, namespace: 'acme' })).toBe(false);
    expect(token.wasVerifiedBy({ key: createSecretKey(Buffer.alloc(32)), algorithms })).toBe(false);
  });
});
