import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';

/** A method of a controller, a resolver or a gateway. */
export type Handler = (...args: never[]) => unknown;

/** What Nest calls a method for: an HTTP request, a GraphQL field, a socket message, or a microservice message. */
export type HandlerKind = 'route' | 'resolver' | 'socket' | 'message';

/** Nest's metadata key for the path of a controller or a handler. */
export const PATH_METADATA = 'path';

/** Nest's metadata key for the HTTP method of a handler. */
export const METHOD_METADATA = 'method';

/** Nest's metadata key for the path that RouterModule gives a module. */
const MODULE_PATH = '__module_path__';

/** The metadata keys of `@nestjs/microservices`, `@nestjs/websockets` and `@nestjs/graphql`, which are not imported. */
const PATTERN_HANDLER = 'microservices:handler_type';
const SUBSCRIBED_MESSAGE = 'websockets:message_mapping';
const GATEWAY = 'websockets:is_gateway';
const RESOLVER_TYPE = 'graphql:resolver_type';
const FIELD_RESOLVER = 'graphql:resolve_property';
const REFERENCE_RESOLVER = 'graphql:resolve_reference';

/** The values of {@link RESOLVER_TYPE} on a method that resolves a field of the root. */
const ROOT_TYPES: readonly unknown[] = ['Query', 'Mutation', 'Subscription'];

/** The methods of a gateway that Nest calls itself. */
const SOCKET_HOOKS = ['afterInit', 'handleConnection', 'handleDisconnect'];

/** Found by the decorators on it; a method without any of them counts as a route. */
export function handlerKindOf(handler: object): HandlerKind {
  if (has(PATH_METADATA, handler)) return 'route';
  if (has(PATTERN_HANDLER, handler)) return 'message';
  if (has(SUBSCRIBED_MESSAGE, handler)) return 'socket';
  return isRootResolver(handler) || isFieldResolver(handler) ? 'resolver' : 'route';
}

/** The handlers of a controller, inherited ones too. */
export function controllerHandlers(controller: Type): readonly Handler[] {
  return methodsOf(controller).filter((method) => isRoute(method) || isMessageHandler(method));
}

/** The handlers of a provider that is a resolver or a gateway, inherited ones too. */
export function providerHandlers(provider: Type): readonly Handler[] {
  const isGateway = has(GATEWAY, provider);
  return methodsOf(provider).filter(
    (method) =>
      isRootResolver(method) ||
      isFieldResolver(method) ||
      (isGateway && has(SUBSCRIBED_MESSAGE, method)),
  );
}

/** The methods of a gateway that Nest calls when a socket connects or closes, without any guard. */
export function socketHooks(provider: Type): readonly Handler[] {
  if (!has(GATEWAY, provider)) return [];
  return methodsOf(provider).filter(({ name }) => SOCKET_HOOKS.includes(name));
}

/** The path that RouterModule gives a module. */
export function pathOfModule(module: Type, { applicationId }: ModulesContainer): unknown {
  return (
    Reflect.getMetadata(MODULE_PATH + applicationId, module) ??
    (Reflect.getMetadata(MODULE_PATH, module) as unknown)
  );
}

export function isRoute(method: Handler): boolean {
  return has(PATH_METADATA, method);
}

export function isMessageHandler(method: Handler): boolean {
  return has(PATTERN_HANDLER, method);
}

/** Whether it resolves a field of an object, on which Nest runs guards only with `fieldResolverEnhancers`. */
export function isFieldResolver(method: object): boolean {
  return has(FIELD_RESOLVER, method) || has(REFERENCE_RESOLVER, method);
}

function isRootResolver(method: object): boolean {
  return ROOT_TYPES.includes(Reflect.getMetadata(RESOLVER_TYPE, method));
}

function methodsOf(type: Type): readonly Handler[] {
  const prototype = type.prototype as Record<string, Handler>;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map((name) => prototype[name])
    .filter((method) => method !== undefined);
}

function has(key: string, target: object): boolean {
  return Reflect.hasMetadata(key, target);
}
