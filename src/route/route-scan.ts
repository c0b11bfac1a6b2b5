import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PATH_METADATA, requireParameters } from './path-parameters.js';
import { type Handler, RoutePolicies } from './route-policies.js';

/** Nest's own key for the path that RouterModule puts a module under. */
const MODULE_PATH = '__module_path__';

/** Resolves every route's policy when the application starts, so that a mistake is found then and not by a client. */
@Injectable()
export class RouteScan implements OnModuleInit {
  readonly #scanner = new MetadataScanner();

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(RoutePolicies) private readonly policies: RoutePolicies,
    @Inject(ApplicationConfig) private readonly application: ApplicationConfig,
  ) {}

  /** @throws JwtExtendedConfigError */
  onModuleInit(): void {
    for (const [controller, module] of this.#controllers()) {
      for (const handler of this.#routesOf(controller)) {
        const { parameters } = this.policies.of(handler, controller);
        if (parameters.length > 0)
          requireParameters(parameters, handler, controller, this.#pathsOutside(module));
      }
    }
  }

  *#controllers(): Iterable<readonly [controller: Type, module: Type]> {
    for (const { controllers, metatype: module } of this.modules.values()) {
      for (const { metatype } of controllers.values()) yield [metatype as Type, module];
    }
  }

  /** What stands before a controller's own path: the global prefix, and what RouterModule puts a module under. */
  #pathsOutside(module: Type): readonly unknown[] {
    const ofModule: unknown =
      Reflect.getMetadata(MODULE_PATH + this.modules.applicationId, module) ??
      Reflect.getMetadata(MODULE_PATH, module);
    return [this.application.getGlobalPrefix(), ofModule];
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
