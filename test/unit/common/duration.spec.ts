import { describe, expect, it } from '@jest/globals';
import { parseDuration, parseExpiresIn } from '../../../src/common/duration.js';
import { TokenCreationError } from '../../../src/errors/config.error.js';

describe('parseDuration', () => {
  it.each([
    [0, 0],
    [60, 60],
    ['0s', 0],
    ['15m', 900],
    ['30d', 2_592_000],
    ['1.5h', 5400],
    ['1.1h', 3960],
    ['2 days', 172_800],
    ['1W', 604_800],
    ['1y', 31_557_600],
    ['3000ms', 3],
    ['100y', 3_155_760_000],
  ])('reads %j as %d seconds', (value, seconds) => {
    expect(parseDuration(value, 'maxAge')).toBe(seconds);
  });
});

describe('parseExpiresIn', () => {
  it.each([
    [false, false],
    [60, 60],
    ['1h', 3600],
    [-60, -60],
  ])('reads %j as %j', (value, seconds) => {
    expect(parseExpiresIn(value, 'expiresIn', TokenCreationError)).toBe(seconds);
  });
});
