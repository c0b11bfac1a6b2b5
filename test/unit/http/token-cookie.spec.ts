import { describe, expect, it } from '@jest/globals';
import { fromCookie, presentedCsrf } from '../../../src/http/token-cookie.js';
import type { CsrfOptions, HttpRequest } from '../../../src/index.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { policy } from '../../support/transport.js';

describe('The token cookie', () => {
  const NAME = 'access_token_cookie';
  const found = (encoded: string) => ({ encoded, location: 'cookies' });
  const MISSING = { missing: `Missing cookie "${NAME}"` };

  function read(request: Partial<HttpRequest>): unknown {
    return fromCookie({ method: 'GET', headers: {}, ...request }, policy(), resolveOptions({}));
  }

  it.each([
    [{ [NAME]: 'x' }, found('x')],
    [{ [NAME]: '' }, MISSING],
    [{ [NAME]: undefined }, MISSING],
    [{ [NAME]: { x: 1 } }, MISSING],
    [{ [NAME]: ['x'] }, MISSING],
    [{ [NAME]: 5 }, MISSING],
    [Object.create({ [NAME]: 'x' }) as object, MISSING],
    [{}, MISSING],
    [[NAME], MISSING],
    ['x', MISSING],
    [null, MISSING],
    [undefined, MISSING],
  ])('reads the cookies of a plug-in if there is no header: %j (R47, F18)', (cookies, result) => {
    expect(read({ cookies })).toEqual(result);
  });

  it('prefers the header to a plug-in, which keeps one of two cookies only (R47)', () => {
    const cookies = { [NAME]: 'parsed' };
    expect(read({ headers: { cookie: `${NAME}=sent` }, cookies })).toEqual(found('sent'));
    expect(read({ headers: { cookie: '' }, cookies })).toEqual(MISSING);
    expect(() => read({ headers: { cookie: `${NAME}=a; ${NAME}=b` }, cookies })).toThrow(
      `Multiple values for cookie "${NAME}"`,
    );
  });

  it('reads a header that came as a list', () => {
    expect(read({ headers: { cookie: ['a=b', `${NAME}=x`] } })).toEqual(found('x'));
    expect(() => read({ headers: { cookie: [`${NAME}=x`, `${NAME}=y`] } })).toThrow(
      `Multiple values for cookie "${NAME}"`,
    );
  });

  it.each([
    ['a no-break space', '\u00a0'],
    ['a line feed', '\n'],
    ['a vertical tab', '\u000b'],
    ['a byte order mark', '\ufeff'],
    ['an em space', '\u2003'],
  ])('keeps %s: it is part of a name or a value (R47)', (_, space) => {
    expect(read({ headers: { cookie: `${space}${NAME}=x` } })).toEqual(MISSING);
    expect(read({ headers: { cookie: `${NAME}=x${space}` } })).toEqual(found(`x${space}`));
  });

  it.each([
    ['"', '"'],
    ['""x""', '"x"'],
    ['"x', '"x'],
    ['x"', 'x"'],
  ])('removes one pair of quotes from %j', (value, encoded) => {
    expect(read({ headers: { cookie: `${NAME}=${value}` } })).toEqual(found(encoded));
  });

  // A search that starts again at each character would take minutes for these.
  it.each([
    ['separators', ';'.repeat(1_000_000)],
    ['equals signs', '='.repeat(1_000_000)],
    ['blanks', ' '.repeat(1_000_000)],
    ['blanks between letters', `a${' '.repeat(1_000_000)}b`],
    ['blanks in a value', `a=${' '.repeat(1_000_000)}b`],
    ['pairs', 'a=b; '.repeat(200_000)],
  ])('takes linear time for 1 MB of %s (R72)', (_, cookie) => {
    expect(read({ headers: { cookie } })).toEqual(MISSING);
  });
});

describe('The CSRF value of a request', () => {
  function read(request: Partial<HttpRequest>, options: CsrfOptions = {}): string | undefined {
    const { carriers, csrf } = resolveOptions({ csrf: options });
    return presentedCsrf({ method: 'POST', headers: {}, ...request }, carriers.access, csrf);
  }

  const form = (body: unknown, type = 'application/x-www-form-urlencoded') => ({
    headers: { 'content-type': type },
    body,
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'get', 'Head'])(
    'needs no value with the method %s (R43)',
    (method) => {
      expect(read({ method })).toBeUndefined();
    },
  );

  const UNSAFE = ['POST', 'post', 'Delete', 'PROPFIND', 'CONNECT', 'GETX', ' GET', 'GET ', ''];

  it.each([...UNSAFE, undefined, '__proto__', 'constructor', 'toString'])(
    'protects %j like every method that is not known to be safe (R43)',
    (method) => {
      expect(() => read({ method })).toThrow('Missing CSRF token');
      expect(read({ method, headers: { 'x-csrf-token': 'x' } })).toBe('x');
    },
  );

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

  /** A field as `@fastify/multipart` attaches it to the body. */
  const field = (value: unknown, more: object = {}) => {
    const body: Record<string, unknown> = {};
    const common = {
      fieldname: 'csrf_token',
      encoding: '7bit',
      mimetype: 'text/plain',
      fields: body,
    };
    return { type: 'field', ...common, value, ...more };
  };
  const MULTIPART = 'multipart/form-data; boundary=x';

  it('reads a field that is an object with its value, of a multipart form alone (R45)', () => {
    const body = { csrf_token: field('x') };
    expect(read(form(body, MULTIPART), { checkForm: true })).toBe('x');
    for (const type of ['application/x-www-form-urlencoded', 'application/json', 'multipart/mixed'])
      expect(() => read(form(body, type), { checkForm: true })).toThrow('Missing CSRF token');
    expect(() => read(form(body, MULTIPART))).toThrow('Missing CSRF token');
  });

  it.each<[what: string, value: unknown]>([
    ['two fields of the name', [field('x'), field('x')]],
    ['a list of values', ['x']],
    ['a list as its value', field(['x'])],
    ['JSON as its value', field({ value: 'x' })],
    ['a number', field(5)],
    ['an empty value', field('')],
    ['no value', field(undefined)],
    ['a file', { type: 'file', fieldname: 'csrf_token', toBuffer: () => Buffer.from('x') }],
    ['the content of a file', Buffer.from('x')],
    ['a value that it inherits', Object.create({ value: 'x' })],
    ['a value on the prototype', JSON.parse('{"__proto__":{"value":"x"}}')],
    ['null', null],
  ])('finds no value in a multipart form whose field is %s (R45)', (_what, value) => {
    for (const body of [{ csrf_token: value }, Object.create({ csrf_token: value })])
      expect(() => read(form(body, MULTIPART), { checkForm: true })).toThrow('Missing CSRF token');
  });

  it('finds a field in a body without a prototype, as form parsers create it', () => {
    const body = Object.assign(Object.create(null) as object, { csrf_token: 'x' });
    expect(read(form(body), { checkForm: true })).toBe('x');
  });
});
