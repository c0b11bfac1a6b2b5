import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

describe('cookies.renewWithin', () => {
  it('is half of a life unless it is given', () => {
    expect(resolve({}).cookies.renewWithin).toBeUndefined();
    expect(resolve({ cookies: { renewWithin: '5m' } }).cookies.renewWithin).toBe(300);
    expect(
      resolve({ cookies: { renewWithin: '5h' }, accessTokenExpires: false }).cookies.renewWithin,
    ).toBe(18_000);
  });

  it.each<[options: object, message: string]>([
    [{ cookies: { renewWithin: 0 } }, 'cookies.renewWithin was given 0; give more than 0 seconds'],
    [
      { cookies: { renewWithin: '5' } },
      "cookies.renewWithin was given '5'; a string needs a number and a unit",
    ],
    [
      { cookies: { renewWithin: -5 } },
      'cookies.renewWithin was given -5; give a duration that is not negative',
    ],
    [
      { cookies: { renewWithin: false } },
      'cookies.renewWithin was given false; give a number of seconds',
    ],
    [
      { cookies: { renewWithin: '15m' } },
      'cookies.renewWithin was given 900 seconds, and access tokens live for 900; give less than accessTokenExpires',
    ],
    [
      { cookies: { renewWithin: '6m' }, accessTokenExpires: '5m' },
      'cookies.renewWithin was given 360 seconds, and access tokens live for 300; give less than accessTokenExpires',
    ],
  ])('is not %j', (options, message) => {
    expect(mistakeOf(options)).toContain(message);
  });
});
