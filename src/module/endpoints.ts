import { Controller, type Provider, type Type } from '@nestjs/common';
import { JWKS_PATH, JwksEndpoint } from '../endpoints/jwks.controller.js';
import { loginEndpoint } from '../endpoints/login.controller.js';
import { LogoutEndpoint } from '../endpoints/logout.controller.js';
import { PasswordLogin } from '../endpoints/password-login.js';
import { RefreshEndpoint } from '../endpoints/refresh.controller.js';
import { TokenDelivery } from '../endpoints/token-delivery.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { EndpointPaths } from '../options/endpoint-options.js';
import { requireSubject } from '../tokens/loaders.js';
import type { ModuleSettings } from './module-settings.js';
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
export function endpointParts({ login, refresh, logout, jwks }: EndpointPaths): {
  readonly controllers: Type[];
  readonly providers: Provider[];
} {
  const controllers: Type[] = [];
  const providers = [fromCore(TokenDelivery, (core) => new TokenDelivery(core))];
  if (login !== undefined) {
    controllers.push(mountAt(login, loginEndpoint(), 'LoginController'));
    providers.push(
      fromCore(
        PasswordLogin,
        (core) => new PasswordLogin(core.options, core.events, core.outages, core.renderer),
      ),
    );
  }
  if (refresh !== undefined)
    controllers.push(mountAt(refresh, RefreshEndpoint, 'RefreshController'));
  if (logout !== undefined) controllers.push(mountAt(logout, LogoutEndpoint, 'LogoutController'));
  if (jwks !== undefined) providers.push({ provide: JWKS_PATH, useValue: jwks }, JwksEndpoint);
  return { controllers, providers };
}

/** @throws JwtExtendedConfigError - if an endpoint lacks an option, or `login` is given without its endpoint */
export function checkEndpoints(paths: EndpointPaths, { options, ring }: ModuleSettings): void {
  if (paths.login !== undefined && !options.login)
    throw new JwtExtendedConfigError(
      'endpoints.login needs login.authenticate: the function that checks a username and a password',
    );
  if (paths.login === undefined && options.login)
    throw new JwtExtendedConfigError(
      'login is given without its endpoint: add endpoints: { login: true } beside the options of forRoot, or beside useFactory',
    );
  const needing = (['refresh', 'logout'] as const).find((name) => paths[name] !== undefined);
  if (needing && !options.blocklist.isOn)
    throw new JwtExtendedConfigError(
      `endpoints.${needing} needs a store, and blocklist is false: leave blocklist out, or give blocklist.store`,
    );
  if (paths.refresh !== undefined && options.blocklist.store?.isAtomic === false)
    throw new JwtExtendedConfigError(
      'endpoints.refresh needs a store whose add and replace are atomic, or two clients could spend one token: ' +
        'use Redis, SQL or the memory store as blocklist.store',
    );
  if (paths.refresh !== undefined) requireSubject((name) => options.loaders[name] !== undefined);
  const issuing = (['login', 'refresh'] as const).find((name) => paths[name] !== undefined);
  if (issuing && !ring.contents.current?.signingKey && !options.loaders.encodeKey)
    throw new JwtExtendedConfigError(
      `endpoints.${issuing} creates tokens, and there is no key to sign them: give secret, privateKey or loaders.encodeKey`,
    );
}
