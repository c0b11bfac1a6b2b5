import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Type, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  Fresh,
  FreshGuard,
  JwtOptional,
  JwtRequired,
  Public,
  RefreshGuard,
} from '../../src/index.js';
import { type AppParts, createApp, type RunningApp } from './app.js';
import { askedBy, type Presented, routeAt, type RouteParts, tokensOf } from './routes.js';

/** Decorators by the words that name them in the description of a route. */
export type Words = Readonly<Record<string, ClassDecorator & MethodDecorator>>;

const WORDS: Words = {
  AccessGuard: UseGuards(AccessGuard),
  FreshGuard: UseGuards(FreshGuard),
  RefreshGuard: UseGuards(RefreshGuard),
  Fresh: Fresh(),
  'Fresh(false)': Fresh(false),
  JwtOptional: JwtOptional(),
  JwtRequired: JwtRequired(),
  Public: Public(),
  'Public(false)': Public(false),
};

/**
 * The decorators of a route from its description: `AccessGuard + Fresh` stand on the handler, and in
 * `AccessGuard + Fresh / JwtOptional` the first two stand on the class; `-` is no decorator.
 */
export function partsOf(description: string, words: Words = {}): RouteParts {
  const levels = description.split(' / ').map((level) =>
    level
      .split(' + ')
      .filter((name) => name !== '-')
      .map((name) => {
        const decorator = words[name] ?? WORDS[name];
        if (!decorator) throw new Error(`There is no decorator ${name}`);
        return decorator;
      }),
  );
  return { controller: levels.at(-2) ?? [], handler: levels.at(-1) ?? [] };
}

/** A controller for each description; the path of the first is `/route-0`. */
export function routesFor(descriptions: readonly string[], words?: Words): Type[] {
  return descriptions.map((description, index) =>
    routeAt(`route-${index}`, partsOf(description, words)),
  );
}

/** A class with methods that respond `in`, each with its decorators. */
export function withRoutes(
  routes: Readonly<Record<string, readonly MethodDecorator[]>>,
  decorators: readonly ClassDecorator[] = [],
  parent: Type = class {},
): Type {
  class OwnController extends parent {}
  for (const [name, all] of Object.entries(routes)) {
    const methods = { [name]: () => 'in' };
    const handler = { value: methods[name], configurable: true, writable: true };
    Object.defineProperty(OwnController.prototype, name, handler);
    for (const decorate of all) decorate(OwnController.prototype, name, handler);
  }
  for (const decorate of decorators) decorate(OwnController);
  return OwnController;
}

/** States which token each route of one application requires, in the words of `askedBy`. */
export function describeRoutes(
  title: string,
  rows: readonly (readonly [description: string, required: string])[],
  { words, ...parts }: AppParts & { readonly words?: Words } = {},
): void {
  describe(title, () => {
    let app: RunningApp;
    let tokens: Presented;
    beforeAll(async () => {
      const descriptions = rows.map(([description]) => description);
      app = await createApp('express', { ...parts, controllers: routesFor(descriptions, words) });
      tokens = await tokensOf(app);
    });
    afterAll(() => app.close());

    it.each(rows.map(([route, required], index) => ({ route, required, path: `/route-${index}` })))(
      '$route requires: $required',
      async ({ path, required }) => {
        expect(await askedBy(app, path, tokens)).toBe(required);
      },
    );
  });
}
