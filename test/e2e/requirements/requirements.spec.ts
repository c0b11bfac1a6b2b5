import { Controller, Get, Module, Param, UseGuards, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  type CallbackResponse,
  type ClaimValue,
  JwtOptional,
  JwtRequired,
  MatchParam,
  RefreshGuard,
  RequireClaims,
  type RequiredClaims,
  RequireScope,
  type Token,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { routeAt, type RouteParts } from '../../support/routes.js';

describe('Required claims', () => {
  const guarded = UseGuards(AccessGuard);

  const IN = { status: 200, body: 'in', challenge: null };
  const LACKING = {
    status: 403,
    body: { msg: 'Missing required claim(s)', code: 'CLAIMS_INSUFFICIENT' },
    challenge: 'Bearer error="insufficient_scope", error_description="The token does not suffice"',
  };

  /** What is required, claims that meet it, and claims that do not. */
  const CASES: readonly [required: RequiredClaims, meeting: object[], lacking: object[]][] = [
    [{ role: 'admin' }, [{ role: 'admin' }, { role: ['x', 'admin'] }], [{}, { role: 'user' }]],
    [
      { roles: ['editor', 'reviewer'] },
      [{ roles: ['reviewer', 'author', 'editor'] }],
      [{ roles: ['editor'] }, { roles: 'editor reviewer' }, { roles: { editor: 1, reviewer: 1 } }],
    ],
    [
      { org: { id: 7, unit: { id: 'u' } }, plan: 'pro' },
      [{ org: { id: 7, unit: { id: 'u', name: 'U' } }, plan: 'pro' }],
      [
        // Flask_PyJWT is content with the first object.
        { org: { id: 7, unit: { id: 'u' } } },
        { org: { id: 7 }, plan: 'pro' },
        { org: { id: 7, unit: 'u' }, plan: 'pro' },
        { plan: 'pro' },
      ],
    ],
    [{ level: 3 }, [{ level: 3 }], [{ level: '3' }, { level: 3.5 }, { level: [[3]] }]],
    [{ active: true }, [{ active: true }], [{ active: 1 }, { active: 'true' }, { active: {} }]],
    [{ until: null }, [{ until: null }], [{}, { until: 0 }]],
  ];

  /** Claims of every wrong shape there is, which no requirement of the table takes for something else. */
  const SHAPES: readonly ClaimValue[] = [
    null,
    0,
    -1,
    1.5,
    true,
    '',
    'x',
    [],
    {},
    [[]],
    [[[['admin']]]],
    [[null]],
    [{ role: 'admin' }],
    { '0': 'admin', length: 1 },
    { role: { role: { role: 'admin' } } },
    Array.from({ length: 500 }, (_, index) => index * 1000),
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`member${index}`, index])),
  ];

  function tokenWith(claims: object): string {
    return forgeToken(accessClaims({ ...claims }));
  }

  describe.each(['express'] as const)('on %s', (adapter) => {
    let app: RunningApp;
    const call = async (path: string, token?: string) => {
      const { status, body, headers } = await app.send('GET', path, { token });
      return { status, body, challenge: headers.get('www-authenticate') };
    };

    describe.each<[string, (required: RequiredClaims) => RouteParts]>([
      ['@RequireClaims', (required) => ({ handler: [guarded, RequireClaims(required)] })],
      [
        '@RequireClaims on the class',
        (required) => ({ controller: [guarded, RequireClaims(required)] }),
      ],
      ['@JwtRequired with claims', (claims) => ({ handler: [JwtRequired({ claims })] })],
      ['@JwtRequired on the class', (claims) => ({ controller: [JwtRequired({ claims })] })],
    ])('%s', (_name, partsFor) => {
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: CASES.map(([required], index) =>
            routeAt(`route-${index}`, partsFor(required)),
          ),
          options: { errorCodeKey: 'code' },
        });
      });
      afterAll(() => app.close());

      it.each(CASES.map(([required, meeting], index) => ({ required, meeting, index })))(
        'lets tokens in that have $required',
        async ({ meeting, index }) => {
          for (const claims of meeting)
            expect(await call(`/route-${index}`, tokenWith(claims))).toEqual(IN);
        },
      );

      it.each(CASES.map(([required, , lacking], index) => ({ required, lacking, index })))(
        'refuses tokens that lack $required, or any part of it',
        async ({ lacking, index }) => {
          for (const claims of lacking)
            expect(await call(`/route-${index}`, tokenWith(claims))).toEqual(LACKING);
        },
      );
    });

    describe('requirements', () => {
      const asked: string[] = [];
      beforeAll(async () => {
        const prototypeNames = ['constructor', 'toString', 'hasOwnProperty', '__proto__'] as const;
        app = await createApp(adapter, {
          controllers: [
            ...CASES.map(([claims], index) =>
              routeAt(`route-${index}`, { handler: [JwtRequired({ claims })] }),
            ),
            ...prototypeNames.map((name) =>
              routeAt(`own-${name}`, {
                handler: [guarded, RequireClaims(Object.fromEntries([[name, { name: 'x' }]]))],
              }),
            ),
            routeAt('optional', {
              handler: [guarded, JwtOptional(), RequireClaims({ role: 'admin' })],
            }),
            routeAt('refresh', {
              handler: [UseGuards(RefreshGuard), RequireClaims({ role: 'admin' })],
            }),
            routeAt('twice', {
              handler: [guarded, RequireClaims({ roles: 'a' }), RequireClaims({ roles: 'b' })],
            }),
            routeAt('both', {
              handler: [RequireClaims({ roles: 'a' }), JwtRequired({ claims: { roles: ['b'] } })],
            }),
            routeAt('journey', {
              handler: [JwtRequired({ fresh: true, claims: { role: 'admin' } })],
            }),
          ],
          options: {
            errorCodeKey: 'code',
            loaders: {
              isTokenRevoked: ({ claims }) => claims.revoked === true,
              tokenVerification: ({ claims }: Token) => {
                asked.push('tokenVerification');
                return claims.verified !== false;
              },
              userLookup: ({ claims }: Token) => {
                asked.push('userLookup');
                return claims.user === undefined ? 'somebody' : claims.user;
              },
            },
          },
        });
      });
      afterAll(() => app.close());

      it.each(CASES.map(([required], index) => ({ required, index })))(
        'of $required refuse claims of any other shape, and break on none (R73)',
        async ({ required, index }) => {
          const [name = ''] = Object.keys(required);
          for (const shape of SHAPES) {
            if (JSON.stringify(shape) === JSON.stringify(required[name])) continue;
            expect(await call(`/route-${index}`, tokenWith({ [name]: shape }))).toEqual(LACKING);
          }
        },
      );

      it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])(
        'of %s are met by a claim of that name, and by nothing that every object has (R35)',
        async (name) => {
          const own = accessClaims();
          const json = JSON.stringify(own).replace(/}$/, `,"${name}":{"name":"x"}}`);
          const other = JSON.stringify(own).replace(/}$/, ',"__proto__":{"name":"y"}}');

          expect(await call(`/own-${name}`, forgeToken(json))).toEqual(IN);
          expect(await call(`/own-${name}`, forgeToken(own))).toEqual(LACKING);
          expect(await call(`/own-${name}`, forgeToken(other))).toEqual(LACKING);
          expect(({} as { name?: unknown }).name).toBeUndefined();
        },
      );

      it('require nothing of a request without a token on an optional route, and all of one with a token', async () => {
        expect(await call('/optional')).toEqual(IN);
        expect(await call('/optional', tokenWith({ role: 'admin' }))).toEqual(IN);
        expect(await call('/optional', tokenWith({ role: 'user' }))).toEqual(LACKING);
      });

      it('are asked of refresh tokens too', async () => {
        const refresh = (claims: object) => tokenWith({ type: 'refresh', ...claims });
        expect(await call('/refresh', refresh({ role: 'admin' }))).toEqual(IN);
        expect(await call('/refresh', refresh({}))).toEqual(LACKING);
      });

      it.each(['twice', 'both'])(
        'of several decorators on one handler add up: %s',
        async (route) => {
          expect(await call(`/${route}`, tokenWith({ roles: ['b', 'a'] }))).toEqual(IN);
          expect(await call(`/${route}`, tokenWith({ roles: ['a'] }))).toEqual(LACKING);
          expect(await call(`/${route}`, tokenWith({ roles: ['b'] }))).toEqual(LACKING);
        },
      );

      it.each<[string, object, number, string, string[]]>([
        ['has the wrong type', { type: 'refresh' }, 422, 'TOKEN_WRONG_TYPE', []],
        ['is not fresh', { fresh: false }, 401, 'TOKEN_NOT_FRESH', []],
        ['is revoked', { revoked: true }, 401, 'TOKEN_REVOKED', []],
        ['is not verified', { verified: false }, 400, 'TOKEN_REJECTED', ['tokenVerification']],
        ['lacks a claim', {}, 403, 'CLAIMS_INSUFFICIENT', ['tokenVerification']],
      ])(
        'are asked after verification and before the user: a token that %s, and lacks the rest',
        async (_title, claims, status, code, loaders) => {
          asked.length = 0;
          const token = tokenWith({ fresh: true, user: null, ...claims });
          expect(await call('/journey', token)).toMatchObject({ status, body: { code } });
          expect(asked).toEqual(loaders);
        },
      );

      it('that are met leave the user to be looked up', async () => {
        asked.length = 0;
        const token = tokenWith({ fresh: true, user: null, role: 'admin' });
        expect(await call('/journey', token)).toMatchObject({
          status: 401,
          body: { code: 'USER_NOT_FOUND' },
        });
        expect(asked).toEqual(['tokenVerification', 'userLookup']);
      });
    });
  });
});

describe('Required scopes', () => {
  const guarded = UseGuards(AccessGuard);

  interface Case {
    readonly title: string;
    readonly parts: RouteParts;
    /** Values of the claim `scope` that suffice, and that do not. */
    readonly meeting: readonly unknown[];
    readonly lacking: readonly unknown[];
    /** The words that the client is told. */
    readonly told: string | undefined;
  }

  const WORDS = {
    meeting: ['read write', 'write read admin', ['write', 'read'], ['read', 'x', 'write']],
    lacking: [
      undefined,
      null,
      '',
      ' ',
      5,
      true,
      {},
      [],
      'read',
      'write',
      'READ WRITE',
      'read,write',
      'read\twrite',
      'readwrite',
      ['read write'],
      [['read', 'write']],
      ['read', ['write']],
      { read: true, write: true },
      { '0': 'read', '1': 'write', length: 2 },
      { includes: 'read write' },
    ],
    told: 'read write',
  } as const;

  const MEMBERS = {
    meeting: [{ users: { read: true, write: ['own', 'all'] }, admin: false }],
    lacking: [
      undefined,
      null,
      'users',
      'users admin',
      ['users', 'admin'],
      [{ users: { read: true, write: ['own'] }, admin: false }],
      // Flask_PyJWT is content with the first object.
      { users: { read: true, write: ['own'] } },
      { users: { read: true }, admin: false },
      { users: true, admin: false },
      { admin: false },
    ],
    told: undefined,
  } as const;

  const members = { users: { read: true, write: ['own'] }, admin: false };

  const CASES: readonly Case[] = [
    {
      title: "@RequireScope('read', 'write')",
      parts: { handler: [guarded, RequireScope('read', 'write')] },
      ...WORDS,
    },
    {
      title: "@RequireScope('read write')",
      parts: { handler: [guarded, RequireScope('read write')] },
      ...WORDS,
    },
    {
      title: "@RequireScope(['read', 'write'])",
      parts: { handler: [guarded, RequireScope(['read', 'write'])] },
      ...WORDS,
    },
    {
      title: 'a word on the class and one on the handler',
      parts: { controller: [guarded, RequireScope('write')], handler: [RequireScope('read')] },
      ...WORDS,
    },
    {
      title: 'two decorators',
      parts: { handler: [guarded, RequireScope('write'), RequireScope('read', 'write')] },
      ...WORDS,
    },
    {
      title: "@JwtRequired({ scope: 'read write' })",
      parts: { handler: [JwtRequired({ scope: 'read write' })] },
      ...WORDS,
    },
    {
      title: "@JwtRequired({ scope: ['read', 'write'] })",
      parts: { handler: [JwtRequired({ scope: ['read', 'write'] })] },
      ...WORDS,
    },
    {
      title: '@RequireScope({…})',
      parts: { handler: [guarded, RequireScope(members)] },
      ...MEMBERS,
    },
    {
      title: '@JwtRequired({ scope: {…} })',
      parts: { handler: [JwtRequired({ scope: members })] },
      ...MEMBERS,
    },
    {
      title: 'members on the class and on the handler',
      parts: {
        controller: [guarded, RequireScope({ users: { read: true } })],
        handler: [RequireScope({ users: { write: ['own'] }, admin: false })],
      },
      ...MEMBERS,
    },
  ];

  function tokenWith(scope: unknown, claims: object = {}): string {
    return forgeToken(accessClaims({ scope, ...claims }));
  }

  function refused(told?: string, msg = 'Missing required scope(s)'): object {
    return {
      status: 403,
      body: { msg },
      challenge:
        'Bearer error="insufficient_scope", error_description="The token does not suffice"' +
        (told === undefined ? '' : `, scope="${told}"`),
    };
  }

  /** Words in whatever order the levels have them. */
  function sorted(challenge: string | null): string | null {
    return (
      challenge?.replace(/scope="([^"]*)"$/, (_, words: string) => {
        return `scope="${words.split(' ').sort().join(' ')}"`;
      }) ?? null
    );
  }

  describe.each(['express'] as const)('a scope on %s', (adapter) => {
    const start = (
      controllers: Record<string, RouteParts>,
      insufficientClaims?: () => CallbackResponse,
    ) =>
      createApp(adapter, {
        controllers: Object.entries(controllers).map(([path, parts]) => routeAt(path, parts)),
        options: { responses: { insufficientClaims } },
      });
    const call = async (app: RunningApp, path: string, token: string) => {
      const { status, body, headers } = await app.send('GET', path, { token });
      return { status, body, challenge: sorted(headers.get('www-authenticate')) };
    };

    describe('that is required by', () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await start(
          Object.fromEntries(CASES.map(({ parts }, index) => [`route-${index}`, parts])),
        );
      });
      afterAll(() => app.close());

      it.each(CASES.map((row, index) => ({ ...row, index })))(
        '$title lets tokens in that have it, as text, list or object',
        async ({ meeting, index }) => {
          for (const scope of meeting) {
            const answer = await call(app, `/route-${index}`, tokenWith(scope));
            expect({ scope, answer }).toEqual({
              scope,
              answer: { status: 200, body: 'in', challenge: null },
            });
          }
        },
      );

      it.each(CASES.map((row, index) => ({ ...row, index })))(
        '$title refuses tokens that lack it, and names the words that are needed (R68)',
        async ({ lacking, told, index }) => {
          for (const scope of lacking) {
            const answer = await call(app, `/route-${index}`, tokenWith(scope));
            expect({ scope, answer }).toEqual({ scope, answer: refused(told) });
          }
        },
      );
    });

    describe('in a challenge', () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await start({
          claims: { handler: [guarded, RequireScope('read'), RequireClaims({ role: 'admin' })] },
          mixed: { handler: [guarded, RequireScope('read'), RequireScope({ admin: true })] },
          quoted: { handler: [guarded, RequireScope('re"ad', 'write')] },
          backslash: { handler: [guarded, RequireScope('re\\ad')] },
          accents: { handler: [guarded, RequireScope('größe')] },
          symbols: {
            handler: [guarded, RequireScope("https://api.example.com/auth#users:read!'(x)")],
          },
          twice: {
            controller: [guarded, RequireScope('read')],
            handler: [RequireScope('read', 'b')],
          },
          excused: {
            handler: [
              guarded,
              RequireScope(['read'], { override: { role: 'admin' } }),
              RequireScope('b'),
            ],
          },
        });
      });
      afterAll(() => app.close());

      it.each<[string, string, object, object]>([
        [
          'is not told where a claim is missing too',
          'claims',
          {},
          refused(undefined, 'Missing required claim(s)'),
        ],
        ['is told where only the words are missing', 'claims', { role: 'admin' }, refused('read')],
        ['is told where words are missing beside members', 'mixed', {}, refused('read')],
        ['is not told where only members are missing', 'mixed', { scope: 'read' }, refused()],
        ['is not told where a word holds a quotation mark', 'quoted', {}, refused()],
        ['is not told where a word holds a backslash', 'backslash', {}, refused()],
        ['is not told where a word is not ASCII', 'accents', {}, refused()],
        [
          'is told in every character that it may have',
          'symbols',
          {},
          refused("https://api.example.com/auth#users:read!'(x)"),
        ],
        ['is told once, whatever repeats it', 'twice', {}, refused('b read')],
        ['is told in full where one word is there', 'twice', { scope: 'b' }, refused('b read')],
        [
          'is told without what an override excuses from',
          'excused',
          { role: 'admin' },
          refused('b'),
        ],
        ['is told with it where the override does not hold', 'excused', {}, refused('b read')],
      ])('%s (R68)', async (_title, path, claims, expected) => {
        expect(await call(app, `/${path}`, tokenWith(undefined, claims))).toEqual(expected);
      });

      it('says nothing of what the token brought (R68)', async () => {
        const scope = 'x", realm="evil\r\nSet-Cookie: a=b';
        expect(await call(app, '/twice', tokenWith(scope))).toEqual(refused('b read'));
      });
    });

    it('that is missing is answered by the callback for it', async () => {
      const answer = { status: 404, body: { title: 'Not found' } };
      const app = await start({ '/': { handler: [guarded, RequireScope('read')] } }, () => answer);
      expect(await call(app, '/', tokenWith('write'))).toEqual({ ...answer, challenge: null });
      await app.close();
    });
  });
});

describe('Required route parameters', () => {
  @UseGuards(AccessGuard)
  @Controller()
  class UsersController {
    @MatchParam('username', { claim: 'sub', override: { roles: 'admin' } })
    @Get('users/:username')
    user(@Param('username') username: string) {
      return { username };
    }

    @JwtRequired({ params: { sub: 'username', tenant: 'tenant' }, override: { roles: 'admin' } })
    @Get('tenants/:tenant/:username')
    both(@Param() { tenant, username }: Record<string, string>) {
      return { tenant, username };
    }

    @MatchParam('tenant')
    @Get('named/:tenant')
    named(@Param('tenant') tenant: string) {
      return { tenant };
    }

    @MatchParam('username', { claim: 'sub' })
    @RequireClaims({ plan: 'pro' })
    @Get('plans/:username')
    plan(@Param('username') username: string) {
      return { username };
    }

    @MatchParam('username', { claim: 'sub' })
    @Get(['me', 'me/:username'])
    me(@Param('username') username?: string) {
      return { username };
    }

    @MatchParam('constructor', { claim: 'constructor' })
    @Get('own/:constructor')
    own() {
      return { read: true };
    }
  }

  @UseGuards(AccessGuard)
  @MatchParam('tenant')
  @Controller({ path: ':tenant/books', version: '1' })
  class BooksController {
    @Get(':id')
    book(@Param('id') id: string) {
      return { id };
    }
  }

  @UseGuards(AccessGuard)
  @MatchParam('tenant')
  @Controller('shelves')
  class ShelvesController {
    @Get()
    shelves() {
      return { read: true };
    }
  }

  @Module({ controllers: [ShelvesController] })
  class ShelvesModule {}

  const LACKING = { status: 403, body: { msg: 'Missing required claim(s)' } };

  function tokenWith(claims: Record<string, unknown>): string {
    return forgeToken(accessClaims(claims));
  }

  describe.each(ADAPTERS)('a route parameter on %s', (adapter) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [UsersController, BooksController],
        imports: [
          ShelvesModule,
          RouterModule.register([{ path: 'of/:tenant', module: ShelvesModule }]),
        ],
        configure: (nest) => nest.enableVersioning({ type: VersioningType.URI }),
      });
    });
    afterAll(() => app.close());
    const call = async (path: string, claims: Record<string, unknown>) => {
      const { status, body } = await app.send('GET', path, { token: tokenWith(claims) });
      return { status, body };
    };

    it.each<[string, Record<string, unknown>, object]>([
      ['/users/alice', { sub: 'alice' }, { username: 'alice' }],
      ['/users/%61lice', { sub: 'alice' }, { username: 'alice' }],
      ['/users/J%C3%B6rg%20B', { sub: 'Jörg B' }, { username: 'Jörg B' }],
      ['/users/a%2Fb', { sub: 'a/b' }, { username: 'a/b' }],
      ['/users/%2561lice', { sub: '%61lice' }, { username: '%61lice' }],
      ['/users/bob', { sub: 'alice', roles: ['admin'] }, { username: 'bob' }],
      [
        '/tenants/acme/alice',
        { sub: 'alice', tenant: 'acme' },
        { tenant: 'acme', username: 'alice' },
      ],
      ['/tenants/7/alice', { sub: 'alice', tenant: 7 }, { tenant: '7', username: 'alice' }],
      [
        '/tenants/b/alice',
        { sub: 'alice', tenant: ['a', 'b'] },
        { tenant: 'b', username: 'alice' },
      ],
      ['/tenants/x/y', { sub: 'alice', roles: 'admin' }, { tenant: 'x', username: 'y' }],
      ['/named/acme', { tenant: 'acme' }, { tenant: 'acme' }],
      ['/plans/alice', { sub: 'alice', plan: 'pro' }, { username: 'alice' }],
      ['/me/alice', { sub: 'alice' }, { username: 'alice' }],
      ['/v1/acme/books/5', { tenant: 'acme' }, { id: '5' }],
      ['/of/acme/shelves', { tenant: 'acme' }, { read: true }],
    ])('lets the user that it names in: %s for %j', async (path, claims, body) => {
      expect(await call(path, claims)).toEqual({ status: 200, body });
    });

    it.each<[string, Record<string, unknown>]>([
      ['/users/bob', { sub: 'alice' }],
      ['/users/ALICE', { sub: 'alice' }],
      ['/users/alice%20', { sub: 'alice' }],
      ['/users/%2561lice', { sub: 'alice' }],
      ['/users/%00', { sub: 'alice' }],
      ['/users/__proto__', { sub: 'alice' }],
      ['/users/constructor', { sub: 'alice' }],
      ['/users/undefined', { sub: 'alice' }],
      ['/users/*', { sub: 'alice' }],
      ['/users/bob', { sub: 'alice', roles: ['user'] }],
      ['/tenants/acme/bob', { sub: 'alice', tenant: 'acme' }],
      ['/tenants/other/alice', { sub: 'alice', tenant: 'acme' }],
      ['/tenants/acme/alice', { sub: 'alice' }],
      ['/tenants/07/alice', { sub: 'alice', tenant: 7 }],
      ['/tenants/true/alice', { sub: 'alice', tenant: true }],
      ['/tenants/null/alice', { sub: 'alice', tenant: null }],
      ['/tenants/undefined/alice', { sub: 'alice' }],
      ['/tenants/a,b/alice', { sub: 'alice', tenant: ['a', 'b'] }],
      ['/tenants/[object%20Object]/alice', { sub: 'alice', tenant: {} }],
      ['/tenants/a/alice', { sub: 'alice', tenant: [['a']] }],
      ['/named/acme', { sub: 'acme' }],
      ['/plans/alice', { sub: 'alice', plan: 'free' }],
      ['/plans/bob', { sub: 'alice', plan: 'pro' }],
      ['/me', { sub: 'alice' }],
      ['/v1/other/books/5', { tenant: 'acme' }],
      ['/of/other/shelves', { tenant: 'acme' }],
    ])('refuses all other users: %s for %j (R35)', async (path, claims) => {
      expect(await call(path, claims)).toEqual(LACKING);
    });

    it('called like a member of every object is one of its own (R35)', async () => {
      const claims = JSON.stringify(accessClaims()).replace(/}$/, ',"constructor":"x"}');
      expect((await app.send('GET', '/own/x', { token: forgeToken(claims) })).status).toBe(200);
      expect((await app.send('GET', '/own/y', { token: forgeToken(claims) })).status).toBe(403);
      expect(await call('/own/Object', {})).toEqual(LACKING);
    });

    it.each(['/users/%', '/users/%zz', '/users/%c3%28', '/users/%E0%A4%A'])(
      'that cannot be decoded is refused and breaks nothing: %s',
      async (path) => {
        const { status } = await call(path, { sub: 'alice', roles: 'admin' });
        expect([400, 404]).toContain(status);
        expect(await call('/users/alice', { sub: 'alice' })).toMatchObject({ status: 200 });
      },
    );
  });

  describe('a wildcard', () => {
    const wildcard = (path: string, name: string) =>
      routeAt(path, { handler: [UseGuards(AccessGuard), MatchParam(name, { claim: 'sub' })] });
    const statusOf = async (app: RunningApp, path: string, sub: string) =>
      (await app.send('GET', path, { token: tokenWith({ sub }) })).status;

    it('equals no claim on Express, which gives its segments', async () => {
      const app = await createApp('express', { controllers: [wildcard('files/*rest', 'rest')] });
      expect(await statusOf(app, '/files/alice', 'alice')).toBe(403);
      expect(await statusOf(app, '/files/a/b', 'a,b')).toBe(403);
      expect(await statusOf(app, '/files/a/b', 'a/b')).toBe(403);
      await app.close();
    });

    it('is a text like any other on Fastify, which gives one', async () => {
      const app = await createApp('fastify', { controllers: [wildcard('files/*', '*')] });
      expect(await statusOf(app, '/files/a/b', 'a/b')).toBe(200);
      expect(await statusOf(app, '/files/a/b', 'a')).toBe(403);
      expect(await statusOf(app, '/files/', 'alice')).toBe(403);
      await app.close();
    });
  });
});
