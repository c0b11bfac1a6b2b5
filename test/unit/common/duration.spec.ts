import { describe, expect, it } from '@jest/globals';
import { parseDuration, parseExpiresIn, parseLifetime } from '../../../src/common/duration.js';
import { JwtExtendedConfigError, TokenCreationError } from '../../../src/errors/config.error.js';

const whole = "give a whole number of seconds, or a string such as '15m' or '500ms'";

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

  it.each([
    [-1, '-1', 'give a duration that is not negative'],
    ['-1m', "'-1m'", 'give a duration that is not negative'],
    ['1.5s', "'1.5s'", 'give whole seconds'],
    ['100ms', "'100ms'", 'give whole seconds'],
    ['101y', "'101y'", 'give 100 years at most'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991', 'give 100 years at most'],
  ])('refuses %j', (value, given, fix) => {
    expect(() => parseDuration(value, 'maxAge')).toThrow(
      new JwtExtendedConfigError(`maxAge was given ${given}; ${fix}`),
    );
  });

  it('throws the class of error that the caller names', () => {
    const message =
      "maxAge was given '60'; a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'";
    expect(() => parseDuration('60', 'maxAge', TokenCreationError)).toThrow(
      new TokenCreationError(message),
    );
    expect(() => parseDuration(-1, 'maxAge', TokenCreationError)).toThrow(TokenCreationError);
    expect(() => parseLifetime(0, 'fresh', TokenCreationError)).toThrow(TokenCreationError);
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

  it.each([
    [0, 'give more than 0 seconds, or use false for never'],
    ['-1m', 'give a duration that is not negative'],
    [-1.5, whole],
    [-Infinity, whole],
    [-4e9, 'give 100 years at most'],
    [undefined, "give a number of seconds, or a string with a unit such as '15m'"],
  ])('refuses %j', (value, fix) => {
    const parse = () => parseExpiresIn(value, 'expiresIn', TokenCreationError);
    expect(parse).toThrow(TokenCreationError);
    expect(parse).toThrow(fix);
  });
});
