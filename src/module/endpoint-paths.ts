import { type OnModuleInit, RequestMethod, type Type, VersioningType } from '@nestjs/common';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { MountedEndpoints } from '../options/endpoint-options.js';
import { type CookiePathParts, CookiePaths } from './cookie-paths.js';
import { type MountedRoute, mountedRoutes } from './mounted-routes.js';

/** Nest's metadata key of a controller for some hosts only. */
const HOST_METADATA = 'host';

type EndpointName = keyof Omit<MountedEndpoints, 'jwks'>;

interface EndpointPathParts extends CookiePathParts {
  /** The controllers of this module's endpoints. */
  readonly endpoints: Readonly<Partial<Record<EndpointName, Type | undefined>>>;
  readonly modules: ModulesContainer;
  readonly host: HttpAdapterHost;
}

/**
 * Checks the paths of the application at start, when global prefix and versions are known: that no other route takes the
 * requests of an endpoint, and that browsers send the token cookies where they are read. On Express, the first of two
 * routes with one path gets all requests; Fastify refuses the second itself.
 */
export class EndpointPaths implements OnModuleInit {
  constructor(private readonly parts: EndpointPathParts) {}

  /** @throws JwtExtendedConfigError - for an endpoint at the path of another route, or at one without its cookie */
  onModuleInit(): void {
    const { modules, application, host } = this.parts;
    // A standalone application context, and a microservice, have no routes.
    const adapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (!adapter) return;
    const routes = mountedRoutes(modules, application);
    this.#requireOwnPaths(routes.filter(isPost));
    const cookiePaths = new CookiePaths(this.parts);
    cookiePaths.checkEndpoints(routes);
    // Of several modules, only the guards themselves know which one they belong to.
    const owners = [...modules.values()].filter(({ providers }) => providers.has(EndpointPaths));
    if (owners.length === 1) cookiePaths.warnAboutOthers(routes);
  }

  #requireOwnPaths(routes: readonly MountedRoute[]): void {
    const { endpoints, application } = this.parts;
    // Of other kinds of versions, routes of several versions share a path.
    const { type = VersioningType.URI } = application.getVersioning() ?? {};
    if (type !== VersioningType.URI) return;
    for (const [name, controller] of Object.entries(endpoints)) {
      const own = routes.find((route) => route.controller === controller);
      if (own) requireOwnPath(name, own, routes);
    }
  }
}

function isPost({ method, controller }: MountedRoute): boolean {
  const isForSomeHosts = Reflect.getMetadata(HOST_METADATA, controller) !== undefined;
  return [RequestMethod.POST, RequestMethod.ALL].includes(method) && !isForSomeHosts;
}

function requireOwnPath(name: string, own: MountedRoute, routes: readonly MountedRoute[]): void {
  for (const { controller, handler, module, paths } of routes) {
    const path = paths.find((each) => own.paths.includes(each));
    if (controller === own.controller || path === undefined) continue;
    if (module.providers.has(EndpointPaths))
      throw new JwtExtendedConfigError(
        `two JwtExtendedModules have an endpoint at POST ${path}, and only one of them would get the requests: give one of ` +
          `the modules another path, such as endpoints: { path: 'staff' }, or this endpoint alone, such as ` +
          `endpoints: { ${name}: '/staff/${name}' }`,
      );
    throw new JwtExtendedConfigError(
      `endpoints.${name} and ${controller.name}.${handler.name} are both at POST ${path}, and only one of them would get the ` +
        `requests: leave out endpoints.${name}, or give either another path, the endpoint with endpoints.path`,
    );
  }
}
