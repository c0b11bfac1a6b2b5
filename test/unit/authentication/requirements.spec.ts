import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import {
  hasClaim,
  hasScopeWord,
  matchesParameter,
  requiredValues,
} from '../../../src/authentication/requirements.js';
import { requiredClaims } from '../../../src/options/requirement-options.js';
import { oneOf, type RequiredClaims } from '../../../src/index.js';

describe('Required claims', () => {
  /** Claims of a token, in which `__proto__` is a member like any other. */
  function claims(json: string): Record<string, unknown> {
    return JSON.parse(json) as Record<string, unknown>;
  }

  function suffice(found: Record<string, unknown>, required: RequiredClaims): boolean {
    return requiredValues(required).every((value) => hasClaim(found, value));
  }

  type Row = readonly [required: RequiredClaims, found: string];

  const MET: readonly Row[] = [
    [{ role: 'admin' }, '{"role":"admin"}'],
    [{ role: 'admin' }, '{"role":"admin","more":1}'],
    [{ role: 'admin' }, '{"role":["user","admin"]}'],
    [{ level: 3 }, '{"level":3}'],
    [{ level: 3 }, '{"level":3.0}'],
    [{ level: 3 }, '{"level":[1,2,3]}'],
    [{ level: 0 }, '{"level":-0}'],
    [{ staff: true }, '{"staff":true}'],
    [{ staff: false }, '{"staff":false}'],
    [{ manager: null }, '{"manager":null}'],
    [{ manager: null }, '{"manager":[null]}'],
    [{ name: '' }, '{"name":""}'],
    [{ roles: ['a'] }, '{"roles":["a"]}'],
    [{ roles: ['a', 'b'] }, '{"roles":["b","c","a"]}'],
    [{ roles: ['a', 'a'] }, '{"roles":["a"]}'],
    [{ roles: [['a']] }, '{"roles":[["a"],"b"]}'],
    [{ roles: [{ id: 1, in: ['x'] }] }, '{"roles":[{"in":["x"],"id":1}]}'],
    [{ org: { id: 7 } }, '{"org":{"id":7,"name":"acme"}}'],
    [{ org: { roles: ['a'] } }, '{"org":{"roles":["a","b"]}}'],
    [{ org: { roles: 'a' } }, '{"org":{"roles":["a","b"]}}'],
    [{ org: { unit: { id: 7 } }, role: 'admin' }, '{"org":{"unit":{"id":7}},"role":"admin"}'],
    [{ scope: 'read' }, '{"scope":"read write"}'],
    [{ scope: 'write read' }, '{"scope":"read write"}'],
    [{ scope: ['read', 'write'] }, '{"scope":"write read"}'],
    [{ scope: ['read'] }, '{"scope":["read"]}'],
    [{ scope: { users: { read: true } } }, '{"scope":{"users":{"read":true,"write":false}}}'],
    [{ scope: 5 }, '{"scope":5}'],
    [{ role: oneOf('admin', 'editor') }, '{"role":"editor"}'],
    [{ role: oneOf('admin') }, '{"role":"admin"}'],
    [{ roles: oneOf('admin', 'editor') }, '{"roles":["author","editor"]}'],
    [{ level: oneOf(1, 2, null, false) }, '{"level":null}'],
    [{ org: { role: oneOf('admin', 'editor') } }, '{"org":{"role":"admin"}}'],
    [{ scope: oneOf('read', 'write') }, '{"scope":"write delete"}'],
    [{ scope: oneOf('read write', 'all') }, '{"scope":"write read"}'],
    [{ role: oneOf('a', 'b'), plan: oneOf('pro', 'team') }, '{"role":"b","plan":"pro"}'],
    [{ constructor: 'own' } as never, '{"constructor":"own"}'],
    [{ ['__proto__']: { role: 'admin' } }, '{"__proto__":{"role":"admin"}}'],
  ];

  const UNMET: readonly Row[] = [
    [{ role: 'admin' }, '{}'],
    [{ role: 'admin' }, '{"role":"Admin"}'],
    [{ role: 'admin' }, '{"role":"administrator"}'],
    [{ role: 'admin' }, '{"role":"admin "}'],
    [{ role: 'admin' }, '{"role":"user admin"}'],
    [{ role: 'admin' }, '{"role":{"admin":true}}'],
    [{ role: 'admin' }, '{"role":null}'],
    [{ role: 'admin' }, '{"role":[]}'],
    [{ role: 'admin' }, '{"role":[["admin"]]}'],
    [{ role: 'admin' }, '{"role":["Admin",{"admin":1}]}'],
    [{ level: 3 }, '{"level":"3"}'],
    [{ level: 3 }, '{"level":["3"]}'],
    [{ level: 1 }, '{"level":true}'],
    [{ staff: true }, '{"staff":1}'],
    [{ staff: true }, '{"staff":"true"}'],
    [{ manager: null }, '{}'],
    [{ manager: null }, '{"manager":0}'],
    [{ manager: null }, '{"manager":""}'],
    [{ roles: ['a'] }, '{"roles":"a"}'],
    [{ roles: ['a'] }, '{"roles":{"0":"a","length":1}}'],
    [{ roles: ['a', 'b'] }, '{"roles":["a"]}'],
    [{ roles: ['a'] }, '{"roles":[["a"]]}'],
    [{ roles: [{ id: 1 }] }, '{"roles":[{"id":1,"more":2}]}'],
    [{ roles: [{ id: 1, more: 2 }] }, '{"roles":[{"id":1}]}'],
    [{ roles: [['a', 'b']] }, '{"roles":[["a"]]}'],
    [{ roles: [['a']] }, '{"roles":[{"0":"a"}]}'],
    [{ role: oneOf('admin', 'editor') }, '{}'],
    [{ role: oneOf('admin', 'editor') }, '{"role":"user"}'],
    [{ role: oneOf('admin', 'editor') }, '{"role":"admin editor"}'],
    [{ role: oneOf('admin', 'editor') }, '{"role":{"admin":true}}'],
    [{ role: oneOf('admin', 'editor') }, '{"role":[["admin"],"Editor"]}'],
    [{ level: oneOf(1, 2) }, '{"level":"1"}'],
    [{ role: oneOf('a', 'b'), plan: oneOf('pro', 'team') }, '{"role":"b"}'],
    [{ scope: oneOf('read write', 'all') }, '{"scope":"write"}'],
    [{ org: { id: 7 } }, '{"org":7}'],
    [{ org: { id: 7 } }, '{"org":"id"}'],
    [{ org: { id: 7 } }, '{"org":null}'],
    [{ org: { id: 7 } }, '{"org":[{"id":7}]}'],
    [{ org: { length: 1 } }, '{"org":["a"]}'],
    [{ org: { length: 3 } }, '{"org":"abc"}'],
    [{ org: { id: 7, role: 'x' } }, '{"org":{"id":7}}'],
    [{ 'org.id': 7 }, '{"org":{"id":7}}'],
    [{ scope: 'read' }, '{"scope":"readwrite"}'],
    [{ scope: 'read' }, '{"scope":"read\\twrite"}'],
    [{ scope: 'read' }, '{"scope":"read,write"}'],
    [{ scope: 'read admin' }, '{"scope":"read write"}'],
    [{ scope: ['read', 'admin'] }, '{"scope":"read write"}'],
    [{ scope: 'users' }, '{"scope":{"users":true}}'],
    [{ in: { scope: 'read' } }, '{"in":{"scope":"read write"}}'],
    [{ a: { x: 1 }, b: 2 }, '{"a":{"x":1}}'],
    [{ a: { x: 1, y: { z: 3 } }, b: 2 }, '{"a":{"x":1,"y":{"z":3}}}'],
    [{ a: { x: 1 }, b: { y: 2 }, c: 3 }, '{"a":{"x":1},"b":{"y":2}}'],
    [{ scope: { a: { x: 1 }, b: 2 } }, '{"scope":{"a":{"x":1}}}'],
    [{ toString: 'x' } as never, '{}'],
    [{ constructor: { name: 'Object' } } as never, '{}'],
    [{ ['__proto__']: { role: 'admin' } }, '{"role":"admin"}'],
    [{ role: 'admin' }, '{"__proto__":{"role":"admin"}}'],
    [{ org: { role: 'admin' } }, '{"org":{"__proto__":{"role":"admin"}}}'],
  ];

  it.each(MET)('%j is met by %s', (required, found) => {
    expect(suffice(claims(found), required)).toBe(true);
  });

  it.each(UNMET)('%j is not met by %s (R35)', (required, found) => {
    expect(suffice(claims(found), required)).toBe(false);
  });

  it('are compared no deeper than the requirement goes', () => {
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    const nested = '{"a":'.repeat(5000) + '1' + '}'.repeat(5000);
    const found = claims(`{"role":${deep},"roles":[${deep},${nested}],"org":${nested}}`);

    expect(suffice(found, { role: 'admin' })).toBe(false);
    expect(suffice(found, { roles: [['admin']] })).toBe(false);
    expect(suffice(found, { org: { a: { a: 1 } } })).toBe(false);
  });

  it('are found quickly among many elements', () => {
    const found = { roles: Array.from({ length: 100_000 }, (_, index) => `role-${index}`) };
    const before = performance.now();

    expect(suffice(found, { roles: ['role-99999', 'role-0'] })).toBe(true);
    expect(suffice(found, { roles: ['unknown', 'role-0'] })).toBe(false);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it.each<[RequiredClaims, string, boolean]>([
    [{ in: [{ __proto__: null, id: 1 } as never] }, '{"in":[{"id":1}]}', true],
    [{ in: [{ ids: [1, { a: 'x' }] }] }, '{"in":[{"ids":[1,{"a":"x"}]}]}', true],
    [{ in: [{ ['__proto__']: { id: 1 } }] }, '{"in":[{"__proto__":{"id":1}}]}', true],
    [{ in: [{ id: 1 }] }, '{"in":[{"__proto__":{"id":1}}]}', false],
    [{ in: [{ ids: [1, { a: 'x' }] }] }, '{"in":[{"ids":[{"a":"x"},1]}]}', false],
  ])(
    'checked before the comparison, elements are compared deeply: %j in %s',
    (given, found, isMet) => {
      expect(suffice(claims(found), requiredClaims(given, '@RequireClaims'))).toBe(isMet);
    },
  );

  it.each([
    ['{"scope":"read"}', true],
    ['{"scope":"write read"}', true],
    ['{"scope":" read "}', true],
    ['{"scope":["write","read"]}', true],
    ['{"scope":"READ"}', false],
    ['{"scope":"reader"}', false],
    ['{"scope":["write read"]}', false],
    ['{"scope":[["read"]]}', false],
    ['{"scope":{"read":true}}', false],
    ['{"scope":null}', false],
    ['{"scope":5}', false],
    ['{"__proto__":{"scope":"read"}}', false],
    ['{}', false],
  ])('the word "read" is in the scope of %s: %s', (found, expected) => {
    expect(hasScopeWord(claims(found), 'read', 'scope')).toBe(expected);
  });

  /** Fixed, so that a failure can be repeated; fast-check prints it with the path to the case. */
  const SEED = 20_261_122;

  const NAMES = fc.constantFrom('a', 'b', 'scope', '__proto__', 'constructor', 'toString');
  const SCALARS = fc.constantFrom<unknown>('a', 'b', 'a b', '', 0, 1, true, false, null);

  /** JSON of few words, so that what is required is often there. */
  function json(atLeast: 0 | 1): fc.Arbitrary<unknown> {
    return fc.letrec<{ value: unknown; members: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        SCALARS,
        fc.array(tie('value'), { minLength: atLeast, maxLength: 3 }),
        tie('members'),
      ),
      members: fc
        .array(fc.tuple(NAMES, tie('value')), { minLength: atLeast, maxLength: 3 })
        .map((entries) => Object.fromEntries(entries) as unknown),
    })).members;
  }

  /** Claims that are independent of the requirement, that meet it, or that meet most of it. */
  const CASES = fc
    .tuple(json(1), json(0), fc.constantFrom('apart', 'there', 'spoilt'))
    .map(([required, other, how]) => {
      const found = {
        apart: () => other,
        there: () => ({ ...(other as object), ...(required as object) }),
        spoilt: () => ({ ...(required as object), ...(other as object) }),
      }[how as 'apart']();
      return [found, required] as const;
    });

  /** The rule in other words. */
  function oracle(found: unknown, required: unknown, name?: string): boolean {
    if (isMembers(required))
      return (
        isMembers(found) &&
        Object.keys(required).every(
          (key) =>
            Object.getOwnPropertyNames(found).includes(key) &&
            oracle(found[key], required[key], name === undefined ? key : 'inner'),
        )
      );
    const isWords = name === 'scope' && typeof found === 'string';
    if (!isWords && !Array.isArray(found)) return isDeepStrictEqual(found, required);
    const split = (value: unknown) =>
      isWords && typeof value === 'string' ? value.split(' ') : value;
    const elements = split(found) as unknown[];
    return [split(required)]
      .flat()
      .every((each) => elements.some((element) => isDeepStrictEqual(element, each)));
  }

  function isMembers(value: unknown): value is Record<string, unknown> {
    return Object.prototype.toString.call(value) === '[object Object]';
  }

  it(`any claims are judged as the rule says (seed ${SEED})`, () => {
    const verdicts = { met: 0, unmet: 0 };

    fc.assert(
      fc.property(CASES, ([found, required]) => {
        const actual = suffice(found as never, required as never);
        verdicts[actual ? 'met' : 'unmet']++;
        return actual === oracle(found, required);
      }),
      { seed: SEED, numRuns: 20_000 },
    );

    expect(verdicts.met).toBeGreaterThan(2000);
    expect(verdicts.unmet).toBeGreaterThan(2000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it(`any claims meet a requirement of the same claims (seed ${SEED})`, () => {
    fc.assert(
      fc.property(json(1), (value) => suffice(value as never, value as never)),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('Route parameters', () => {
  /** Whether the claim `sub` is the parameter `user`. */
  function matches(sub: unknown, params: unknown): boolean {
    const claims = JSON.parse(JSON.stringify({ sub })) as Record<string, unknown>;
    return matchesParameter(claims, 'sub', params, 'user');
  }

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
  ])('a claim of %j equals the parameter %j', (claim, parameter) => {
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
  ])('a claim of %j does not equal the parameter %j (R35)', (claim, parameter) => {
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
  ])('a claim equals no parameter of parameters that %s', (_title, params) => {
    expect(matches(['alice', 42], params)).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a claim and a parameter with the name %s must be own members (R35)',
    (name) => {
      const own = JSON.parse(`{"${name}":"alice"}`) as Record<string, unknown>;

      expect(matchesParameter({}, name, {}, name)).toBe(false);
      expect(matchesParameter(own, name, {}, name)).toBe(false);
      expect(matchesParameter({}, name, own, name)).toBe(false);
      expect(matchesParameter(own, name, own, name)).toBe(true);
    },
  );
});
