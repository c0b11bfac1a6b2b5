import { RequestMethod, type Type, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { joined } from '../options/endpoint-options.js';
import {
  controllerHandlers,
  type Handler,
  isRoute,
  METHOD_METADATA,
  PATH_METADATA,
  pathOfModule,
} from '../route/handlers.js';

/** Nest's metadata key for the version of a controller or a handler. */
const VERSION_METADATA = '__version__';

export type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

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
  constructor(
    private readonly modules: ModulesContainer,
    private readonly application: ApplicationConfig,
  ) {}

  all(): readonly MountedRoute[] {
    return [...this.modules.values()].flatMap((module) =>
      [...module.controllers.values()].flatMap(({ metatype }) => {
        const controller = metatype as Type;
        return controllerHandlers(controller)
          .filter(isRoute)
          .map((handler) => ({
            controller,
            handler,
            module,
            method: metadataOf(METHOD_METADATA, handler) as RequestMethod,
            paths: this.#pathsOf(handler, controller, module.metatype),
          }));
      }),
    );
  }

  /** As Nest builds them: global prefix, version, the path of the module in RouterModule, controller and handler. */
  #pathsOf(handler: Handler, controller: Type, module: Type): readonly string[] {
    const { application, modules } = this;
    const outside = stepsIn(pathOfModule(module, modules));
    const method = metadataOf(METHOD_METADATA, handler) as RequestMethod;
    const inside = stepsIn(metadataOf(PATH_METADATA, controller)).flatMap((own) =>
      stepsIn(metadataOf(PATH_METADATA, handler)).map((step) => {
        const path = joined(...outside, own, step);
        // As Nest writes the path of a handler without one of its own, when it looks for it among the exclusions.
        return { path, written: joined(step) === '/' && path !== '/' ? `${path}/` : path };
      }),
    );
    return inside.flatMap(({ path, written }) => {
      const prefix = this.#isExcluded(written, method) ? '' : application.getGlobalPrefix();
      return this.#versionsOf(handler, controller).map((version) => joined(prefix, version, path));
    });
  }

  #isExcluded(path: string, method: RequestMethod): boolean {
    const { exclude = [] } = this.application.getGlobalPrefixOptions();
    return exclude.some(
      ({ requestMethod, pathRegex }) =>
        [RequestMethod.ALL, -1, method].includes(requestMethod) && pathRegex.test(path),
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
