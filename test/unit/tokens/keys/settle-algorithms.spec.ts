import { describe, expect, it } from '@jest/globals';
import type { Algorithm, KeyOptions } from '../../../../src/options/key-options.js';
import { configureKeys } from '../../../../src/keys/configure-keys.js';
import { ecPair, ed25519Pair, rsaPair, strongSecret } from '../../../support/keys.js';
import { mistakeOf } from './mistake.js';

const secret = strongSecret();
const configure = (options: object) => configureKeys(options as KeyOptions);
const mistakeIn = (options: object) => mistakeOf(() => configure(options), secret);

describe('A mistake in the choice of algorithms', () => {
  it.each(['none', 'NONE', 'None', 'nOnE', 'none '])("is the algorithm '%s' (R1)", (algorithm) => {
    const said = 'tokens without a signature are never accepted';

    expect(mistakeIn({ secret, algorithm })).toContain(said);
    expect(mistakeIn({ secret, decodeAlgorithms: [algorithm] })).toContain(said);
  });

  it.each([
    ['hs256', "must be written 'HS256'"],
    ['Rs256', "must be written 'RS256'"],
    ['HS1', 'is no known algorithm; expected one of HS256, HS384'],
    ['EDDSA', "must be written 'EdDSA'"],
    ['Ed25519', 'is no known algorithm'],
    ['Ed448', 'is no known algorithm'],
    ['toString', 'is no known algorithm'],
    ['', 'is no known algorithm'],
    [secret, 'is no known algorithm'],
    [null, 'is not text'],
    [['HS256'], 'is not text'],
  ])('is the algorithm %j (R2)', (algorithm, said) => {
    expect(mistakeIn({ secret, algorithm })).toContain(`algorithm ${said}`);
    expect(mistakeIn({ secret, decodeAlgorithms: [algorithm] })).toContain(
      `decodeAlgorithms ${said}`,
    );
  });

  it.each([
    ['text', 'HS384', "must be an array of algorithms: ['HS384']"],
    ['other text', 'all', "must be an array of algorithms: ['HS256']"],
    ['empty', [], 'must be an array of algorithms'],
    ['null', null, 'must be an array of algorithms'],
    ['a set', new Set(['HS256']), 'must be an array of algorithms'],
    ['HMAC with RSA', ['HS256', 'RS256'], 'mixes it and RS256: one key cannot serve both'],
    ['of another family', ['ES256'], 'mixes it and ES256: one key cannot serve both'],
  ])('is a list of algorithms that is %s (R2, R3)', (_, decodeAlgorithms, said) => {
    expect(mistakeIn({ secret, decodeAlgorithms })).toContain(said);
  });

  it.each([
    ['RS256', 'ES256'],
    ['PS256', 'HS256'],
    ['ES256', 'ES384'],
    ['ES256', 'RS256'],
    ['EdDSA', 'ES256'],
    ['EdDSA', 'RS256'],
    ['EdDSA', 'HS256'],
  ] as const)('is %s among tokens with %s (R3)', (algorithm, other) => {
    const pairs = { RS256: rsaPair, PS256: rsaPair, ES256: ecPair, EdDSA: ed25519Pair };
    const pair = pairs[algorithm]();

    expect(mistakeIn({ ...pair, algorithm, decodeAlgorithms: [other] })).toContain(
      'one key cannot serve both',
    );
  });
});

describe('The algorithms of tokens', () => {
  it('always hold the one that signs, and each once', () => {
    const algorithmsOf = (...decodeAlgorithms: Algorithm[]) =>
      configure({ secret, decodeAlgorithms }).algorithms;

    expect(algorithmsOf('HS512', 'HS384')).toEqual(['HS512', 'HS384', 'HS256']);
    expect(algorithmsOf('HS256', 'HS512', 'HS512')).toEqual(['HS256', 'HS512']);
  });

  it('may be of both kinds of RSA signature', () => {
    const options = { ...rsaPair(), algorithm: 'RS256', decodeAlgorithms: ['PS256'] };

    expect(configure(options).algorithms).toEqual(['PS256', 'RS256']);
  });

  it('do not change with the array that was given (R2)', () => {
    const decodeAlgorithms: Algorithm[] = ['HS256'];
    const keys = configure({ secret, decodeAlgorithms });
    decodeAlgorithms.push('RS256');

    expect(keys.algorithms).toEqual(['HS256']);
  });
});
