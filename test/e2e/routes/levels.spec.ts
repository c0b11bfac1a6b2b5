import { type Type, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessGuard, FreshGuard, RefreshGuard } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { askedBy, type Presented, routeAt, tokensOf } from '../../support/routes.js';

const GUARDS = { none: undefined, AccessGuard, FreshGuard, RefreshGuard };
type GuardName = keyof typeof GUARDS;
const NAMES = Object.keys(GUARDS) as GuardName[];

const CASES = NAMES.flatMap((controller) =>
  NAMES.map((handler) => ({ controller, handler, path: `/${controller}/${handler}` })),
);

/** The rule, said once more in other words: the nearest guard decides the type, and freshness adds up. */
function rule(...outwards: GuardName[]): string {
  const nearest = outwards.find((name) => name !== 'none');
  if (nearest === undefined) return 'lets everybody in';
  if (nearest === 'RefreshGuard') return 'refresh token';
  return outwards.includes('FreshGuard') ? 'fresh token' : 'access token';
}

function guarding(name: GuardName): (ClassDecorator & MethodDecorator)[] {
  const guard = GUARDS[name];
  return guard ? [UseGuards(guard)] : [];
}

describe.each(ADAPTERS)('levels of guards on %s', (adapter) => {
  describe.each(NAMES)('with %s on the application (R54)', (name) => {
    let app: RunningApp;
    let tokens: Presented;
    beforeAll(async () => {
      const guard: Type | undefined = GUARDS[name];
      app = await createApp(adapter, {
        controllers: CASES.map(({ path, controller, handler }) =>
          routeAt(path, { controller: guarding(controller), handler: guarding(handler) }),
        ),
        configure: (nest) => guard && nest.useGlobalGuards(nest.get(guard)),
      });
      tokens = await tokensOf(app);
    });
    afterAll(() => app.close());

    it.each(CASES)(
      'asks for what the levels add up to: $controller on the controller, $handler on the handler',
      async ({ path, controller, handler }) => {
        expect(await askedBy(app, path, tokens)).toBe(rule(handler, controller, name));
      },
    );
  });
});
