import { type OnModuleInit, RequestMethod, type Type, VersioningType } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { MountedEndpoints } from '../options/endpoint-options.js';
import { type MountedRoute, mountedRoutes } from './mounted-routes.js';

/** Nest's metadata key of a controller for some hosts only. */
const HOST_METADATA = 'host';

type EndpointName = keyof Omit<MountedEndpoints, 'jwks'>;

interface EndpointPathParts {
  /** The controllers of this module's endpoints. */
  readonly endpoints: Readonly<Partial<Record<EndpointName, Type | undefined>>>;
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly host: HttpAdapterHost;
}

/**
 * Checks at start that no other route takes the requests of an endpoint. On Express, the first of two routes gets them
 * all; Fastify refuses the second itself.
 */
export class EndpointPaths implements OnModuleInit {
  constructor(private readonly parts: EndpointPathParts) {}

  /** @throws JwtExtendedConfigError - for an endpoint at the path of another route */
  onModuleInit(): void {
    const { endpoints, modules, application, host } = this.parts;
    // A standalone application context, and a microservice, have no routes.
    const adapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    // Of other kinds of versions, routes of several versions share a path.
    const { type = VersioningType.URI } = application.getVersioning() ?? {};
    if (!adapter || type !== VersioningType.URI) return;
    const routes = mountedRoutes(modules, application).filter(isPost);
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
