import { Inject, Injectable, type Type } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { GuardKind } from './guard-kind.js';
import { mergePolicy } from './merge-policy.js';
import { levelOf, levelOfGuards, type PolicyLevel } from './policy-level.js';

/** A method of a controller. */
export type Handler = (...args: never[]) => unknown;

/** What is known of a handler in the class that it is called on: a class may inherit it from another. */
interface Route {
  readonly levels: readonly PolicyLevel[];
  readonly policy: RoutePolicy | undefined;
  /** Policies for guards that run on the route without standing on any of its levels. */
  readonly unlisted: Map<GuardKind, RoutePolicy | undefined>;
}

/** The one policy of each handler, resolved the first time it is asked for. */
@Injectable()
export class RoutePolicies {
  readonly #routes = new WeakMap<Handler, Map<Type, Route>>();

  constructor(@Inject(ApplicationConfig) private readonly application: ApplicationConfig) {}

  /**
   * What the route asks for; `undefined` where it is open to all.
   *
   * @param running - the guard that is asked. One that stands on no level (another guard may have called it) is taken
   * for one on the handler, so that it never lets in whom it would refuse elsewhere
   * @throws JwtExtendedConfigError - when the route's guards and decorators contradict one another
   */
  of(handler: Handler, controller: Type, running?: GuardKind): RoutePolicy | undefined {
    const route = this.#routeOf(handler, controller);
    if (!running || route.levels.some(({ guards }) => guards.has(running))) return route.policy;
    if (!route.unlisted.has(running)) {
      route.unlisted.set(running, mergePolicy(withGuard(route.levels, running)));
    }
    return route.unlisted.get(running);
  }

  #routeOf(handler: Handler, controller: Type): Route {
    const routes = this.#routes.get(handler) ?? new Map<Type, Route>();
    const known = routes.get(controller);
    if (known) return known;
    const route = this.#resolve(handler, controller);
    this.#routes.set(handler, routes.set(controller, route));
    return route;
  }

  #resolve(handler: Handler, controller: Type): Route {
    const levels = [
      levelOf(`${controller.name}.${handler.name}`, handler),
      levelOf(controller.name, controller),
      levelOfGuards('the application', this.#globalGuards()),
    ];
    return { levels, policy: mergePolicy(levels), unlisted: new Map() };
  }

  /** Those of `APP_GUARD` and `useGlobalGuards` alike; of request-scoped ones only the class is there yet. */
  #globalGuards(): readonly unknown[] {
    const scoped = this.application.getGlobalRequestGuards().map(({ metatype }) => metatype);
    return [...this.application.getGlobalGuards(), ...scoped];
  }
}

function withGuard(
  [handler, ...outer]: readonly PolicyLevel[],
  kind: GuardKind,
): readonly PolicyLevel[] {
  return handler ? [{ ...handler, guards: new Set([...handler.guards, kind]) }, ...outer] : outer;
}
