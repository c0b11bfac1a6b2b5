import { describe, expect, it } from '@jest/globals';
import { jsonFault } from '../../../src/tokens/custom-claims.js';

describe('A value that JSON can hold', () => {
  it.each([
    ['text', 'x'],
    ['a number', 1.5],
    ['a boolean', false],
    ['null', null],
    ['a list', [1, ['x', null]]],
    ['an object', { a: { b: [] } }],
    ['an object without a prototype', Object.create(null) as object],
    ['one object in two places', shared()],
    ['a member that is undefined, and is left out', { a: undefined }],
  ])('has no fault: %s', (_, value) => {
    expect(jsonFault(value, 'claims')).toBeUndefined();
  });
});

describe('A value that JSON cannot hold (R37)', () => {
  it.each([
    ['claims is a bigint', 1n],
    ['claims is a symbol', Symbol('x')],
    ['claims is a function', () => 1],
    ['claims is NaN', NaN],
    ['claims is Infinity', Infinity],
    ['claims.a.1.b is a Date', { a: [0, { b: new Date(0) }] }],
    ['claims.a is a URL', { a: new URL('https://example.com') }],
    ['claims.a is a Map', { a: new Map() }],
    ['claims.a is a Set', { a: new Set() }],
  ])('is told as a path and a reason: %s', (fault, value) => {
    expect(jsonFault(value, 'claims')).toBe(fault);
  });

  it('contains itself, at any depth', () => {
    const one: Record<string, unknown> = {};
    const list: unknown[] = [one];
    one.list = list;

    expect(jsonFault(one, 'claims')).toBe('claims.list.0 contains itself');
    expect(jsonFault(list, 'claims')).toBe('claims.0.list contains itself');
  });
});

function shared(): object {
  const part = { x: 1 };
  return { first: part, second: [part, part] };
}
