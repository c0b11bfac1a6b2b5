import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

const CHOICES = "give one of 'headers', 'cookies', 'query_string', 'json'";

describe('locations', () => {
  it('keep their order, and may be functions', () => {
    const extractor = () => null;
    const locations = ['json', extractor, 'headers', 'cookies'];
    expect(resolve({ locations }).locations).toEqual(locations);
  });

  const extractor = () => null;
  it.each([
    [
      'a plain string',
      'cookies',
      "locations was given 'cookies'; give an array with it: ['cookies']",
    ],
    ['an empty string', '', "locations was given ''; give an array"],
    ['a Set', new Set(['headers']), 'locations was given an object of type Set; give an array'],
    ['null', null, 'locations was given null; give an array'],
    [
      'no location',
      [],
      "locations was given an empty array; name one location at least, such as 'headers'",
    ],
    ['an unknown location', ['headers', 'header'], `locations[1] was given 'header'; ${CHOICES}`],
    ['a hole', new Array(1), `locations[0] was given undefined; ${CHOICES}`],
    ['a number', [1], `locations[0] was given 1; ${CHOICES}`],
    [
      'a name twice',
      ['json', 'headers', 'json'],
      "locations was given 'json' twice; name each only once",
    ],
    [
      'a function twice',
      [extractor, extractor],
      'locations was given a function twice; name each only once',
    ],
  ])('refuse %s', (_, locations, message) => {
    expect(mistakeOf({ locations })).toBe(message);
  });
});
