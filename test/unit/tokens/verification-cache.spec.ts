import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parseToken } from '../../../src/tokens/compact-jws.js';
import { SignatureCache } from '../../../src/tokens/signature-cache.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

const KEY = createSecretKey(Buffer.from(SECRET));

/** A token that is longer than the padding. */
function parsed(padding = 0) {
  return parseToken(forgeToken(accessClaims({ padding: 'x'.repeat(padding) })), 1024 * 1024);
}

describe('SignatureCache', () => {
  it('finds a token by its whole text, with the key that verified it (R61)', () => {
    const cache = new SignatureCache();
    const token = parsed();
    cache.remember(token, KEY);

    expect(cache.find(token.encoded)).toEqual({ parsed: token, key: KEY });
    expect(cache.find(token.encoded.slice(0, -1))).toBeUndefined();
    expect(cache.find(`${token.encoded}A`)).toBeUndefined();
  });

  it('parses the claims anew each time, so no request changes those of another (R35)', () => {
    const cache = new SignatureCache();
    const token = parsed();
    cache.remember(token, KEY);
    Object.assign(token.claims, { sub: 'mallory' });
    Object.assign(cache.find(token.encoded)?.parsed.claims ?? {}, { sub: 'mallory' });

    expect(cache.find(token.encoded)?.parsed.claims.sub).toBe('alice');
  });

  it.each([
    ['two thousand others', 2000, 0],
    ['twenty long ones', 20, 500_000],
  ])('forgets a token after %s (R61)', (_, count, padding) => {
    const cache = new SignatureCache();
    const first = parsed();
    cache.remember(first, KEY);
    for (let index = 0; index < count; index += 1) cache.remember(parsed(padding), KEY);

    expect(cache.find(first.encoded)).toBeUndefined();
  });
});
