import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { isObject } from '../common/checks.js';
import { plainNameOf } from '../common/describe.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  controllerHandlers,
  type Handler,
  isFieldResolver,
  isMessageHandler,
  isRoute,
  PATH_METADATA,
  pathOfModule,
  providerHandlers,
  socketHooks,
} from './handlers.js';
import { idleDecoratorOf } from './merge-policy.js';
import { classesOf, levelOf } from './policy-level.js';
import { RoutePolicies } from './route.js';
import { CookieRenewal, SlidingSessionInterceptor } from './sliding-session.interceptor.js';

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

/** The token under which `GraphQLModule` provides its options. */
const GRAPHQL_OPTIONS = 'GqlModuleOptions';

/**
 * Resolves the policy of every handler when the application starts, so that a mistake is found then and not by a client:
 * of the routes and message handlers of controllers, and of the resolvers and gateways among the providers.
 */
@Injectable()
export class RouteScan implements OnModuleInit {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(RoutePolicies) private readonly policies: RoutePolicies,
    @Inject(ApplicationConfig) private readonly application: ApplicationConfig,
    @Inject(CookieRenewal) private readonly renewal: CookieRenewal,
    @Inject(HttpAdapterHost) private readonly host: Partial<HttpAdapterHost>,
  ) {}

  onModuleInit(): void {
    const { application } = this;
    const scoped = application.getGlobalRequestInterceptors().map(({ metatype }) => metatype);
    this.#requireLifetime('the application', [...application.getGlobalInterceptors(), ...scoped]);
    for (const { controllers, providers, metatype: module } of this.modules.values()) {
      for (const { metatype } of controllers.values())
        this.#resolveController(metatype as Type, module);
      for (const wrapper of providers.values()) {
        const type = classOfProvider(wrapper);
        if (type) this.#resolveProvider(type);
      }
    }
  }

  #resolveController(controller: Type, module: Type): void {
    this.#requireLifetime(controller.name, interceptorsOf(controller));
    for (const handler of controllerHandlers(controller)) {
      this.#requireLifetime(`${controller.name}.${handler.name}`, interceptorsOf(handler));
      const { parameters } = this.policies.of(handler, controller);
      if (isRoute(handler))
        requireParameters(parameters, handler, controller, this.#pathsOutside(module));
      else refuseParameters(parameters, handler, controller);
      // Without `inheritAppConfig`, Nest gives a microservice that is connected to an HTTP application no global guards.
      if (isMessageHandler(handler) && this.host.httpAdapter)
        this.policies.requireOwnGuard(handler, controller);
    }
  }

  #resolveProvider(provider: Type): void {
    for (const hook of socketHooks(provider))
      refuseRestrictions([placeOf(hook, provider)], 'Nest calls it without any guard');
    const handlers = providerHandlers(provider);
    for (const handler of handlers)
      refuseParameters(this.policies.of(handler, provider).parameters, handler, provider);
    const fields = handlers.filter(isFieldResolver);
    if (fields.length === 0 || this.#runsFieldGuards()) return;
    const places = fields.map((field) => placeOf(field, provider));
    const classes = classesOf(provider).map((type) => [type.name, type] as const);
    refuseRestrictions(
      fields.length < handlers.length ? places : [...places, ...classes],
      "Nest runs no guards for fields of objects: set fieldResolverEnhancers: ['guards'] in the options of GraphQLModule",
    );
  }

  #runsFieldGuards(): boolean {
    const options = [...this.modules.values()]
      .map(
        ({ providers }) => providers.get(GRAPHQL_OPTIONS)?.instance as GraphqlOptions | undefined,
      )
      .filter((each) => each !== undefined);
    const isOn = ({ fieldResolverEnhancers }: GraphqlOptions) =>
      fieldResolverEnhancers?.includes('guards');
    return options.length === 0 || options.some(isOn);
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
    return [this.application.getGlobalPrefix(), pathOfModule(module, this.modules)];
  }
}

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
}

/** The class of a provider, or of what its factory made. Neither is known of a request-scoped factory. */
function classOfProvider({ isNotMetatype, metatype, instance }: ProviderParts): Type | undefined {
  const prototype: unknown = isObject(instance) && Object.getPrototypeOf(instance);
  const type = isNotMetatype ? isObject(prototype) && prototype.constructor : metatype;
  return typeof type === 'function' && isObject(type.prototype) ? (type as Type) : undefined;
}

interface ProviderParts {
  readonly isNotMetatype: boolean;
  readonly metatype: unknown;
  readonly instance: unknown;
}

/** @throws JwtExtendedConfigError - if a handler without a path requires that a claim equals a route parameter */
function refuseParameters([parameter]: readonly string[], handler: Handler, { name }: Type): void {
  if (parameter === undefined) return;
  throw new JwtExtendedConfigError(
    `${name}.${handler.name} requires that a claim equals the route parameter '${parameter}', but only HTTP routes have ` +
      'parameters: compare the claim in the handler, or use @RequireClaims',
  );
}

/** A handler or a class, with its name for messages. */
type Place = readonly [name: string, target: object];

function placeOf(handler: Handler, { name }: Type): Place {
  return [`${name}.${handler.name}`, handler];
}

/** @throws JwtExtendedConfigError - if a guard or a decorator stands where Nest runs no guards */
function refuseRestrictions(places: readonly Place[], reason: string): void {
  for (const [name, target] of places) {
    const level = levelOf(name, target);
    const [guard] = [...level.guardClasses, ...level.anyOfClasses];
    const idle = idleDecoratorOf(level) ?? (guard && plainNameOf(guard));
    if (idle === undefined) continue;
    throw new JwtExtendedConfigError(`${idle} on ${name} has no effect, because ${reason}`);
  }
}
