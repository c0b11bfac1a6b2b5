import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

describe('how refusals look', () => {
  it('is as the options say', () => {
    const given = {
      errorMessageKey: 'message',
      errorCodeKey: 'code',
      statusProfile: 'rfc6750',
      realm: 'My "API"',
    };
    expect(resolve(given).responses).toEqual({ ...given, callbacks: {} });
  });

  it('keeps code and message apart', () => {
    expect(mistakeOf({ errorCodeKey: 'msg' })).toBe(
      "errorCodeKey was given 'msg', as was errorMessageKey; give the code a member of its own",
    );
  });

  it.each([
    ['rfc', "'rfc'"],
    [422, '422'],
    [null, 'null'],
  ])('has no status profile %j', (statusProfile, given) => {
    expect(mistakeOf({ statusProfile })).toBe(
      `statusProfile was given ${given}; give one of 'flask', 'rfc6750'`,
    );
  });

  it.each([
    ['', "''"],
    ['a\r\nSet-Cookie: b=c', 'a string of 18 characters'],
    ['Küche', 'a string of 5 characters'],
    ['a\x7f', 'a string of 2 characters'],
  ])('has no realm %j', (realm, given) => {
    expect(mistakeOf({ realm })).toBe(
      `realm was given ${given}; give printable ASCII characters, one at least`,
    );
  });

  it('has a realm that is a string', () => {
    expect(mistakeOf({ realm: null })).toBe('realm was given null; give a string');
  });
});
