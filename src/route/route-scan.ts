import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type Handler, RoutePolicies } from './route.js';

/** Nest's own key for the path of a controller or a handler; what has none is no route. */
const PATH_METADATA = 'path';

/**
 * A requirement about a parameter that no path of the route has would refuse everybody.
 *
 * @param outside - the paths that stand before the controller's own
 * @throws JwtExtendedConfigError
 */
export function requireParameters(
  parameters: readonly string[],
  handler: object & { readonly name: string },
  controller: object & { readonly name: string },
  outside: readonly unknown[],
): void {
  const own = [controller, handler].map(
    (part) => Reflect.getMetadata(PATH_METADATA, part) as unknown,
  );
  const paths = [...outside, ...own].flat().filter((path) => path !== undefined);
  const missing = parameters.find((name) => !paths.some((path) => mayHave(path, name)));
  if (missing === undefined) return;
  throw new JwtExtendedConfigError(
    `${controller.name}.${handler.name} requires a claim to be the route parameter '${missing}', which its path ` +
      'does not have: give the name of one that it has, without the colon',
  );
}

/** A path that is no text may have any parameter; in text its name follows a colon, or the star of a wildcard. */
function mayHave(path: unknown, name: string): boolean {
  if (typeof path !== 'string') return true;
  if (name === '*') return path.includes('*');
  const escaped = name.replace(/[^\w]/g, '\\$&');
  return new RegExp(`[:*]"?${escaped}(?![\\w$])`).test(path);
}

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
