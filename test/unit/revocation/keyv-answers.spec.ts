import { describe, expect, it } from '@jest/globals';
import { readAnswers } from '../../../src/stores/strict-keyv.js';

describe('What a Keyv gave', () => {
  it('is texts, bare or beside their expiry, and null for what is not there', () => {
    const answers = ['bare', { value: 'stored', expires: 1_800_000_000_000 }, null, undefined];

    expect(readAnswers(answers, 4)).toEqual(['bare', 'stored', null, null]);
  });

  it.each([
    ['no list', 'bare'],
    ['too few', ['one']],
    ['too many', ['one', 'two', 'three']],
    ['a number', ['one', 2]],
    ['what is beside its expiry, and no text', ['one', { value: 2 }]],
  ])('is refused where it is %s', (_, answers) => {
    expect(() => readAnswers(answers, 2)).toThrow('KeyvBlocklistStore: the store');
  });
});
