import { RequestMethod, type Type, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { type ApplicationConfig, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { Handler } from '../route/handlers.js';

/** Nest's metadata keys. A method without a path is not a route. */
const PATH_METADATA = 'path';
const METHOD_METADATA = 'method';
const VERSION_METADATA = '__version__';
const MODULE_PATH = '__module_path__';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/** A handler and the paths of its URLs, with global prefix and version. */
export interface MountedRoute {
  readonly controller: Type;
  readonly handler: Handler;
  readonly module: NestModule;
  readonly method: RequestMethod;
  readonly paths: readonly string[];
}

/** The routes of all controllers. Global prefix and versions are known once the application initializes its modules. */
export function mountedRoutes(
  modules: ModulesContainer,
  application: ApplicationConfig,
): readonly MountedRoute[] {
  return new RouteReader(modules, application).all();
}

class RouteReader {
  readonly #scanner = new MetadataScanner();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly application: ApplicationConfig,
  ) {}

  all(): readonly MountedRoute[] {
    return [...this.modules.values()].flatMap((module) =>
      [...module.controllers.values()].flatMap(({ metatype }) => {
        const controller = metatype as Type;
        return this.#handlersOf(controller).map((handler) => ({
          controller,
          handler,
          module,
          method: metadataOf(METHOD_METADATA, handler) as RequestMethod,
          paths: this.#pathsOf(handler, controller, module.metatype),
        }));
      }),
    );
  }

  #handlersOf(controller: Type): readonly Handler[] {
    const prototype = controller.prototype as Record<string, Handler>;
    return this.#scanner
      .getAllMethodNames(prototype)
      .map((name) => prototype[name])
      .filter((method) => method !== undefined)
      .filter((method) => Reflect.hasMetadata(PATH_METADATA, method));
  }

  /** As Nest builds them: global prefix, version, the path of the module in RouterModule, controller and handler. */
  #pathsOf(handler: Handler, controller: Type, module: Type): readonly string[] {
    const { application, modules } = this;
    const ofModule = metadataOf(MODULE_PATH + modules.applicationId, module);
    const outside = stepsIn(ofModule ?? metadataOf(MODULE_PATH, module));
    const method = metadataOf(METHOD_METADATA, handler) as RequestMethod;
    const inside = stepsIn(metadataOf(PATH_METADATA, controller)).flatMap((own) =>
      stepsIn(metadataOf(PATH_METADATA, handler)).map((step) => joined(...outside, own, step)),
    );
    return inside.flatMap((path) => {
      const prefix = this.#isExcluded(path, method) ? '' : application.getGlobalPrefix();
      return this.#versionsOf(handler, controller).map((version) => joined(prefix, version, path));
    });
  }

  /** Nest also looks for a path with a final slash, as a handler without a path of its own has. */
  #isExcluded(path: string, method: RequestMethod): boolean {
    const { exclude = [] } = this.application.getGlobalPrefixOptions();
    return exclude.some(
      ({ requestMethod, pathRegex }) =>
        [RequestMethod.ALL, -1, method].includes(requestMethod) &&
        [path, `${path}/`].some((each) => pathRegex.test(each)),
    );
  }

  /** The steps of the path that name a version; an empty one without a version. */
  #versionsOf(handler: Handler, controller: Type): readonly string[] {
    const versioning = this.application.getVersioning();
    if (versioning?.type !== VersioningType.URI) return [''];
    const { defaultVersion, prefix = 'v' } = versioning;
    const ofController = metadataOf(VERSION_METADATA, controller) ?? defaultVersion;
    const version = metadataOf(VERSION_METADATA, handler) ?? ofController ?? VERSION_NEUTRAL;
    return ([version].flat() as (string | typeof VERSION_NEUTRAL)[]).map((each) =>
      each === VERSION_NEUTRAL ? '' : `${prefix || ''}${each}`,
    );
  }
}

function metadataOf(key: string, target: object): unknown {
  return Reflect.getMetadata(key, target) as unknown;
}

function stepsIn(path: unknown): readonly string[] {
  return [path ?? ''].flat().map(String);
}

export function joined(...parts: readonly string[]): string {
  const steps = parts.flatMap((part) => part.split('/')).filter((step) => step !== '');
  return `/${steps.join('/')}`;
}
