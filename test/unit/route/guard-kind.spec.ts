import { describe, expect, it } from '@jest/globals';
import { AccessGuard, FreshGuard, RefreshGuard } from '../../../src/route/token.guards.js';
import { guardKindOf } from '../../../src/route/policy-level.js';

class OwnGuard extends RefreshGuard {}

/** As it comes from another copy of the library in the same process. */
class ForeignGuard {}
Object.assign(ForeignGuard, { [Symbol.for('nestjs-jwt-extended:guard-kind')]: 'fresh' });

describe('guardKindOf', () => {
  it.each([
    ['AccessGuard', AccessGuard, 'access'],
    ['FreshGuard', FreshGuard, 'fresh'],
    ['RefreshGuard', RefreshGuard, 'refresh'],
    ['a subclass', OwnGuard, 'refresh'],
    ["another copy's guard", ForeignGuard, 'fresh'],
  ])('knows %s as a class and as an instance', (_title, guard, kind) => {
    expect(guardKindOf(guard)).toBe(kind);
    expect(guardKindOf(new guard())).toBe(kind);
  });

  it.each([
    ['another class', class OtherGuard {}],
    ['an object', { canActivate: () => true }],
    ['an object without a prototype', Object.create(null) as object],
    ['a function', () => true],
    ['undefined', undefined],
    ['null', null],
    ['text', 'access'],
  ])('knows %s to be none of them', (_title, guard) => {
    expect(guardKindOf(guard)).toBeUndefined();
  });
});
