import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { type Handler, RoutePolicies } from './route-policies.js';

/** Nest's own key for a handler's path; what has none is no route. */
const PATH_METADATA = 'path';

/** Resolves every route's policy when the application starts, so that a mistake is found then and not by a client. */
@Injectable()
export class RouteScan implements OnModuleInit {
  readonly #scanner = new MetadataScanner();

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(RoutePolicies) private readonly policies: RoutePolicies,
  ) {}

  /** @throws JwtExtendedConfigError */
  onModuleInit(): void {
    for (const controller of this.#controllers()) {
      for (const handler of this.#routesOf(controller)) this.policies.of(handler, controller);
    }
  }

  *#controllers(): Iterable<Type> {
    for (const { controllers } of this.modules.values()) {
      for (const { metatype } of controllers.values()) {
        if (typeof metatype === 'function') yield metatype as Type;
      }
    }
  }

  #routesOf(controller: Type): readonly Handler[] {
    const prototype = controller.prototype as Record<string, Handler>;
    return this.#scanner
      .getAllMethodNames(prototype)
      .map((name) => prototype[name])
      .filter((method) => method !== undefined)
      .filter((method) => Reflect.hasMetadata(PATH_METADATA, method));
  }
}
