import { describe, expect, it } from '@jest/globals';
import { JwtExtendedConfigError, TokenCreationError } from '../../../src/errors/config.error.js';
import { parseDuration, parseExpiresIn, parseLifetime } from '../../../src/common/duration.js';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

const LIFETIMES = ['accessTokenExpires', 'refreshTokenExpires'];
const ALLOWANCES = ['leeway', 'notBeforeDelta'];
const TIMEOUTS = ['loaderTimeout', 'blocklist.timeout'];

const NEEDS_UNIT = "a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'";
const NEEDS_DURATION = "give a number of seconds, or a string with a unit such as '15m'";
const NEEDS_WHOLE = "give a whole number of seconds, or a string such as '15m' or '500ms'";

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
    const message = `maxAge was given '60'; ${NEEDS_UNIT}`;
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
    [-1.5, NEEDS_WHOLE],
    [-Infinity, NEEDS_WHOLE],
    [-4e9, 'give 100 years at most'],
    [undefined, NEEDS_DURATION],
  ])('refuses %j', (value, fix) => {
    const parse = () => parseExpiresIn(value, 'expiresIn', TokenCreationError);
    expect(parse).toThrow(TokenCreationError);
    expect(parse).toThrow(fix);
  });
});

describe.each([...LIFETIMES, ...ALLOWANCES, ...TIMEOUTS])('%s', (path) => {
  it.each([
    ['60', "'60'", NEEDS_UNIT],
    ['', "''", NEEDS_UNIT],
    ['abc', "'abc'", NEEDS_UNIT],
    ['15m\n', 'a string of 4 characters', NEEDS_UNIT],
    ['15 parsecs', "'15 parsecs'", NEEDS_UNIT],
    [`${'9'.repeat(100)}s`, 'a string of 101 characters', NEEDS_UNIT],
    [Number.NaN, 'NaN', NEEDS_WHOLE],
    [Infinity, 'Infinity', NEEDS_WHOLE],
    [2 ** 53, '9007199254740992', NEEDS_WHOLE],
    [1.5, '1.5', NEEDS_WHOLE],
    [true, 'true', NEEDS_DURATION],
    [null, 'null', NEEDS_DURATION],
    [10n, 'a bigint', NEEDS_DURATION],
    [{}, 'an object', NEEDS_DURATION],
    [[], 'an empty array', NEEDS_DURATION],
    [new Date(0), 'an object of type Date', NEEDS_DURATION],
  ])('refuses %p', (value, given, fix) => {
    expect(mistakeOf(withOption(path, value))).toBe(`${path} was given ${given}; ${fix}`);
  });
});

describe.each(LIFETIMES)('%s', (name) => {
  it('may be false: for ever', () => {
    const { expires } = resolve({ [name]: false }).token;
    expect(name === 'accessTokenExpires' ? expires.access : expires.refresh).toBe(false);
  });

  it.each([
    [0, '0'],
    ['0s', "'0s'"],
  ])('refuses %j, which is for ever in Flask', (value, given) => {
    expect(mistakeOf({ [name]: value })).toBe(
      `${name} was given ${given}; give more than 0 seconds, or use false for never`,
    );
  });

  it.each([
    [-5, '-5', 'give a duration that is not negative'],
    ['1.5s', "'1.5s'", 'give whole seconds'],
    ['1000y', "'1000y'", 'give 100 years at most'],
  ])('refuses %j', (value, given, fix) => {
    expect(mistakeOf({ [name]: value })).toBe(`${name} was given ${given}; ${fix}`);
  });
});

describe.each(ALLOWANCES)('%s', (name) => {
  it('is whole seconds', () => {
    expect(resolve({ [name]: '2m' }).token).toMatchObject({ [name]: 120 });
  });

  it.each([
    [-1, '-1', 'give a duration that is not negative'],
    ['500ms', "'500ms'", 'give whole seconds'],
    [false, 'false', NEEDS_DURATION],
  ])('refuses %j', (value, given, fix) => {
    expect(mistakeOf({ [name]: value })).toBe(`${name} was given ${given}; ${fix}`);
  });
});

describe.each(TIMEOUTS)('%s', (path) => {
  it.each([
    ['500ms', 500],
    ['1.5s', 1500],
    [2, 2000],
    ['2147483647ms', 2_147_483_647],
  ])('reads %j as %d milliseconds', (value, milliseconds) => {
    const { loaderTimeoutMs, blocklist } = resolve(withOption(path, value));
    expect(path === 'loaderTimeout' ? loaderTimeoutMs : blocklist.timeoutMs).toBe(milliseconds);
  });

  it.each([
    [0, '0'],
    ['-1s', "'-1s'"],
    [-1, '-1'],
    ['2147483648ms', "'2147483648ms'"],
    ['25d', "'25d'"],
  ])('refuses %j, with which a timer would fire at once', (value, given) => {
    expect(mistakeOf(withOption(path, value))).toBe(
      `${path} was given ${given}; give a duration longer than 0 and at most 2147483647 ms, such as '500ms'`,
    );
  });
});
