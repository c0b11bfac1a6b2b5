import { Controller, Logger, type Provider, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { JWKS_PATH, JwksEndpoint } from '../endpoints/jwks.controller.js';
import { loginEndpoint } from '../endpoints/login.controller.js';
import { LogoutEndpoint } from '../endpoints/logout.controller.js';
import { PasswordLogin } from '../endpoints/password-login.js';
import { RefreshEndpoint } from '../endpoints/refresh.controller.js';
import { TokenDelivery } from '../endpoints/token-delivery.js';
import { configError } from '../common/describe.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  type DeliveryWay,
  type EndpointPlan,
  type MountedEndpoints,
  planEndpoints,
} from '../options/endpoint-options.js';
import { warnAboutLocations } from '../options/resolve-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RoutePolicies } from '../route/route.js';
import { requireSubject } from '../tokens/loaders.js';
import { EndpointPaths } from './endpoint-paths.js';
import { ModuleSettings } from './module-settings.js';
import { fromCore } from './wiring.js';

/**
 * Puts an endpoint at a path. Each module needs a controller class of its own, because Nest keeps paths on classes.
 *
 * @param name - the name of the class, which logs, API documents and guards such as a throttler's use
 */
function mountAt(path: string, endpoint: Type, name: string): Type {
  const { [name]: controller } = { [name]: class extends endpoint {} };
  Controller(path)(controller as Type);
  return controller as Type;
}

/** Endpoints are ordinary controllers, except for the key set: it is registered with the HTTP adapter. */
export function endpointParts(mounted: MountedEndpoints): {
  readonly controllers: Type[];
  readonly providers: Provider[];
} {
  const { login, refresh, logout, jwks } = mounted;
  const controllers: Type[] = [];
  const providers: Provider[] = [
    fromCore(
      TokenDelivery,
      (core) => new TokenDelivery(core, planEndpoints(mounted, core.options)),
    ),
  ];
  if (login !== undefined) {
    providers.push(
      fromCore(
        PasswordLogin,
        (core) => new PasswordLogin(core.options, core.events, core.outages, core.renderer),
      ),
    );
  }
  const endpoints = {
    login: login && mountAt(login.path, loginEndpoint(), 'LoginController'),
    refresh: refresh && mountAt(refresh.path, RefreshEndpoint, 'RefreshController'),
    logout: logout && mountAt(logout.path, LogoutEndpoint, 'LogoutController'),
  };
  controllers.push(...Object.values(endpoints).filter((each) => each !== undefined));
  providers.push({
    provide: EndpointPaths,
    useFactory: (
      { options }: ModuleSettings,
      { plan }: TokenDelivery,
      modules: ModulesContainer,
      application: ApplicationConfig,
      host: HttpAdapterHost,
      policies: RoutePolicies,
    ) => new EndpointPaths({ options, plan, endpoints, modules, application, host, policies }),
    inject: [
      ...[ModuleSettings, TokenDelivery, ModulesContainer],
      ...[ApplicationConfig, HttpAdapterHost, RoutePolicies],
    ],
  });
  if (jwks !== undefined) providers.push({ provide: JWKS_PATH, useValue: jwks }, JwksEndpoint);
  return { controllers, providers };
}

/** @throws JwtExtendedConfigError - if an endpoint lacks an option, or `login` is given without its endpoint */
export function checkEndpoints(mounted: MountedEndpoints, { options, ring }: ModuleSettings): void {
  if (mounted.login !== undefined && !options.login)
    throw new JwtExtendedConfigError(
      'endpoints.login needs login.authenticate: the function that checks a username and a password',
    );
  const plan = planEndpoints(mounted, options);
  checkDelivery(mounted, plan, options);
  warnAboutOwnLocations(mounted, plan, options);
  if (mounted.login === undefined && options.login)
    throw new JwtExtendedConfigError(
      'login is given without its endpoint: add endpoints: { login: true } beside the options of forRoot, or beside useFactory',
    );
  const needing = (['refresh', 'logout'] as const).find((name) => mounted[name] !== undefined);
  if (needing && !options.blocklist.isOn)
    throw new JwtExtendedConfigError(
      `endpoints.${needing} needs a store, and blocklist is false: leave blocklist out, or give blocklist.store`,
    );
  if (mounted.refresh !== undefined && options.blocklist.store?.isAtomic === false)
    throw new JwtExtendedConfigError(
      'endpoints.refresh needs a store whose add and replace are atomic, or two clients could spend one token: ' +
        'use Redis, SQL or the memory store as blocklist.store',
    );
  if (mounted.refresh !== undefined) requireSubject((name) => options.loaders[name] !== undefined);
  const issuing = (['login', 'refresh'] as const).find((name) => mounted[name] !== undefined);
  if (issuing && !ring.contents.current?.signingKey && !options.loaders.encodeKey)
    throw new JwtExtendedConfigError(
      `endpoints.${issuing} creates tokens, and there is no key to sign them: give secret, privateKey or loaders.encodeKey`,
    );
}

/** @throws JwtExtendedConfigError - if a token is delivered in a way in which no one takes it back */
function checkDelivery(
  mounted: MountedEndpoints,
  { delivered: { access, refresh }, refreshLocations, logoutLocations }: EndpointPlan,
  options: ResolvedOptions,
): void {
  if (!mounted.login) return;
  const nameOf = (name: 'refresh' | 'logout') =>
    mounted[name]?.locations ? `endpoints.${name}.locations` : 'locations';
  if (!takesBack(options.locations, access)) throw undeliverable('access', access, 'locations');
  if (mounted.refresh && !takesBack(refreshLocations, refresh))
    throw undeliverable('refresh', refresh, nameOf('refresh'));
  const isLogoutOpen = [access, refresh].some((way) => takesBack(logoutLocations, way));
  if (mounted.logout && !isLogoutOpen) throw undeliverable('refresh', refresh, nameOf('logout'));
  if (!mounted.refresh && !takesBack(options.locations, refresh)) warnAboutUnread(refresh);
}

/** A route of the application may have locations of its own. */
function warnAboutUnread(way: DeliveryWay): void {
  const [place, missing] = way === 'cookie' ? ['a cookie', "'cookies'"] : ['the body', "'headers'"];
  new Logger('JwtExtendedModule').warn(
    `endpoints.login.deliver.refresh is '${way}', and locations has no place for a refresh token from ${place}: only a route ` +
      `with locations of its own can refresh with it. Add endpoints.refresh, or ${missing} to locations`,
  );
}

/** Warns of the locations that an endpoint has and the module has not. */
function warnAboutOwnLocations(
  mounted: MountedEndpoints,
  { refreshLocations, logoutLocations }: EndpointPlan,
  options: ResolvedOptions,
): void {
  const own = [
    ['endpoints.refresh.locations', mounted.refresh && refreshLocations],
    ['endpoints.logout.locations', mounted.logout && logoutLocations],
  ] as const;
  const seen = new Set(options.locations);
  for (const [name, locations = []] of own) {
    const added = locations.filter((location) => !seen.has(location));
    for (const location of added) seen.add(location);
    warnAboutLocations(name, added, options);
  }
}

/** Whether a client can send a token back that it got in a cookie, or in the body. */
function takesBack(locations: EndpointPlan['refreshLocations'], way: DeliveryWay): boolean {
  return locations.some((location) => (location === 'cookies') === (way === 'cookie'));
}

function undeliverable(type: string, way: DeliveryWay, name: string): Error {
  const [given, missing, other] =
    way === 'cookie'
      ? ["an array without 'cookies'", "'cookies'", 'body']
      : ["'cookies' alone", "'headers'", 'cookie'];
  const place = way === 'cookie' ? 'in a cookie' : 'in the body';
  const fix = `the login sends the ${type} token ${place}: add ${missing}, or set endpoints.login.deliver.${type} to '${other}'`;
  return configError(name, given, fix);
}
