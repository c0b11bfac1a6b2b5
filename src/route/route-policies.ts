import { Inject, Injectable, type Type } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { levelOf, levelOfGuards } from './policy-level.js';
import { Route } from './route.js';

/** A method of a controller. */
export type Handler = (...args: never[]) => unknown;

/** The routes of the application, each resolved the first time it is asked for. */
@Injectable()
export class RoutePolicies {
  readonly #routes = new WeakMap<Handler, Map<Type, Route>>();

  constructor(@Inject(ApplicationConfig) private readonly application: ApplicationConfig) {}

  /**
   * @param controller - the class the handler is called on, which may have inherited it
   * @throws JwtExtendedConfigError - when the route's guards and decorators contradict one another
   */
  of(handler: Handler, controller: Type): Route {
    const routes = this.#routes.get(handler) ?? new Map<Type, Route>();
    const known = routes.get(controller);
    if (known) return known;
    const route = new Route([
      levelOf(`${controller.name}.${handler.name}`, handler),
      levelOf(controller.name, controller),
      levelOfGuards('the application', this.#globalGuards()),
    ]);
    this.#routes.set(handler, routes.set(controller, route));
    return route;
  }

  /**
   * Those of `APP_GUARD` and `useGlobalGuards` alike. Of request-scoped ones only the class is there yet, which
   * `useExisting` keeps behind a factory.
   */
  #globalGuards(): readonly unknown[] {
    const scoped = this.application
      .getGlobalRequestGuards()
      .map(({ metatype, isAlias, inject }) => (isAlias ? inject?.[0] : metatype));
    return [...this.application.getGlobalGuards(), ...scoped];
  }
}
