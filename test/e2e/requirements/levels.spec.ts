import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  Fresh,
  JwtOptional,
  JwtRequired,
  MatchParam,
  Public,
  RefreshGuard,
  RequireClaims,
  RequireScope,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { type RouteParts, routeAt } from '../../support/routes.js';

const guarded = UseGuards(AccessGuard);

/** Claims of tokens that are let in, and of tokens that are not; `undefined` is no token. */
type Row = readonly [
  title: string,
  parts: RouteParts,
  letsIn: readonly (object | undefined)[],
  refuses: readonly (object | undefined)[],
];

const ADDING_UP: readonly Row[] = [
  [
    'claims of both levels',
    {
      controller: [guarded, RequireClaims({ tenant: 'acme' })],
      handler: [RequireClaims({ role: 'admin' })],
    },
    [{ tenant: 'acme', role: 'admin' }],
    [{ tenant: 'acme' }, { role: 'admin' }, {}, undefined],
  ],
  [
    'members of one object',
    {
      controller: [guarded, RequireClaims({ org: { id: 7 } })],
      handler: [RequireClaims({ org: { role: 'admin' } })],
    },
    [{ org: { id: 7, role: 'admin' } }],
    [{ org: { id: 7 } }, { org: { role: 'admin' } }, { org: 7 }],
  ],
  [
    'claims, words, freshness and @JwtRequired',
    {
      controller: [guarded, RequireClaims({ tenant: 'acme' }), Fresh()],
      handler: [JwtRequired({ claims: { role: 'admin' } }), RequireScope('read')],
    },
    [{ tenant: 'acme', role: 'admin', scope: 'read', fresh: true }],
    [
      { role: 'admin', scope: 'read', fresh: true },
      { tenant: 'acme', scope: 'read', fresh: true },
      { tenant: 'acme', role: 'admin', fresh: true },
      { tenant: 'acme', role: 'admin', scope: 'read' },
    ],
  ],
  [
    'the same value on both levels',
    {
      controller: [guarded, RequireClaims({ role: 'admin' })],
      handler: [RequireClaims({ role: 'admin' })],
    },
    [{ role: 'admin' }],
    [{ role: 'user' }, {}],
  ],
  [
    'a claim and a parameter for it',
    {
      controller: [guarded, RequireClaims({ tenant: 'acme' })],
      handler: [MatchParam('x', { claim: 'tenant' })],
    },
    [{ tenant: ['acme', '0'] }],
    [{ tenant: 'acme' }, { tenant: '0' }],
  ],
  [
    'a parameter for a claim, and another claim',
    {
      controller: [guarded, MatchParam('x', { claim: 'tenant' })],
      handler: [RequireClaims({ role: 'admin' })],
    },
    [{ tenant: '0', role: 'admin' }],
    [{ tenant: '0' }, { tenant: '1', role: 'admin' }],
  ],
  [
    'what stands outside of a guard of the handler',
    { controller: [guarded, RequireClaims({ role: 'admin' })], handler: [guarded] },
    [{ role: 'admin' }],
    [{}],
  ],
  [
    'what stands outside of a guard for refresh tokens',
    { controller: [guarded, RequireClaims({ role: 'admin' })], handler: [UseGuards(RefreshGuard)] },
    [{ type: 'refresh', role: 'admin' }],
    [{ type: 'refresh' }, { role: 'admin' }],
  ],
];

const NEAREST: readonly Row[] = [
  [
    'a value on the handler instead of one on the class',
    {
      controller: [guarded, RequireClaims({ role: 'user', tenant: 'acme' })],
      handler: [RequireClaims({ role: 'admin' })],
    },
    [{ role: 'admin', tenant: 'acme' }],
    [
      { role: 'user', tenant: 'acme' },
      { role: 'admin', tenant: 'other' },
    ],
  ],
  [
    'a list on the handler instead of one on the class',
    {
      controller: [guarded, RequireClaims({ roles: ['a'] })],
      handler: [RequireClaims({ roles: ['b'] })],
    },
    [{ roles: ['b'] }],
    [{ roles: ['a'] }],
  ],
  [
    'a member on the handler instead of one on the class',
    {
      controller: [guarded, RequireClaims({ org: { id: 7, role: 'user' } })],
      handler: [JwtRequired({ claims: { org: { role: 'admin' } } })],
    },
    [{ org: { id: 7, role: 'admin' } }],
    [{ org: { id: 7, role: 'user' } }, { org: { id: 8, role: 'admin' } }],
  ],
  [
    'members on the handler instead of a value on the class',
    {
      controller: [guarded, RequireClaims({ org: 7 })],
      handler: [RequireClaims({ org: { id: 7 } })],
    },
    [{ org: { id: 7 } }],
    [{ org: 7 }],
  ],
  [
    'a value on the handler instead of members on the class',
    {
      controller: [guarded, RequireClaims({ org: { id: 7 } })],
      handler: [RequireClaims({ org: 7 })],
    },
    [{ org: 7 }],
    [{ org: { id: 7 } }],
  ],
  [
    'a member of scope on the handler instead of one on the class',
    {
      controller: [guarded, RequireScope({ users: 'read', books: 'read' })],
      handler: [RequireScope({ users: 'write' })],
    },
    [{ scope: { users: 'write', books: 'read' } }],
    [{ scope: { users: 'read', books: 'read' } }, { scope: { users: 'write' } }],
  ],
];

const OVERRIDES: readonly Row[] = [
  [
    'one that excuses from claims, scope and parameters of its decorator',
    {
      handler: [
        JwtRequired({
          claims: { role: 'admin' },
          scope: 'read',
          params: { sub: 'x' },
          override: { root: true },
        }),
      ],
    },
    [{ root: true }, { root: true, role: 'user', scope: 5 }],
    [{ root: 1 }, { role: 'admin', scope: 'read' }, { scope: { root: true } }, {}],
  ],
  [
    'one of several members, of which all are needed',
    { handler: [guarded, RequireClaims({ role: 'admin' }, { override: { a: { x: 1 }, b: 2 } })] },
    [{ a: { x: 1 }, b: 2 }, { role: 'admin' }],
    [{ a: { x: 1 } }, { b: 2 }, { a: { x: 2 }, b: 2 }],
  ],
  [
    'one by a word of scope',
    { handler: [guarded, RequireClaims({ role: 'admin' }, { override: { scope: 'all' } })] },
    [{ scope: 'read all' }, { scope: ['all'] }],
    [{ scope: 'read' }, { scope: 'allmost' }],
  ],
  [
    'one that leaves other decorators alone',
    {
      handler: [
        guarded,
        RequireClaims({ role: 'admin' }, { override: { root: true } }),
        RequireScope('read'),
        RequireClaims({ plan: 'pro' }),
      ],
    },
    [
      { root: true, scope: 'read', plan: 'pro' },
      { role: 'admin', scope: 'read', plan: 'pro' },
    ],
    [{ root: true }, { root: true, scope: 'read' }, { root: true, plan: 'pro' }],
  ],
  [
    'one on the handler that leaves the class alone',
    {
      controller: [guarded, RequireClaims({ tenant: 'acme' })],
      handler: [RequireClaims({ role: 'admin' }, { override: { root: true } })],
    },
    [
      { tenant: 'acme', root: true },
      { tenant: 'acme', role: 'admin' },
    ],
    [{ root: true }, { role: 'admin' }],
  ],
  [
    'one on the class that leaves the handler alone',
    {
      controller: [guarded, RequireClaims({ tenant: 'acme' }, { override: { root: true } })],
      handler: [RequireClaims({ role: 'admin' })],
    },
    [{ root: true, role: 'admin' }],
    [{ root: true }, { role: 'admin' }, { tenant: 'acme' }],
  ],
  [
    'one on the handler for what the class requires in the same words',
    {
      controller: [guarded, RequireClaims({ role: 'admin' })],
      handler: [RequireClaims({ role: 'admin' }, { override: { root: true } })],
    },
    [{ role: 'admin' }],
    [{ root: true }],
  ],
  [
    'one on the handler for a value that takes the place of another: the other holds again',
    {
      controller: [guarded, RequireClaims({ role: 'user' })],
      handler: [RequireClaims({ role: 'admin' }, { override: { root: true } })],
    },
    [{ role: 'admin' }, { root: true, role: 'user' }],
    [{ role: 'user' }, { root: true }, { root: true, role: 'guest' }],
  ],
  [
    'none that could be asked of freshness',
    {
      handler: [JwtRequired({ fresh: true, claims: { role: 'admin' }, override: { root: true } })],
    },
    [{ fresh: true, root: true }],
    [{ root: true }],
  ],
];

const OPTIONAL: readonly Row[] = [
  [
    'a requirement inside of @JwtOptional, which then needs a token',
    { controller: [guarded, JwtOptional()], handler: [RequireClaims({ role: 'admin' })] },
    [{ role: 'admin' }],
    [undefined, {}],
  ],
  [
    '@JwtOptional inside of a requirement',
    { controller: [guarded, RequireScope('read')], handler: [JwtOptional()] },
    [undefined, { scope: 'read' }],
    [{}],
  ],
  [
    'an optional @JwtRequired',
    { handler: [JwtRequired({ optional: true, scope: 'read' })] },
    [undefined, { scope: 'read' }],
    [{}],
  ],
  [
    '@Public inside of a requirement',
    { controller: [guarded, RequireScope('read')], handler: [Public()] },
    [undefined, {}, { scope: 'read' }],
    [],
  ],
];

/** In an application that is closed by a global guard. */
const GLOBAL: readonly Row[] = [
  [
    'a requirement alone',
    { handler: [RequireScope('read')] },
    [{ scope: 'read' }],
    [undefined, {}],
  ],
  [
    'a requirement inside of @Public, which opts in again',
    { controller: [Public()], handler: [RequireScope('read')] },
    [{ scope: 'read' }],
    [undefined, {}],
  ],
  [
    '@Public on the handler',
    { controller: [RequireScope('read')], handler: [Public()] },
    [undefined, {}],
    [],
  ],
  [
    '@Public(false) inside of @Public',
    { controller: [Public(), RequireScope('read')], handler: [Public(false), RequireScope('b')] },
    [{ scope: 'b read' }],
    [undefined, { scope: 'b' }],
  ],
];

abstract class Base {
  @RequireClaims({ role: 'admin' })
  @Get('inherited')
  inherited() {
    return 'in';
  }

  @RequireClaims({ role: 'admin' })
  @Get('overridden')
  overridden() {
    return 'in';
  }
}

@UseGuards(AccessGuard)
@RequireClaims({ tenant: 'acme', plan: 'free' })
@Controller('parent')
class Parent extends Base {}

@RequireClaims({ plan: 'pro' })
@Controller('child')
class Child extends Parent {
  @Get('overridden')
  override overridden() {
    return 'in';
  }
}

describe.each(['express'] as const)('on %s', (adapter) => {
  const judge = async (app: RunningApp, path: string, claims: object | undefined) => {
    const token = claims && forgeToken(accessClaims({ ...claims }));
    const { status, body } = await app.send('GET', path, { token });
    return { claims, isIn: status === 200 && body === 'in', is500: status === 500 };
  };
  const expectVerdicts = async (app: RunningApp, path: string, [, , letsIn, refuses]: Row) => {
    for (const claims of letsIn)
      expect(await judge(app, path, claims)).toEqual({ claims, isIn: true, is500: false });
    for (const claims of refuses)
      expect(await judge(app, path, claims)).toEqual({ claims, isIn: false, is500: false });
  };

  describe.each([
    ['add up over levels', ADDING_UP, false],
    ['are decided by the nearest level', NEAREST, false],
    ['are excused by overrides', OVERRIDES, false],
    ['are asked where a token is', OPTIONAL, false],
    ['stand under a global guard', GLOBAL, true],
  ] as const)('requirements %s:', (_title, rows, globalGuard) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: rows.map(([, parts], index) => routeAt(`route-${index}/:x`, parts)),
        extras: { globalGuard },
      });
    });
    afterAll(() => app.close());

    it.each(rows.map((row, index) => ({ title: row[0], row, index })))(
      '$title',
      async ({ row, index }) => expectVerdicts(app, `/route-${index}/0`, row),
    );
  });

  it('are inherited with the class, whose nearest say decides', async () => {
    const app = await createApp(adapter, { controllers: [Parent, Child] });
    const parent = { tenant: 'acme', plan: 'free' };
    const child = { tenant: 'acme', plan: 'pro' };
    const admin = { role: 'admin' };
    const rows: readonly (readonly [string, readonly object[], readonly object[]])[] = [
      ['/parent/inherited', [{ ...parent, ...admin }], [parent, { ...child, ...admin }]],
      ['/child/inherited', [{ ...child, ...admin }], [child, { ...parent, ...admin }]],
      ['/child/overridden', [child], [parent, { plan: 'pro' }]],
    ];
    for (const [path, letsIn, refuses] of rows)
      await expectVerdicts(app, path, [path, {}, letsIn, refuses]);
    await app.close();
  });
});
