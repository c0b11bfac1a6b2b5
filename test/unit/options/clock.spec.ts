import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

describe('clock', () => {
  it('is kept as it is', () => {
    const clock = () => new Date(0);
    expect(resolve({ clock }).clock).toBe(clock);
  });

  const fix = 'return a valid Date, as () => new Date() does';
  it.each([
    ['a Date', new Date(), 'an object of type Date; give a function'],
    ['null', null, 'null; give a function'],
    ['a function of milliseconds', () => 5, `a function that returns 5; ${fix}`],
    [
      'a function of a promise',
      async () => new Date(),
      `a function that returns an object of type Promise; ${fix}`,
    ],
    [
      'a function of no date',
      () => new Date('x'),
      `a function that returns an invalid Date; ${fix}`,
    ],
  ])('is not %s', (_, clock, message) => {
    expect(mistakeOf({ clock })).toBe(`clock was given ${message}`);
  });

  it('is not a function that throws, whose error is the cause', () => {
    const cause = new Error('stopped');
    const clock = () => {
      throw cause;
    };
    expect(mistakeOf({ clock })).toBe(`clock was given a function that throws; ${fix}`);
    expect(() => resolve({ clock })).toThrow(expect.objectContaining({ cause }));
  });
});
