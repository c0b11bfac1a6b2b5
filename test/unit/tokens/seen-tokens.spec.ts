import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parseToken } from '../../../src/tokens/compact-jws.js';
import { SignatureCache } from '../../../src/tokens/signature-cache.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

const KEY = createSecretKey(Buffer.from(SECRET));

/** A token of about so many characters. */
function parsed(padding = 0) {
  return parseToken(forgeToken(accessClaims({ padding: 'x'.repeat(padding) })), 1024 * 1024);
}

describe('A token that was verified', () => {
  it('is found by its whole text, with the key that verified it (R61)', () => {
    const seen = new SignatureCache();
    const token = parsed();
    seen.remember(token, KEY);

    expect(seen.find(token.encoded)).toEqual({ parsed: token, key: KEY });
    expect(seen.find(token.encoded.slice(0, -1))).toBeUndefined();
    expect(seen.find(`${token.encoded}A`)).toBeUndefined();
  });

  it('has claims of its own each time, so that no request changes those of another (R35)', () => {
    const seen = new SignatureCache();
    const token = parsed();
    seen.remember(token, KEY);
    Object.assign(token.claims, { sub: 'mallory' });
    Object.assign(seen.find(token.encoded)?.parsed.claims ?? {}, { sub: 'mallory' });

    expect(seen.find(token.encoded)?.parsed.claims.sub).toBe('alice');
  });

  it('is forgotten when two thousand others came after it (R61)', () => {
    const seen = new SignatureCache();
    const first = parsed();
    seen.remember(first, KEY);
    for (let count = 0; count < 2000; count += 1) seen.remember(parsed(), KEY);

    expect(seen.find(first.encoded)).toBeUndefined();
  });

  it('is forgotten sooner when the others are long (R61)', () => {
    const seen = new SignatureCache();
    const first = parsed();
    seen.remember(first, KEY);
    for (let count = 0; count < 20; count += 1) seen.remember(parsed(500_000), KEY);

    expect(seen.find(first.encoded)).toBeUndefined();
  });

  it('stays as long as it is shown', () => {
    const seen = new SignatureCache();
    const first = parsed();
    seen.remember(first, KEY);
    for (let count = 0; count < 3000; count += 1) {
      seen.remember(parsed(), KEY);
      if (count % 500 === 0) seen.find(first.encoded);
    }

    expect(seen.find(first.encoded)?.key).toBe(KEY);
  });

  it.each([undefined, null, 5, {}, ['x']])('is none when it is no text: %p', (value) => {
    expect(new SignatureCache().find(value)).toBeUndefined();
  });
});
