import { describe, expect, it } from '@jest/globals';
import { jsonFault, mergeAdditions, RESERVED_HEADERS } from '../../../src/tokens/custom-claims.js';

const FROM_OPTIONS = new Set(['iat', 'user_id']);

/** An object that JSON writes as another value. */
const writtenAs = (value: unknown) => ({ secret: 1n, toJSON: () => value });

/** An own property, `__proto__` included. */
const own = (name: string) => JSON.parse(`{"${name}":"x"}`) as object;
const claims = (given: unknown, loaded?: unknown) =>
  mergeAdditions('additionalClaims', loaded, given, FROM_OPTIONS);
const headers = (given: unknown, loaded?: unknown) =>
  mergeAdditions('additionalHeaders', loaded, given, RESERVED_HEADERS);

describe.each([
  ['claims', claims],
  ['headers', headers],
])('Additional %s', (what, merge) => {
  const option = `additional${what[0]?.toUpperCase()}${what.slice(1)}`;

  it.each([
    ['text', 'admin'],
    ['a number', 5],
    ['a list', [['roles', 'admin']]],
    ['true', true],
    ['a function', () => ({})],
    ['a Date', new Date(0)],
    ['a Map, which would add nothing', new Map([['a', 1]])],
    ['a promise, which would add nothing', Promise.resolve({ a: 1 })],
  ])('cannot be %s, from the caller or from the loader', (_, value) => {
    expect(thrownBy(() => merge(value))).toMatchObject({
      name: 'TokenCreationError',
      message: `${option} must be an object`,
    });
    expect(thrownBy(() => merge({}, value))).toMatchObject({
      name: 'TokenCreationError',
      message: `loaders.${option} must give an object`,
    });
  });

  it.each([
    ['a bigint', { a: 1n }, 'a is a bigint'],
    ['a bigint in a list', { a: [0, { b: 1n }] }, 'a.1.b is a bigint'],
    ['an object that contains itself', { a: cycle() }, 'a.two.one contains itself'],
    ['a function', { a: () => 1 }, 'a is a function'],
    ['a symbol', { a: Symbol('a') }, 'a is a symbol'],
    ['an invalid Date, which becomes null', { a: new Date(NaN) }, 'a is an invalid Date'],
    ['bytes', { a: new Uint8Array([1]) }, 'a is a Uint8Array'],
    ['NaN', { a: NaN }, 'a is NaN'],
    ['Infinity', { a: [Infinity] }, 'a.0 is Infinity'],
    ['-Infinity', { a: -Infinity }, 'a is -Infinity'],
    ['a Map', { a: new Map([['b', 1]]) }, 'a is a Map'],
    ['a Set', { a: new Set([1]) }, 'a is a Set'],
    ['a promise that was not awaited', { a: Promise.resolve(['admin']) }, 'a is a Promise'],
    ['a regular expression', { a: /admin/ }, 'a is a RegExp'],
    ['an error', { a: new Error('x') }, 'a is a Error'],
    ['a list with a hole, which becomes null', { a: ['x', , 'y'] }, 'a.1 is undefined'],
    ['a list with undefined, which becomes null', { a: ['x', undefined] }, 'a.1 is undefined'],
    ['an object whose toJSON gives a Map', { a: writtenAs(new Map()) }, 'a is a Map'],
    ['an object whose toJSON gives a bigint', { a: [writtenAs({ b: 1n })] }, 'a.0.b is a bigint'],
    ['an object whose toJSON contains it', { a: writtenInItself() }, 'a.b contains itself'],
  ])('cannot contain %s (R37)', (_, value, reason) => {
    const message = `${option}.${reason}, which JSON cannot hold: use text or a number`;

    expect(thrownBy(() => merge(value))).toMatchObject({ name: 'TokenCreationError', message });
    expect(() => merge({}, value)).toThrow(message);
  });

  it('are what the toJSON of an entity gives, which may hide a member', () => {
    const user = Object.create(
      { toJSON: () => ({ role: 'admin' }) },
      { hash: shown('x') },
    ) as object;

    expect(merge(user)).toEqual({ role: 'admin' });
    expect(merge({ level: 5 }, user)).toEqual({ role: 'admin', level: 5 });
    expect(() => merge({ a: 1, toJSON: returnThis })).toThrow(`${option}.toJSON is a function`);
  });

  it('cannot be nested more than 100 levels deep, which JSON.stringify might not survive (R37)', () => {
    const refused = `${option} is nested more than 100 levels deep`;

    expect(merge(deep(100))).toEqual(deep(100));
    expect(() => merge(deep(101))).toThrow(refused);
    expect(() => merge(deep(100_000))).toThrow(refused);
  });
});

it.each(['x', 'none', 'HS256', null, undefined])(
  'Additional headers cannot contain a reserved name with the value %p (R1, R36, F23)',
  (value) => {
    for (const name of RESERVED_HEADERS) {
      const refused = `additionalHeaders may not contain '${name}': the name is reserved`;
      expect(() => headers({ [name]: value })).toThrow(refused);
      expect(() => headers(undefined, { [name]: value })).toThrow(refused);
    }
  },
);

describe('A value that JSON can hold', () => {
  const part = { x: 1 };
  class Temperature {
    readonly celsius = 20;
  }

  it.each([
    ['an object without a prototype', Object.create(null) as object],
    ['an instance of a class', new Temperature()],
    ['the same object in two places', { first: part, second: [part, part] }],
    ['a nested __proto__, which stays a name', { a: own('__proto__') }],
    ['a member that is undefined, which JSON omits', { a: undefined }],
    ['a Date', new Date(0)],
    ['a URL', new URL('https://example.com')],
    ['a Buffer', Buffer.from('x')],
    ['an entity with a toJSON method', { roles: [writtenAs({ name: 'admin' })] }],
    ['a bare object with a toJSON method', Object.assign(Object.create(null), writtenAs('x'))],
    ['an object whose toJSON gives it', Object.create({ toJSON: returnThis }) as object],
  ])('has no fault: %s', (_, value) => {
    expect(jsonFault(value, 'claims')).toBeUndefined();
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

function shown(value: unknown): PropertyDescriptor {
  return { value, enumerable: true };
}

function returnThis(this: unknown): unknown {
  return this;
}

function writtenInItself(): object {
  const value = { toJSON: () => ({ b: value }) as object };
  return value;
}

function cycle(): object {
  const one: Record<string, unknown> = {};
  one.two = { one };
  return one;
}

/** An object that has so many levels below it. */
function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}
