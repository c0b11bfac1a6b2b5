import { Controller, Get, Module, type Type, UseGuards, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  type ClaimValue,
  JwtOptional,
  JwtRequired,
  MatchParam,
  oneOf,
  RefreshGuard,
  RequireClaims,
  type RequiredClaims,
  RequireScope,
  type Token,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { routeAt, type RouteParts } from '../../support/routes.js';

const guarded = UseGuards(AccessGuard);

/** A controller for each route, whose path is its name. */
function named(routes: Readonly<Record<string, RouteParts>>): Type[] {
  return Object.entries(routes).map(([path, parts]) => routeAt(path, parts));
}

/** The same routes under `route-<index>`. */
function indexed(all: readonly RouteParts[]): Type[] {
  return all.map((parts, index) => routeAt(`route-${index}`, parts));
}

/** The answer to a token with claims, or with a payload in JSON. */
async function answerTo(app: RunningApp, path: string, claims?: object | string) {
  const token =
    typeof claims === 'object'
      ? forgeToken(accessClaims({ ...claims }))
      : claims && forgeToken(claims);
  const { status, body, headers } = await app.send('GET', path, { token });
  return { status, body, challenge: headers.get('www-authenticate') };
}

const IN = { status: 200, body: 'in', challenge: null };
const INSUFFICIENT =
  'Bearer error="insufficient_scope", error_description="The token does not suffice"';

describe('Required claims', () => {
  const LACKING = {
    status: 403,
    body: { msg: 'Missing required claim(s)', code: 'CLAIMS_INSUFFICIENT' },
    challenge: INSUFFICIENT,
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
      { role: oneOf('admin', 'editor') },
      [{ role: 'editor' }, { role: ['author', 'admin'] }],
      [{ role: 'user' }, { role: ['author'] }, { role: 'admin editor' }],
    ],
    [
      { org: { role: oneOf('admin', 'editor') }, plan: oneOf('pro', 'team') },
      [{ org: { role: 'admin' }, plan: 'team' }],
      [{ org: { role: 'admin' } }, { org: { role: 'user' }, plan: 'team' }, { plan: 'team' }],
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
    ...[null, 0, -1, 1.5, true, '', 'x', [], {}],
    ...[[[]], [[[['admin']]]], [[null]], [{ role: 'admin' }]],
    { '0': 'admin', length: 1 },
    { role: { role: { role: 'admin' } } },
    Array.from({ length: 500 }, (_, index) => index * 1000),
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`member${index}`, index])),
  ];

  let app: RunningApp;
  const call = (path: string, claims?: object | string) => answerTo(app, path, claims);

  describe.each<[string, (required: RequiredClaims) => RouteParts]>([
    ['@RequireClaims', (claims) => ({ handler: [guarded, RequireClaims(claims)] })],
    ['@RequireClaims on the class', (claims) => ({ controller: [guarded, RequireClaims(claims)] })],
    ['@JwtRequired with claims', (claims) => ({ handler: [JwtRequired({ claims })] })],
    ['@JwtRequired on the class', (claims) => ({ controller: [JwtRequired({ claims })] })],
  ])('%s', (_name, partsFor) => {
    beforeAll(async () => {
      app = await createApp('express', {
        controllers: indexed(CASES.map(([required]) => partsFor(required))),
        options: { errorCodeKey: 'code' },
      });
    });
    afterAll(() => app.close());

    it.each(
      CASES.map(([required, meeting, lacking], index) => ({ required, meeting, lacking, index })),
    )(
      'accepts tokens that have $required, and refuses tokens that lack any part of it',
      async ({ meeting, lacking, index }) => {
        for (const claims of meeting) expect(await call(`/route-${index}`, claims)).toEqual(IN);
        for (const claims of lacking)
          expect(await call(`/route-${index}`, claims)).toEqual(LACKING);
      },
    );

    it.each(CASES.map(([required], index) => ({ required, index })))(
      '$required refuses claims of any other shape with 403 (R73)',
      async ({ required, index }) => {
        const [name = ''] = Object.keys(required);
        for (const shape of SHAPES) {
          if (JSON.stringify(shape) === JSON.stringify(required[name])) continue;
          expect(await call(`/route-${index}`, { [name]: shape })).toEqual(LACKING);
        }
      },
    );
  });

  describe('in one application', () => {
    const PROTOTYPE_NAMES = ['constructor', 'toString', 'hasOwnProperty', '__proto__'];
    const called: string[] = [];
    beforeAll(async () => {
      const admin = RequireClaims({ role: 'admin' });
      const own = PROTOTYPE_NAMES.map((name) => [
        `own-${name}`,
        { handler: [guarded, RequireClaims(Object.fromEntries([[name, { name: 'x' }]]))] },
      ]);
      app = await createApp('express', {
        controllers: [
          ...named({
            ...(Object.fromEntries(own) as Record<string, RouteParts>),
            optional: { handler: [guarded, JwtOptional(), admin] },
            refresh: { handler: [UseGuards(RefreshGuard), admin] },
            twice: {
              handler: [guarded, RequireClaims({ roles: 'a' }), RequireClaims({ roles: 'b' })],
            },
            both: {
              handler: [RequireClaims({ roles: 'a' }), JwtRequired({ claims: { roles: ['b'] } })],
            },
            either: {
              controller: [RequireClaims({ role: oneOf('admin', 'editor') })],
              handler: [guarded, RequireClaims({ role: oneOf('editor', 'author') })],
            },
            exempt: {
              handler: [
                guarded,
                RequireClaims({ plan: 'pro' }, { override: { role: oneOf('admin', 'root') } }),
              ],
            },
            checks: { handler: [JwtRequired({ fresh: true, claims: { role: 'admin' } })] },
          }),
        ],
        options: {
          errorCodeKey: 'code',
          loaders: {
            isTokenRevoked: ({ claims }) => claims.revoked === true,
            tokenVerification: ({ claims }: Token) => {
              called.push('tokenVerification');
              return claims.verified !== false;
            },
            userLookup: ({ claims }: Token) => {
              called.push('userLookup');
              return claims.user === undefined ? 'a user' : claims.user;
            },
          },
        },
      });
    });
    afterAll(() => app.close());

    it.each(PROTOTYPE_NAMES)(
      '%s accepts a claim of that name, and nothing that every object has (R35)',
      async (name) => {
        const own = accessClaims();
        const json = JSON.stringify(own).replace(/}$/, `,"${name}":{"name":"x"}}`);
        const other = JSON.stringify(own).replace(/}$/, ',"__proto__":{"name":"y"}}');

        expect(await call(`/own-${name}`, json)).toEqual(IN);
        expect(await call(`/own-${name}`, {})).toEqual(LACKING);
        expect(await call(`/own-${name}`, other)).toEqual(LACKING);
        expect(({} as { name?: unknown }).name).toBeUndefined();
      },
    );

    it.each<[string, string, (object | undefined)[], object[]]>([
      ['an optional route', 'optional', [undefined, { role: 'admin' }], [{ role: 'user' }]],
      [
        'a route for refresh tokens',
        'refresh',
        [{ type: 'refresh', role: 'admin' }],
        [{ type: 'refresh' }],
      ],
      ['two decorators', 'twice', [{ roles: ['b', 'a'] }], [{ roles: ['a'] }, { roles: ['b'] }]],
      [
        'two levels with oneOf',
        'either',
        [{ role: 'editor' }, { role: ['admin', 'author'] }],
        [{ role: 'admin' }, { role: 'author' }, {}],
      ],
      [
        'an override with oneOf',
        'exempt',
        [{ plan: 'pro' }, { role: 'root' }, { role: ['admin'] }],
        [{}, { role: 'user' }],
      ],
      [
        'a decorator and @JwtRequired',
        'both',
        [{ roles: ['b', 'a'] }],
        [{ roles: ['a'] }, { roles: ['b'] }],
      ],
    ])('%s checks every claim of a token', async (_title, path, accepted, refused) => {
      for (const claims of accepted) expect(await call(`/${path}`, claims)).toEqual(IN);
      for (const claims of refused) expect(await call(`/${path}`, claims)).toEqual(LACKING);
    });

    const VERIFIED = ['tokenVerification'];
    it.each<[string, object, number, string, string[]]>([
      ['has the wrong type', { type: 'refresh' }, 422, 'TOKEN_WRONG_TYPE', []],
      ['is not fresh', { fresh: false }, 401, 'TOKEN_NOT_FRESH', []],
      ['is revoked', { revoked: true }, 401, 'TOKEN_REVOKED', []],
      ['is rejected', { verified: false }, 400, 'TOKEN_REJECTED', VERIFIED],
      ['lacks a claim', {}, 403, 'CLAIMS_INSUFFICIENT', VERIFIED],
      ['has no user', { role: 'admin' }, 401, 'USER_NOT_FOUND', [...VERIFIED, 'userLookup']],
    ])(
      'claims are checked after verification and before the user: a token that %s is refused for it',
      async (_title, claims, status, code, loaders) => {
        called.length = 0;
        const answer = await call('/checks', { fresh: true, user: null, ...claims });
        expect(answer).toMatchObject({ status, body: { code } });
        expect(called).toEqual(loaders);
      },
    );
  });
});

describe('Required scopes', () => {
  /** Values of the claim `scope` that suffice, values that do not, and the words in the challenge. */
  interface Verdicts {
    readonly meeting: readonly unknown[];
    readonly lacking: readonly unknown[];
    readonly named: string | undefined;
  }

  const WORDS: Verdicts = {
    meeting: ['read write', 'write read admin', ['write', 'read'], ['read', 'x', 'write']],
    lacking: [
      ...[undefined, null, '', ' ', 5, true, {}, []],
      ...['read', 'write', 'READ WRITE', 'read,write', 'read\twrite', 'readwrite'],
      ...[['read write'], [['read', 'write']], ['read', ['write']]],
      { read: true, write: true },
      { '0': 'read', '1': 'write', length: 2 },
      { includes: 'read write' },
    ],
    named: 'read write',
  };

  const MEMBERS: Verdicts = {
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
    named: undefined,
  };

  const members = { users: { read: true, write: ['own'] }, admin: false };

  const CASES: readonly [string, RouteParts, Verdicts][] = [
    ["RequireScope('read', 'write')", { handler: [guarded, RequireScope('read', 'write')] }, WORDS],
    ["RequireScope('read write')", { handler: [guarded, RequireScope('read write')] }, WORDS],
    [
      "RequireScope(['read', 'write'])",
      { handler: [guarded, RequireScope(['read', 'write'])] },
      WORDS,
    ],
    [
      'a word on the class and one on the handler',
      { controller: [guarded, RequireScope('write')], handler: [RequireScope('read')] },
      WORDS,
    ],
    [
      'two decorators',
      { handler: [guarded, RequireScope('write'), RequireScope('read', 'write')] },
      WORDS,
    ],
    [
      "@JwtRequired({ scope: 'read write' })",
      { handler: [JwtRequired({ scope: 'read write' })] },
      WORDS,
    ],
    [
      "@JwtRequired({ scope: ['read', 'write'] })",
      { handler: [JwtRequired({ scope: ['read', 'write'] })] },
      WORDS,
    ],
    ['@RequireScope({…})', { handler: [guarded, RequireScope(members)] }, MEMBERS],
    ['@JwtRequired({ scope: {…} })', { handler: [JwtRequired({ scope: members })] }, MEMBERS],
    [
      'members on the class and on the handler',
      {
        controller: [guarded, RequireScope({ users: { read: true } })],
        handler: [RequireScope({ users: { write: ['own'] }, admin: false })],
      },
      MEMBERS,
    ],
  ];

  const CHALLENGES: Record<string, RouteParts> = {
    claims: { handler: [guarded, RequireScope('read'), RequireClaims({ role: 'admin' })] },
    mixed: { handler: [guarded, RequireScope('read'), RequireScope({ admin: true })] },
    quoted: { handler: [guarded, RequireScope('re"ad', 'write')] },
    backslash: { handler: [guarded, RequireScope('re\\ad')] },
    accents: { handler: [guarded, RequireScope('größe')] },
    symbols: { handler: [guarded, RequireScope("https://api.example.com/auth#users:read!'(x)")] },
    twice: { controller: [guarded, RequireScope('read')], handler: [RequireScope('read', 'b')] },
    excused: {
      handler: [
        guarded,
        RequireScope(['read'], { override: { role: 'admin' } }),
        RequireScope('b'),
      ],
    },
  };

  let app: RunningApp;
  beforeAll(async () => {
    const cases = CASES.map(([, parts]) => parts);
    app = await createApp('express', { controllers: [...indexed(cases), ...named(CHALLENGES)] });
  });
  afterAll(() => app.close());

  const call = async (path: string, claims: object) => {
    const { challenge, ...answer } = await answerTo(app, path, claims);
    return { ...answer, challenge: sorted(challenge) };
  };

  function refused(words?: string, msg = 'Missing required scope(s)'): object {
    const scope = words === undefined ? '' : `, scope="${words}"`;
    return { status: 403, body: { msg }, challenge: INSUFFICIENT + scope };
  }

  /** Sorts the words, whose order depends on the levels. */
  function sorted(challenge: string | null): string | null {
    const sort = (_: string, words: string) => `scope="${words.split(' ').sort().join(' ')}"`;
    return challenge?.replace(/scope="([^"]*)"$/, sort) ?? null;
  }

  it.each(CASES.map(([title, , verdicts], index) => ({ title, ...verdicts, index })))(
    '$title accepts tokens that have it, and otherwise names the words that are needed (R68)',
    async ({ meeting, lacking, named: words, index }) => {
      for (const scope of meeting) {
        const answer = await call(`/route-${index}`, { scope });
        expect({ scope, answer }).toEqual({ scope, answer: IN });
      }
      for (const scope of lacking) {
        const answer = await call(`/route-${index}`, { scope });
        expect({ scope, answer }).toEqual({ scope, answer: refused(words) });
      }
    },
  );

  const claimsMissing = refused(undefined, 'Missing required claim(s)');
  it.each<[string, string, object, object]>([
    ['no word if a claim is missing too', 'claims', {}, claimsMissing],
    ['the words if only words are missing', 'claims', { role: 'admin' }, refused('read')],
    ['the words if members are missing too', 'mixed', {}, refused('read')],
    ['no word if only members are missing', 'mixed', { scope: 'read' }, refused()],
    ['no word if one has a quotation mark', 'quoted', {}, refused()],
    ['no word if one has a backslash', 'backslash', {}, refused()],
    ['no word if one is not ASCII', 'accents', {}, refused()],
    [
      'words with every permitted character',
      'symbols',
      {},
      refused("https://api.example.com/auth#users:read!'(x)"),
    ],
    ['a word once that two levels require', 'twice', {}, refused('b read')],
    ['every word if the token has one of them', 'twice', { scope: 'b' }, refused('b read')],
    ['no word that an override makes unnecessary', 'excused', { role: 'admin' }, refused('b')],
    ['every word if the override does not apply', 'excused', {}, refused('b read')],
    [
      'nothing from the token',
      'twice',
      { scope: 'x", realm="evil\r\nSet-Cookie: a=b' },
      refused('b read'),
    ],
  ])('the challenge has %s (R68)', async (_title, path, claims, expected) => {
    expect(await call(`/${path}`, claims)).toEqual(expected);
  });

  it('a missing scope calls the callback for insufficient claims', async () => {
    const answer = { status: 404, body: { title: 'Not found' } };
    const own = await createApp('express', {
      controllers: named({ '/': { handler: [guarded, RequireScope('read')] } }),
      options: { responses: { insufficientClaims: () => answer } },
    });
    expect(await answerTo(own, '/', {})).toEqual({ ...answer, challenge: null });
    await own.close();
  });
});

describe('Required route parameters', () => {
  const user = MatchParam('username', { claim: 'sub', override: { roles: 'admin' } });
  const both = { sub: 'username', tenant: 'tenant' };
  const ROUTES: Record<string, RouteParts> = {
    'users/:username': { handler: [guarded, user] },
    'tenants/:tenant/:username': {
      handler: [JwtRequired({ params: both, override: { roles: 'admin' } })],
    },
    'named/:tenant': { handler: [guarded, MatchParam('tenant')] },
    'plans/:username': {
      handler: [guarded, MatchParam('username', { claim: 'sub' }), RequireClaims({ plan: 'pro' })],
    },
    'own/:constructor': {
      handler: [guarded, MatchParam('constructor', { claim: 'constructor' })],
    },
  };

  @UseGuards(AccessGuard)
  @Controller()
  class OwnController {
    @MatchParam('username', { claim: 'sub' })
    @Get(['me', 'me/:username'])
    own() {
      return 'in';
    }
  }

  @UseGuards(AccessGuard)
  @MatchParam('tenant')
  @Controller({ path: ':tenant/books', version: '1' })
  class BooksController {
    @Get(':id')
    book() {
      return 'in';
    }
  }

  @Module({ controllers: [routeAt('shelves', { controller: [guarded, MatchParam('tenant')] })] })
  class ShelvesModule {}

  const LACKING = {
    status: 403,
    body: { msg: 'Missing required claim(s)' },
    challenge: INSUFFICIENT,
  };

  describe.each(ADAPTERS)('a route parameter on %s', (adapter) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [...named(ROUTES), OwnController, BooksController],
        imports: [
          ShelvesModule,
          RouterModule.register([{ path: 'of/:tenant', module: ShelvesModule }]),
        ],
        configure: (nest) => nest.enableVersioning({ type: VersioningType.URI }),
      });
    });
    afterAll(() => app.close());
    const call = (path: string, claims: object) => answerTo(app, path, claims);

    it.each<[string, Record<string, unknown>]>([
      ['/users/alice', { sub: 'alice' }],
      ['/users/%61lice', { sub: 'alice' }],
      ['/users/J%C3%B6rg%20B', { sub: 'Jörg B' }],
      ['/users/a%2Fb', { sub: 'a/b' }],
      ['/users/%2561lice', { sub: '%61lice' }],
      ['/users/bob', { sub: 'alice', roles: ['admin'] }],
      ['/tenants/acme/alice', { sub: 'alice', tenant: 'acme' }],
      ['/tenants/7/alice', { sub: 'alice', tenant: 7 }],
      ['/tenants/b/alice', { sub: 'alice', tenant: ['a', 'b'] }],
      ['/tenants/x/y', { sub: 'alice', roles: 'admin' }],
      ['/named/acme', { tenant: 'acme' }],
      ['/plans/alice', { sub: 'alice', plan: 'pro' }],
      ['/me/alice', { sub: 'alice' }],
      ['/v1/acme/books/5', { tenant: 'acme' }],
      ['/of/acme/shelves', { tenant: 'acme' }],
    ])('accepts the user that it names: %s for %j', async (path, claims) => {
      expect(await call(path, claims)).toEqual(IN);
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

    it('with the name of a member of every object is its own (R35)', async () => {
      const claims = JSON.stringify(accessClaims()).replace(/}$/, ',"constructor":"x"}');
      expect((await app.send('GET', '/own/x', { token: forgeToken(claims) })).status).toBe(200);
      expect((await app.send('GET', '/own/y', { token: forgeToken(claims) })).status).toBe(403);
      expect(await call('/own/Object', {})).toEqual(LACKING);
    });

    it.each(['/users/%', '/users/%zz', '/users/%c3%28', '/users/%E0%A4%A'])(
      'that cannot be decoded is refused, and the next request is accepted: %s',
      async (path) => {
        const { status } = await call(path, { sub: 'alice', roles: 'admin' });
        expect([400, 404]).toContain(status);
        expect(await call('/users/alice', { sub: 'alice' })).toMatchObject({ status: 200 });
      },
    );
  });

  it.each([
    // Express provides the segments of a wildcard as a list, which equals no claim.
    ['express', 'files/*rest', 'rest', '/files/alice', 'alice', 403],
    ['express', 'files/*rest', 'rest', '/files/a/b', 'a,b', 403],
    ['express', 'files/*rest', 'rest', '/files/a/b', 'a/b', 403],
    // Fastify provides text, which is compared like the text of any parameter.
    ['fastify', 'files/*', '*', '/files/a/b', 'a/b', 200],
    ['fastify', 'files/*', '*', '/files/a/b', 'a', 403],
    ['fastify', 'files/*', '*', '/files/', 'alice', 403],
  ] as const)(
    'a wildcard is compared in the form that %s provides: %s, parameter %s, %s for %s is %d',
    async (adapter, route, name, path, sub, status) => {
      const handler = [guarded, MatchParam(name, { claim: 'sub' })];
      const app = await createApp(adapter, { controllers: [routeAt(route, { handler })] });
      expect(await answerTo(app, path, { sub })).toMatchObject({ status });
      await app.close();
    },
  );
});
