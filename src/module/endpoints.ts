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
 * A controller of an endpoint, at a path. Each module has one of its own, since paths are written on classes.
 *
 * @param name - what logs, API documents and guards such as a throttler's know the controller by
 */
function mountAt(path: string, endpoint: Type, name: string): Type {
  const { [name]: controller } = { [name]: class extends endpoint {} };
  Controller(path)(controller as Type);
  return controller as Type;
}

/** What the endpoints that are mounted are made of. */
interface EndpointParts {
  readonly controllers: Type[];
  readonly providers: Provider[];
}

/** Controllers like any of the application's own; the key set alone is registered with the adapter itself. */
export function endpointParts({ login, refresh, logout, jwks }: EndpointPaths): EndpointParts {
  return {
    controllers: [
      ...(login === undefined ? [] : [mountAt(login, loginEndpoint(), 'LoginController')]),
      ...(refresh === undefined ? [] : [mountAt(refresh, RefreshEndpoint, 'RefreshController')]),
      ...(logout === undefined ? [] : [mountAt(logout, LogoutEndpoint, 'LogoutController')]),
    ],
    providers: [
      fromCore(
        TokenDelivery,
        ({ options, cookies, host }) => new TokenDelivery(options, cookies, host),
      ),
      ...(login === undefined
        ? []
        : [
            fromCore(
              PasswordLogin,
              ({ options, events, renderer }) => new PasswordLogin(options, events, renderer),
            ),
          ]),
      ...(jwks === undefined ? [] : [{ provide: JWKS_PATH, useValue: jwks }, JwksEndpoint]),
    ],
  };
}

/**
 * What an endpoint needs of the options.
 *
 * @throws JwtExtendedConfigError - when it is not there, or nobody asks for it
 */
export function checkEndpoints(paths: EndpointPaths, { options, ring }: ModuleSettings): void {
  if (paths.login !== undefined && !options.login) {
    throw new JwtExtendedConfigError(
      'endpoints.login needs login.authenticate: the function that says whom a username and a password belong to',
    );
  }
  if (paths.login === undefined && options.login) {
    throw new JwtExtendedConfigError(
      'login is given without its endpoint: add endpoints: { login: true } beside the options of forRoot, or beside useFactory',
    );
  }
  if (paths.refresh !== undefined && options.blocklist.store?.isAtomic === false) {
    throw new JwtExtendedConfigError(
      'endpoints.refresh needs a store whose add is atomic, or two clients could spend one token: ' +
        'use Redis, SQL or the memory store as blocklist.store',
    );
  }
  if (paths.refresh !== undefined) {
    requireSubject((name) => options.loaders[name] !== undefined);
  }
  const maker = (['login', 'refresh'] as const).find((name) => paths[name] !== undefined);
  if (maker && !ring.contents.current?.signingKey && !options.loaders.encodeKey) {
    throw new JwtExtendedConfigError(
      `endpoints.${maker} makes tokens, and there is no key to sign them with: give secret, privateKey or loaders.encodeKey`,
    );
  }
}
