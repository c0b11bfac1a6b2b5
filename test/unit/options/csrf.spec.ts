import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

describe('csrf.methods', () => {
  it.each([
    [
      ['POST', 'PUT', 'PATCH', 'DELETE'],
      ['GET', 'HEAD', 'OPTIONS', 'TRACE'],
    ],
    [
      ['post', 'Put'],
      ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PATCH', 'DELETE'],
    ],
    [
      ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      ['HEAD', 'OPTIONS', 'TRACE'],
    ],
    [['PURGE'], ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE']],
  ])('protects %j, and exempts %j', (methods, exempt) => {
    expect([...resolve({ csrf: { methods } }).csrf.exemptMethods]).toEqual(exempt);
  });

  it.each([
    ['POST', "csrf.methods was given 'POST'; give an array with it: ['POST']"],
    [null, 'csrf.methods was given null; give an array'],
    [
      [],
      'csrf.methods was given an empty array; to protect no method at all set csrf.protect to false',
    ],
    [[1], 'csrf.methods[0] was given 1; give a string'],
    [
      ['POST '],
      "csrf.methods[0] was given 'POST '; give letters, digits and hyphens only (a token of RFC 9110 section 5.6.2)",
    ],
  ])('may not be %j', (methods, message) => {
    expect(mistakeOf({ csrf: { methods } })).toBe(message);
  });

  it('may be empty where nothing is protected anyway', () => {
    expect(resolve({ csrf: { protect: false, methods: [] } }).csrf.protect).toBe(false);
  });
});
