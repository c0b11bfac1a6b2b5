import { describe, expect, it } from '@jest/globals';
import { editDistance, STATIC_EXTRAS } from '../../../src/common/read-options.js';
import { mistakeOf, withOption } from '../options/mistake-of.js';

describe('A name that no option has', () => {
  it.each([
    ['algorithim', 'algorithm'],
    ['decodIssuer', 'decodeIssuer'],
    ['LEEWAY', 'leeway'],
    ['isGlobl', 'isGlobal'],
    ['secrt', 'secret'],
    ['cookies.samesite', 'cookies.sameSite'],
    ['csrf.method', 'csrf.methods'],
    ['blocklist.stores', 'blocklist.store'],
    ['loaders.userLookUps', 'loaders.userLookup'],
    ['responses.expiredTokens', 'responses.expiredToken'],
  ])('is refused with the nearest name, with or without a value: %s', (name, nearest) => {
    for (const value of [1, undefined])
      expect(mistakeOf(withOption(name, value))).toBe(
        `${name} is not an option; did you mean ${nearest}?`,
      );
  });

  it('is refused with the names of its group if none is near', () => {
    expect(mistakeOf({ blocklist: { somewhereElse: true } })).toBe(
      'blocklist.somewhereElse is not an option; remove it, or use one of ' +
        'blocklist.store, blocklist.checks, blocklist.timeout, blocklist.onStoreError',
    );
    expect(mistakeOf({ JWT_SECRET_KEY: 'canary' })).toMatch(
      /^JWT_SECRET_KEY is not an option; remove it, or use one of secret, privateKey, /,
    );
  });

  it.each(STATIC_EXTRAS)('is refused with its place if it is the extra %s', (name) => {
    expect(mistakeOf({ [name]: true })).toBe(
      `${name} is not an option; it belongs beside useFactory, not in what the factory returns`,
    );
  });

  it('counts as an extra only at the top level', () => {
    expect(mistakeOf({ cookies: { isGlobal: true } })).toMatch(
      /^cookies\.isGlobal is not an option; remove it, or use one of cookies\.accessName, /,
    );
  });

  it('is not repeated if it does not look like a name', () => {
    const canary = 'canary-'.repeat(6);
    expect(mistakeOf({ [canary]: 1 })).toMatch(/^a string of 42 characters is not an option; /);
    expect(mistakeOf({ 'head er': 1 })).toMatch(/^'head er' is not an option; /);
  });

  it('is refused if every object has a member of that name', () => {
    expect(mistakeOf(JSON.parse('{ "__proto__": {} }'))).toMatch(/^__proto__ is not an option; /);
    expect(mistakeOf({ toString: () => '' })).toMatch(/^toString is not an option; /);
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['leeway', 'leeway', 0],
    ['kitten', 'sitting', 3],
    ['secrte', 'secret', 2],
    ['locations', 'location', 1],
  ])('counts from %j to %j %d typing errors', (one, other, distance) => {
    expect(editDistance(one, other)).toBe(distance);
  });
});
