import { describe, expect, it, jest } from '@jest/globals';
import type { Token } from '../../../src/contracts/token.js';
import { mistakeOf, resolve } from './mistake-of.js';

const LOADERS = [
  'userIdentity',
  'additionalClaims',
  'additionalHeaders',
  'encodeKey',
  'decodeKey',
  'isTokenRevoked',
  'tokenVerification',
  'userLookup',
];

const RESPONSES = [
  'unauthorized',
  'invalidToken',
  'expiredToken',
  'needsFreshToken',
  'revokedToken',
  'userLookupError',
  'tokenVerificationFailed',
  'insufficientClaims',
  'unavailable',
];

describe.each([
  ...LOADERS.map((name) => ['loaders', name]),
  ...RESPONSES.map((name) => ['responses', name]),
])('%s.%s', (group, name) => {
  it('is called as it was given', () => {
    const callback = jest.fn(() => 'answer');
    const { loaders, responses } = resolve({ [group]: { [name]: callback } });
    const resolved = (group === 'loaders' ? loaders : responses.callbacks) as Record<
      string,
      () => unknown
    >;
    expect(Object.keys(resolved)).toEqual([name]);
    expect(resolved[name]?.()).toBe('answer');
  });

  it.each([
    [null, 'null'],
    [true, 'a boolean'],
    ['canary', 'a string of 6 characters'],
    [{}, 'an object'],
  ])('is not %j', (value, given) => {
    expect(mistakeOf({ [group]: { [name]: value } })).toBe(
      `${group}.${name} was given ${given}; give a function`,
    );
  });
});

describe('loaders', () => {
  it('may be the methods of a class, with its dependencies', async () => {
    class Loaders {
      readonly #users = new Map([['1', 'Ada']]);
      userLookup({ identity }: Token) {
        return this.#users.get(identity);
      }
    }
    const { userLookup } = resolve({ loaders: new Loaders() }).loaders;
    expect(await userLookup?.({ identity: '1' } as Token, {})).toBe('Ada');
  });
});
