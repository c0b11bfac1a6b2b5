import { describe, expect, it } from '@jest/globals';
import { matchesParameter } from '../../../src/route/merge-requirements.js';

/** Whether the claim `sub` is the parameter `user`. */
function matches(sub: unknown, params: unknown): boolean {
  const claims = JSON.parse(JSON.stringify({ sub })) as Record<string, unknown>;
  return matchesParameter(claims, 'sub', params, 'user');
}

describe('A claim', () => {
  it.each<[unknown, string]>([
    ['alice', 'alice'],
    ['a/b', 'a/b'],
    ['%61', '%61'],
    ['Ærøskøbing', 'Ærøskøbing'],
    [42, '42'],
    [-1, '-1'],
    [0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [['bob', 'alice'], 'alice'],
    [[7, 42], '42'],
  ])('of %j is the parameter %j', (claim, parameter) => {
    expect(matches(claim, { user: parameter })).toBe(true);
  });

  it.each<[unknown, string]>([
    ['alice', 'Alice'],
    ['alice', 'alice '],
    ['alice', 'bob'],
    ['é', 'e\u0301'],
    ['42', '042'],
    [42, '042'],
    [42, '42.0'],
    [42, '4.2e1'],
    [42, '+42'],
    [1.5, '1.5'],
    [2 ** 53, '9007199254740992'],
    [1e21, '1e+21'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ toString: 'alice' }, 'alice'],
    [{}, '[object Object]'],
    [['alice', 'bob'], 'alice,bob'],
    [[['alice']], 'alice'],
    [[], ''],
    ['', ''],
    [[''], ''],
  ])('of %j is not the parameter %j (R35)', (claim, parameter) => {
    expect(matches(claim, { user: parameter })).toBe(false);
  });

  it.each<[string, unknown]>([
    ['are not there', undefined],
    ['are null', null],
    ['are text', 'alice'],
    ['are a list', ['alice']],
    ['have another name', { name: 'alice' }],
    ['have a list, as wildcards give', { user: ['alice'] }],
    ['have a number', { user: 42 }],
    ['have nothing', { user: undefined }],
    ['inherit it', Object.create({ user: 'alice' })],
  ])('is nothing of parameters that %s', (_title, params) => {
    expect(matches(['alice', 42], params)).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'called %s is one that the token has itself, and so is a parameter (R35)',
    (name) => {
      const own = JSON.parse(`{"${name}":"alice"}`) as Record<string, unknown>;

      expect(matchesParameter({}, name, {}, name)).toBe(false);
      expect(matchesParameter(own, name, {}, name)).toBe(false);
      expect(matchesParameter({}, name, own, name)).toBe(false);
      expect(matchesParameter(own, name, own, name)).toBe(true);
    },
  );
});
