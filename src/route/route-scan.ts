import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type Handler, RoutePolicies } from './route.js';
import { CookieRenewal, SlidingSessionInterceptor } from './sliding-session.interceptor.js';

/** Nest's metadata key for the path of a controller or a handler. A method without it is not a route. */
const PATH_METADATA = 'path';

/**
 * Checks that the path of a route has the parameters that its requirements name; otherwise every request would be refused.
 *
 * @param outside - the paths before the controller's own
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
    `${controller.name}.${handler.name} requires that a claim equals the route parameter '${missing}', which its path ` +
      'does not have: give the name of a parameter in its path, without the colon',
  );
}

/** A path that is not a string may have any parameter. In a string the name follows a colon or the star of a wildcard. */
function mayHave(path: unknown, name: string): boolean {
  if (typeof path !== 'string') return true;
  if (name === '*') return path.includes('*');
  const escaped = name.replace(/[^\w]/g, '\\$&');
  return new RegExp(`[:*]"?${escaped}(?![\\w$])`).test(path);
}

/** Nest's metadata key for `@UseInterceptors`. */
const INTERCEPTORS_METADATA = '__interceptors__';

function interceptorsOf(target: object): readonly unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS_METADATA, target) as unknown[] | undefined) ?? [];
}

/** @param interceptor - a class or an instance */
function isSliding(interceptor: unknown): boolean {
  const prototype: unknown =
    typeof interceptor === 'function' ? interceptor.prototype : interceptor;
  return (
    prototype === SlidingSessionInterceptor.prototype ||
    prototype instanceof SlidingSessionInterceptor
  );
}

/** Nest's metadata key for the path that RouterModule gives a module. */
const MODULE_PATH = '__module_path__';

/** Resolves the policy of every route when the application starts, so that a mistake is found then and not by a client. */
@Injectable()
export class RouteScan implements OnModuleInit {
  readonly #scanner = new MetadataScanner();

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(RoutePolicies) private readonly policies: RoutePolicies,
    @Inject(ApplicationConfig) private readonly application: ApplicationConfig,
    @Inject(CookieRenewal) private readonly renewal: CookieRenewal,
  ) {}

  onModuleInit(): void {
    const { application } = this;
    const scoped = application.getGlobalRequestInterceptors().map(({ metatype }) => metatype);
    this.#requireLifetime('the application', [...application.getGlobalInterceptors(), ...scoped]);
    for (const { controllers, metatype: module } of this.modules.values()) {
      for (const { metatype } of controllers.values()) this.#resolve(metatype as Type, module);
    }
  }

  #resolve(controller: Type, module: Type): void {
    this.#requireLifetime(controller.name, interceptorsOf(controller));
    for (const handler of this.#routesOf(controller)) {
      this.#requireLifetime(`${controller.name}.${handler.name}`, interceptorsOf(handler));
      const { parameters } = this.policies.of(handler, controller);
      requireParameters(parameters, handler, controller, this.#pathsOutside(module));
    }
  }

  /** Of several `JwtExtendedModule`s, only the interceptor itself knows which one it renews tokens of. */
  #requireLifetime(where: string, interceptors: readonly unknown[]): void {
    if (this.renewal.hasEnd || !interceptors.some(isSliding)) return;
    const modules = [...this.modules.values()].filter(({ providers }) => providers.has(RouteScan));
    if (modules.length > 1) return;
    throw new JwtExtendedConfigError(
      `SlidingSessionInterceptor on ${where} needs the option sessions: { lifetime }, such as '12h': without an end, ` +
        'a stolen cookie would be renewed for ever',
    );
  }

  /** The paths before a controller's own: the global prefix, and the module's path in RouterModule. */
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
