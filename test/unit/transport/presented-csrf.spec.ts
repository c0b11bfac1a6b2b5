import { describe, expect, it } from '@jest/globals';
import type { CsrfOptions, HttpRequest } from '../../../src/index.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { presentedCsrf } from '../../../src/http/token-cookie.js';

function read(request: Partial<HttpRequest>, options: CsrfOptions = {}): string | undefined {
  const { carriers, csrf } = resolveOptions({ csrf: options });
  return presentedCsrf({ method: 'POST', headers: {}, ...request }, carriers.access, csrf);
}

const form = (body: unknown, type = 'application/x-www-form-urlencoded') => ({
  headers: { 'content-type': type },
  body,
});

describe('presentedCsrf', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'get', 'Head'])(
    'asks nothing of %s (R43)',
    (method) => {
      expect(read({ method })).toBeUndefined();
    },
  );

  it.each(['POST', 'post', 'Delete', 'PROPFIND', 'CONNECT', 'GETX', ' GET', 'GET ', '', undefined])(
    'protects %j, as every method that is not known to be safe (R43)',
    (method) => {
      expect(() => read({ method })).toThrow('Missing CSRF token');
      expect(read({ method, headers: { 'x-csrf-token': 'x' } })).toBe('x');
    },
  );

  it.each(['__proto__', 'constructor', 'toString'])(
    'protects a method called %s (R43)',
    (method) => {
      expect(() => read({ method })).toThrow('Missing CSRF token');
    },
  );

  it('asks nothing where protection is off', () => {
    expect(read({}, { protect: false })).toBeUndefined();
  });

  it('joins a header that came as a list, which then matches nothing (R44)', () => {
    expect(read({ headers: { 'x-csrf-token': ['a', 'a'] } })).toBe('a, a');
  });

  it.each(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'reads the field of a form that the application has parsed: %s (R45)',
    (type) => {
      expect(read(form({ csrf_token: 'x' }, type), { checkForm: true })).toBe('x');
      expect(() => read(form({ csrf_token: 'x' }, type))).toThrow('Missing CSRF token');
    },
  );

  it.each([
    ['application/json', { csrf_token: 'x' }],
    ['text/plain', { csrf_token: 'x' }],
    ['application/x-www-form-urlencodedx', { csrf_token: 'x' }],
    ['x application/x-www-form-urlencoded', { csrf_token: 'x' }],
    ['', { csrf_token: 'x' }],
  ])('reads no field of a body of type %j (R45)', (type, body) => {
    expect(() => read(form(body, type), { checkForm: true })).toThrow('Missing CSRF token');
  });

  it.each([
    [undefined],
    [null],
    ['csrf_token=x'],
    [Buffer.from('csrf_token=x')],
    [['csrf_token']],
    [{}],
    [{ csrf_token: '' }],
    [{ csrf_token: 5 }],
    [{ csrf_token: ['x'] }],
    [{ csrf_token: { value: 'x' } }],
    [Object.create({ csrf_token: 'x' }) as object],
  ])('finds no field in the body %j (R45)', (body) => {
    expect(() => read(form(body), { checkForm: true })).toThrow('Missing CSRF token');
  });

  it('finds a field in a body without a prototype, as parsers of forms make it', () => {
    const body = Object.assign(Object.create(null) as object, { csrf_token: 'x' });
    expect(read(form(body), { checkForm: true })).toBe('x');
  });
});
