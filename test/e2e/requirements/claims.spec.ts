import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  type ClaimValue,
  JwtOptional,
  JwtRequired,
  RefreshGuard,
  RequireClaims,
  type RequiredClaims,
  type Token,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { type RouteParts, routeAt } from '../../support/routes.js';

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

describe.each(ADAPTERS)('on %s', (adapter) => {
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

    it('ask nothing of nobody on an optional route, and all of a token that is presented', async () => {
      expect(await call('/optional')).toEqual(IN);
      expect(await call('/optional', tokenWith({ role: 'admin' }))).toEqual(IN);
      expect(await call('/optional', tokenWith({ role: 'user' }))).toEqual(LACKING);
    });

    it('are asked of refresh tokens too', async () => {
      const refresh = (claims: object) => tokenWith({ type: 'refresh', ...claims });
      expect(await call('/refresh', refresh({ role: 'admin' }))).toEqual(IN);
      expect(await call('/refresh', refresh({}))).toEqual(LACKING);
    });

    it.each(['twice', 'both'])('of several decorators on one handler add up: %s', async (route) => {
      expect(await call(`/${route}`, tokenWith({ roles: ['b', 'a'] }))).toEqual(IN);
      expect(await call(`/${route}`, tokenWith({ roles: ['a'] }))).toEqual(LACKING);
      expect(await call(`/${route}`, tokenWith({ roles: ['b'] }))).toEqual(LACKING);
    });

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
