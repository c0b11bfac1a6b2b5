import { type CanActivate, Injectable, Scope, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  Fresh,
  FreshGuard,
  JwtOptional,
  JwtRequired,
  Public,
  RefreshGuard,
} from '../../../src/index.js';
import { ADAPTERS, type AppParts, createApp, type RunningApp } from '../../support/app.js';
import { askedBy, type Presented, routeAt, tokensOf } from '../../support/routes.js';

@Injectable()
class OwnGuard extends AccessGuard {}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard extends AccessGuard {}

@Injectable()
class IndifferentGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** Ways to register a global guard for access tokens. */
const WAYS: readonly [string, AppParts][] = [
  ['globalGuard', { extras: { globalGuard: true } }],
  ['an APP_GUARD of AccessGuard', { providers: [{ provide: APP_GUARD, useClass: AccessGuard }] }],
  [
    'an APP_GUARD with useExisting',
    { providers: [{ provide: APP_GUARD, useExisting: AccessGuard }] },
  ],
  [
    'an APP_GUARD from a factory',
    {
      providers: [
        { provide: APP_GUARD, useFactory: (guard: AccessGuard) => guard, inject: [AccessGuard] },
      ],
    },
  ],
  ['an APP_GUARD of a subclass', { providers: [{ provide: APP_GUARD, useClass: OwnGuard }] }],
  [
    'a request-scoped APP_GUARD of a subclass',
    { providers: [{ provide: APP_GUARD, useClass: RequestScopedGuard }] },
  ],
  [
    'a request-scoped APP_GUARD of a subclass with useExisting',
    { providers: [RequestScopedGuard, { provide: APP_GUARD, useExisting: RequestScopedGuard }] },
  ],
  ['useGlobalGuards', { configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)) }],
  [
    'useGlobalGuards with a guard of another kind',
    { configure: (nest) => nest.useGlobalGuards(new IndifferentGuard(), nest.get(AccessGuard)) },
  ],
  [
    'globalGuard and useGlobalGuards at once',
    {
      extras: { globalGuard: true },
      configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)),
    },
  ],
];

const ROUTES: readonly [string, ClassDecorator[], MethodDecorator[], string][] = [
  ['undecorated', [], [], 'access token'],
  ['refresh', [], [UseGuards(RefreshGuard)], 'refresh token'],
  ['class-refresh', [UseGuards(RefreshGuard)], [], 'refresh token'],
  ['fresh-guard', [], [UseGuards(FreshGuard)], 'fresh token'],
  ['fresh', [], [Fresh()], 'fresh token'],
  ['optional', [], [JwtOptional()], 'optional access token'],
  ['public', [], [Public()], 'lets everybody in'],
  ['class-public', [Public()], [], 'lets everybody in'],
  ['required-refresh', [], [JwtRequired({ refresh: true })], 'refresh token'],
];

describe.each(ADAPTERS)('Registered on %s', (adapter) => {
  describe.each(WAYS)('a global guard, by %s,', (_way, parts) => {
    let app: RunningApp;
    let tokens: Presented;
    beforeAll(async () => {
      app = await createApp(adapter, {
        ...parts,
        controllers: ROUTES.map(([path, controller, handler]) =>
          routeAt(path, { controller, handler }),
        ),
      });
      tokens = await tokensOf(app);
    });
    afterAll(() => app.close());

    it.each(ROUTES)(
      'protects the route "%s" as any other registration does (R54)',
      async (path, _c, _h, asked) => {
        expect(await askedBy(app, `/${path}`, tokens)).toBe(asked);
      },
    );
  });

  describe('a guard on the route itself', () => {
    @Injectable()
    class OwnFreshGuard extends FreshGuard {}
    @Injectable()
    class OwnRefreshGuard extends RefreshGuard {}
    @Injectable({ scope: Scope.REQUEST })
    class ScopedRefreshGuard extends RefreshGuard {}

    const cases: readonly [string, MethodDecorator, string][] = [
      ['a subclass of AccessGuard', UseGuards(OwnGuard), 'access token'],
      ['a subclass of FreshGuard', UseGuards(OwnFreshGuard), 'fresh token'],
      ['a subclass of RefreshGuard', UseGuards(OwnRefreshGuard), 'refresh token'],
      ['a request-scoped subclass', UseGuards(ScopedRefreshGuard), 'refresh token'],
      ['AccessGuard and FreshGuard', UseGuards(AccessGuard, FreshGuard), 'fresh token'],
      ['FreshGuard and AccessGuard', UseGuards(FreshGuard, AccessGuard), 'fresh token'],
      ['AccessGuard and a subclass', UseGuards(AccessGuard, OwnGuard), 'access token'],
      [
        'AccessGuard and a guard of another kind',
        UseGuards(AccessGuard, IndifferentGuard),
        'access token',
      ],
      ['only a guard of another kind', UseGuards(IndifferentGuard), 'lets everybody in'],
      ['no guard', () => undefined, 'lets everybody in'],
    ];

    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: cases.map(([, decorator], index) =>
          routeAt(`route-${index}`, { handler: [decorator] }),
        ),
      });
    });
    afterAll(() => app.close());

    it.each(cases.map(([title, , asked], index) => [title, asked, index] as const))(
      'may be %s, with the outcome: %s',
      async (_title, asked, index) => {
        expect(await askedBy(app, `/route-${index}`)).toBe(asked);
      },
    );
  });
});
