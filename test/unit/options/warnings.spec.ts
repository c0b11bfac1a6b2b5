import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { resolve } from './mistake-of.js';

const QUERY_STRING =
  "locations has 'query_string': tokens in URLs end in access logs, browser history and Referer headers";
const ALLOW =
  "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer";
const LEEWAY =
  'leeway is more than 300 seconds: every token is accepted for that long after it has expired';
const INSECURE =
  'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them';
const CSRF =
  "csrf.protect is false while cookies.sameSite is 'none': any web site can act in the name of your users";
const ACCESS = 'accessTokenExpires is false: a stolen access token opens every route for ever';
const REFRESH =
  'refreshTokenExpires is false: a stolen refresh token buys new access tokens for ever';

const NODE_ENV = process.env.NODE_ENV;
const warn = jest.spyOn(Logger.prototype, 'warn');

beforeEach(() => {
  warn.mockReset();
});
afterEach(() => {
  process.env.NODE_ENV = NODE_ENV;
});

function warningsOf(options: object, environment: string): unknown[] {
  process.env.NODE_ENV = environment;
  resolve(options);
  return warn.mock.calls.map(([message]) => message);
}

describe.each(['production', 'test'])('in %s', (environment) => {
  it.each([
    [{ locations: ['headers', 'query_string'] }, QUERY_STRING],
    [{ blocklist: { onStoreError: 'allow' } }, ALLOW],
    [{ leeway: 301 }, LEEWAY],
  ])('warns once about %j', (options, warning) => {
    expect(warningsOf(options, environment)).toEqual([warning]);
  });

  it.each([
    [{}],
    [{ leeway: 300 }],
    [{ locations: ['cookies'] }],
    [{ cookies: { secure: false } }],
    [{ locations: ['cookies'], csrf: { protect: false } }],
    [{ locations: ['cookies'], cookies: { sameSite: 'none' } }],
    [{ csrf: { protect: false }, cookies: { sameSite: 'none' } }],
  ])('says nothing about %j', (options) => {
    expect(warningsOf(options, environment)).toEqual([]);
  });
});

describe.each([
  [{ locations: ['cookies'], cookies: { secure: false } }, [INSECURE]],
  [{ locations: ['cookies'], csrf: { protect: false }, cookies: { sameSite: 'none' } }, [CSRF]],
  [{ accessTokenExpires: false }, [ACCESS]],
  [{ refreshTokenExpires: false }, [REFRESH]],
])('%j', (options, warnings) => {
  it('is warned about once in production', () => {
    expect(warningsOf(options, 'production')).toEqual(warnings);
  });

  it('passes without a word elsewhere', () => {
    expect(warningsOf(options, 'development')).toEqual([]);
  });
});

describe('the warnings', () => {
  it('are signed by the module', () => {
    warningsOf({ leeway: '10m' }, 'test');
    expect(warn.mock.contexts[0]).toMatchObject({ context: 'JwtExtendedModule' });
  });

  it('are not given for options that are refused', () => {
    expect(() => warningsOf({ leeway: '10m', clock: 5 }, 'test')).toThrow('clock');
    expect(warn).not.toHaveBeenCalled();
  });
});
