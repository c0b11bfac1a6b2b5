import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

const BOOLEANS = [
  'encodeNotBefore',
  'verifySub',
  'claimsInRefreshToken',
  'acceptForeignTokens',
  'cookies.secure',
  'cookies.session',
  'csrf.protect',
  'csrf.inCookies',
  'csrf.checkForm',
];

const MEMBER_NAMES = [
  'identityClaim',
  'userClaimsKey',
  'queryStringName',
  'jsonKey',
  'refreshJsonKey',
  'csrf.accessFieldName',
  'csrf.refreshFieldName',
  'errorMessageKey',
  'errorCodeKey',
];

const HEADER_NAMES = ['headerName', 'csrf.accessHeaderName', 'csrf.refreshHeaderName'];

describe.each(BOOLEANS)('%s', (path) => {
  it.each([
    ['false', "'false'"],
    ['', "''"],
  ])('is no string such as %j, which every environment variable is', (value, given) => {
    expect(mistakeOf(withOption(path, value))).toBe(
      `${path} was given ${given}; give true or false ` +
        "(an environment variable is a string: compare it, value === 'true')",
    );
  });

  it.each([
    [0, '0'],
    [null, 'null'],
    [{}, 'an object'],
  ])('is not %j', (value, given) => {
    expect(mistakeOf(withOption(path, value))).toBe(
      `${path} was given ${given}; give true or false`,
    );
  });
});

describe.each(MEMBER_NAMES)('%s', (path) => {
  it.each(['', '__proto__', 'constructor', 'prototype'])('may not be %j', (value) => {
    expect(mistakeOf(withOption(path, value))).toBe(
      `${path} was given '${value}'; give a name that is neither empty nor __proto__, constructor or prototype`,
    );
  });

  it('is a string', () => {
    expect(mistakeOf(withOption(path, 7))).toBe(`${path} was given 7; give a string`);
    expect(mistakeOf(withOption(path, null))).toBe(`${path} was given null; give a string`);
  });
});

describe.each(HEADER_NAMES)('%s', (path) => {
  it.each([
    ['', "''"],
    ['X Token', "'X Token'"],
    ['X-Token:', "'X-Token:'"],
    ['X-Token\r\nX: y', 'a string of 13 characters'],
    ['X-Tökén', 'a string of 7 characters'],
  ])('may not be %j', (value, given) => {
    expect(mistakeOf(withOption(path, value))).toBe(
      `${path} was given ${given}; give letters, digits and hyphens only (a token of RFC 9110 section 5.6.2)`,
    );
  });

  it('is a string', () => {
    expect(mistakeOf(withOption(path, true))).toBe(`${path} was given true; give a string`);
  });
});

describe('headerType', () => {
  it.each(['', 'JWT', 'bearer'])('may be %j', (type) => {
    expect(resolve({ headerType: type }).header.type).toBe(type);
  });

  it.each([
    ['Bearer ', "headerType was given 'Bearer '; give letters, digits and hyphens only"],
    ['a,b', "headerType was given 'a,b'; give letters, digits and hyphens only"],
    [null, 'headerType was given null; give a string'],
    [false, 'headerType was given false; give a string'],
  ])('may not be %j', (value, message) => {
    expect(mistakeOf({ headerType: value })).toContain(message);
  });
});

describe('the names of a token on its way', () => {
  it('are kept as they were written, header names in lower case too', () => {
    const resolved = resolve({
      headerName: 'X-Auth',
      queryStringName: 'token',
      queryStringValuePrefix: 'Bearer ',
      jsonKey: 'a',
      refreshJsonKey: 'r',
      csrf: {
        accessHeaderName: 'X-A',
        refreshHeaderName: 'X-R',
        accessFieldName: 'fa',
        refreshFieldName: 'fr',
      },
    });
    expect(resolved.header).toMatchObject({ name: 'X-Auth', lowerCaseName: 'x-auth' });
    expect(resolved.queryString).toEqual({ name: 'token', valuePrefix: 'Bearer ' });
    expect(resolved.carriers.access).toMatchObject({
      jsonKey: 'a',
      csrfHeaderName: 'X-A',
      csrfHeaderLowerCaseName: 'x-a',
      csrfFieldName: 'fa',
    });
    expect(resolved.carriers.refresh).toMatchObject({
      jsonKey: 'r',
      csrfHeaderName: 'X-R',
      csrfHeaderLowerCaseName: 'x-r',
      csrfFieldName: 'fr',
    });
  });

  it('have a prefix that is a string', () => {
    expect(mistakeOf({ queryStringValuePrefix: null })).toBe(
      'queryStringValuePrefix was given null; give a string',
    );
  });
});
