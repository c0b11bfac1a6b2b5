import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  JwtRequired,
  MatchParam,
  RequireClaims,
  RequireScope,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';
import { partsOf, withRoutes, type Words } from '../../support/routes-notation.js';

const unlessRoot = { override: { root: true } };

/** `… unless root` has an override that the claim `root` meets; `:x` and `:y` are parameters of the values 0 and 1. */
const words: Words = {
  'tenant acme': RequireClaims({ tenant: 'acme' }),
  'tenant acme unless root': RequireClaims({ tenant: 'acme' }, unlessRoot),
  'tenant is :x': MatchParam('x', { claim: 'tenant' }),
  'tenant is :y': MatchParam('y', { claim: 'tenant' }),
  'role admin': RequireClaims({ role: 'admin' }),
  'role admin unless root': RequireClaims({ role: 'admin' }, unlessRoot),
  'role admin unless a.x and b': RequireClaims(
    { role: 'admin' },
    { override: { a: { x: 1 }, b: 2 } },
  ),
  'role admin unless scope all': RequireClaims({ role: 'admin' }, { override: { scope: 'all' } }),
  'role user': RequireClaims({ role: 'user' }),
  'role user and tenant acme': RequireClaims({ role: 'user', tenant: 'acme' }),
  'roles a': RequireClaims({ roles: ['a'] }),
  'roles b': RequireClaims({ roles: ['b'] }),
  'plan pro': RequireClaims({ plan: 'pro' }),
  'org 7': RequireClaims({ org: 7 }),
  'org.id 7': RequireClaims({ org: { id: 7 } }),
  'org.id 7 and org.role user': RequireClaims({ org: { id: 7, role: 'user' } }),
  'org.role admin': RequireClaims({ org: { role: 'admin' } }),
  'scope read': RequireScope('read'),
  'scope b': RequireScope('b'),
  'scope users read and books read': RequireScope({ users: 'read', books: 'read' }),
  'scope users write': RequireScope({ users: 'write' }),
  'JwtRequired with role admin': JwtRequired({ claims: { role: 'admin' } }),
  'JwtRequired with org.role admin': JwtRequired({ claims: { org: { role: 'admin' } } }),
  'JwtRequired with role admin, scope and parameter unless root': JwtRequired({
    claims: { role: 'admin' },
    scope: 'read',
    params: { sub: 'x' },
    ...unlessRoot,
  }),
  'fresh JwtRequired with role admin unless root': JwtRequired({
    fresh: true,
    claims: { role: 'admin' },
    ...unlessRoot,
  }),
  'optional JwtRequired with scope read': JwtRequired({ optional: true, scope: 'read' }),
};

type Claims = Record<string, unknown> | undefined;

/** Claims of tokens that are accepted, and of tokens that are refused; `undefined` is no token. */
type Row = readonly [route: string, accepted: readonly Claims[], refused: readonly Claims[]];

const acme = { tenant: 'acme' };
const admin = { role: 'admin' };
const user = { role: 'user' };
const root = { root: true };
const read = { scope: 'read' };
const pro = { plan: 'pro' };
const fresh = { fresh: true };

const ADDING_UP: readonly Row[] = [
  ['AccessGuard + tenant acme / role admin', [{ ...acme, ...admin }], [acme, admin, {}, undefined]],
  [
    'AccessGuard + org.id 7 / org.role admin',
    [{ org: { id: 7, role: 'admin' } }],
    [{ org: { id: 7 } }, { org: { role: 'admin' } }, { org: 7 }],
  ],
  [
    'AccessGuard + tenant acme + Fresh / JwtRequired with role admin + scope read',
    [{ ...acme, ...admin, ...read, ...fresh }],
    [
      { ...admin, ...read, ...fresh },
      { ...acme, ...read, ...fresh },
      { ...acme, ...admin, ...fresh },
      { ...acme, ...admin, ...read },
    ],
  ],
  ['AccessGuard + role admin / role admin', [admin], [user, {}]],
  [
    'AccessGuard + tenant acme / tenant is :x',
    [{ tenant: ['acme', '0'] }],
    [acme, { tenant: '0' }],
  ],
  [
    'AccessGuard + tenant is :x / role admin',
    [{ tenant: '0', ...admin }],
    [{ tenant: '0' }, { tenant: '1', ...admin }],
  ],
  ['AccessGuard + role admin / AccessGuard', [admin], [{}]],
  [
    'AccessGuard + role admin / RefreshGuard',
    [{ type: 'refresh', ...admin }],
    [{ type: 'refresh' }, admin],
  ],
];

/** A nearer decorator replaces nothing, even if it names the same claim (R81). */
const SAME_CLAIM: readonly Row[] = [
  [
    'AccessGuard + role user and tenant acme / role admin',
    [{ role: ['user', 'admin'], ...acme }],
    [
      { ...admin, ...acme },
      { ...user, ...acme },
      { role: ['user', 'admin'], tenant: 'other' },
    ],
  ],
  [
    'AccessGuard + roles a / roles b',
    [{ roles: ['a', 'b'] }],
    [{ roles: ['a'] }, { roles: ['b'] }],
  ],
  [
    'AccessGuard + org.id 7 and org.role user / JwtRequired with org.role admin',
    [{ org: { id: 7, role: ['admin', 'user'] } }],
    [{ org: { id: 7, role: 'admin' } }, { org: { id: 7, role: 'user' } }],
  ],
  ['AccessGuard + org 7 / org.id 7', [], [{ org: 7 }, { org: { id: 7 } }]],
  ['AccessGuard + org.id 7 / org 7', [], [{ org: 7 }, { org: { id: 7 } }]],
  [
    'AccessGuard + scope users read and books read / scope users write',
    [{ scope: { users: ['read', 'write'], books: 'read' } }],
    [
      { scope: { users: 'write', books: 'read' } },
      { scope: { users: 'read', books: 'read' } },
      { scope: { users: 'write' } },
    ],
  ],
  [
    'AccessGuard + tenant is :x / tenant is :y',
    [{ tenant: ['0', '1'] }],
    [{ tenant: '0' }, { tenant: '1' }],
  ],
];

const OVERRIDES: readonly Row[] = [
  [
    'JwtRequired with role admin, scope and parameter unless root',
    [root, { ...root, ...user, scope: 5 }],
    [{ root: 1 }, { ...admin, ...read }, { scope: root }, {}],
  ],
  [
    'AccessGuard + role admin unless a.x and b',
    [{ a: { x: 1 }, b: 2 }, admin],
    [{ a: { x: 1 } }, { b: 2 }, { a: { x: 2 }, b: 2 }],
  ],
  [
    'AccessGuard + role admin unless scope all',
    [{ scope: 'read all' }, { scope: ['all'] }],
    [read, { scope: 'allmost' }],
  ],
  [
    'AccessGuard + role admin unless root + scope read + plan pro',
    [
      { ...root, ...read, ...pro },
      { ...admin, ...read, ...pro },
    ],
    [root, { ...root, ...read }, { ...root, ...pro }],
  ],
  [
    'AccessGuard + tenant acme / role admin unless root',
    [
      { ...acme, ...root },
      { ...acme, ...admin },
    ],
    [root, admin],
  ],
  [
    'AccessGuard + tenant acme unless root / role admin',
    [{ ...root, ...admin }],
    [root, admin, acme],
  ],
  ['AccessGuard + role admin / role admin unless root', [admin], [root]],
  [
    'AccessGuard + role user / role admin unless root',
    [{ role: ['user', 'admin'] }, { ...root, ...user }],
    [admin, user, root, { ...root, ...admin }, { ...root, role: 'guest' }],
  ],
  ['fresh JwtRequired with role admin unless root', [{ ...fresh, ...root }], [root]],
];

const OPTIONAL: readonly Row[] = [
  ['AccessGuard + JwtOptional / role admin', [admin], [undefined, {}]],
  ['AccessGuard + scope read / JwtOptional', [undefined, read], [{}]],
  ['optional JwtRequired with scope read', [undefined, read], [{}]],
  ['AccessGuard + scope read / Public', [undefined, {}, read], []],
];

const GLOBAL: readonly Row[] = [
  ['scope read', [read], [undefined, {}]],
  ['Public / scope read', [read], [undefined, {}]],
  ['scope read / Public', [undefined, {}], []],
  ['scope read / Public(false) + scope b', [{ scope: 'b read' }], [undefined, { scope: 'b' }]],
];

const Base = withRoutes({
  inherited: [RequireClaims({ role: 'admin' }), Get('inherited')],
  overridden: [RequireClaims({ role: 'admin' }), Get('overridden')],
});
const Parent = withRoutes(
  {},
  [UseGuards(AccessGuard), RequireClaims({ tenant: 'acme', plan: 'free' }), Controller('parent')],
  Base,
);
const Child = withRoutes(
  { overridden: [Get('overridden')] },
  [RequireClaims({ plan: 'pro' }), Controller('child')],
  Parent,
);

/** The verdict on every token of a row; the verdict is the status if it is neither 200, 401, 403 nor 422. */
async function verdicts(app: RunningApp, path: string, all: readonly Claims[]) {
  const judged = [];
  for (const claims of all) {
    const token = claims && forgeToken(accessClaims(claims));
    const { status, body } = await app.send('GET', path, { token });
    const isRefused = [401, 403, 422].includes(status);
    judged.push({ claims, verdict: isRefused ? 'refused' : status === 200 ? body : status });
  }
  return judged;
}

async function expectVerdicts(app: RunningApp, path: string, [, accepted, refused]: Row) {
  expect(await verdicts(app, path, [...accepted, ...refused])).toEqual([
    ...accepted.map((claims) => ({ claims, verdict: 'in' })),
    ...refused.map((claims) => ({ claims, verdict: 'refused' })),
  ]);
}

describe.each([
  ['add up over levels', ADDING_UP, false],
  ['add up even if they name the same claim', SAME_CLAIM, false],
  ['do not apply if their override does', OVERRIDES, false],
  ['of optional routes apply to tokens', OPTIONAL, false],
  ['work with a global guard', GLOBAL, true],
] as const)('Requirements %s:', (_title, rows, globalGuard) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp('express', {
      controllers: rows.map(([text], index) =>
        routeAt(`route-${index}/:x/:y`, partsOf(text, words)),
      ),
      extras: { globalGuard },
    });
  });
  afterAll(() => app.close());

  it.each(rows.map((row, index) => ({ route: row[0], row, index })))(
    '$route',
    async ({ row, index }) => expectVerdicts(app, `/route-${index}/0/1`, row),
  );
});

describe('Inherited requirements', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp('express', { controllers: [Parent, Child] });
  });
  afterAll(() => app.close());

  const parent = { ...acme, plan: 'free' };
  const child = { ...acme, ...pro };
  const both = { ...acme, plan: ['free', 'pro'] };
  it.each<Row>([
    ['/parent/inherited', [{ ...parent, ...admin }], [parent, { ...child, ...admin }]],
    [
      '/child/inherited',
      [{ ...both, ...admin }],
      [both, { ...child, ...admin }, { ...parent, ...admin }],
    ],
    ['/child/overridden', [both], [child, parent, pro]],
  ])('add up over the classes: %s', async (...row) => {
    await expectVerdicts(app, row[0], row);
  });
});
