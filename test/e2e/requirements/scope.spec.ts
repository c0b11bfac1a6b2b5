import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  type CallbackResponse,
  JwtRequired,
  RequireClaims,
  RequireScope,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { type RouteParts, routeAt } from '../../support/routes.js';

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
  { title: '@RequireScope({…})', parts: { handler: [guarded, RequireScope(members)] }, ...MEMBERS },
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

describe.each(ADAPTERS)('a scope on %s', (adapter) => {
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
      '$title lets in whoever has it, be it text, a list or an object',
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
      '$title refuses whoever has not, and tells what is needed where that is words (R68)',
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
      ['is told without what an override excuses from', 'excused', { role: 'admin' }, refused('b')],
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
