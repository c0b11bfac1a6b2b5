import { type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Authenticator } from '../authentication/authenticator.js';
import { Refusals } from '../authentication/refusals.js';
import { attach, slotOf } from '../authentication/request-slot.js';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import { raisedBy } from '../errors/token.error.js';
import { MissingTokenError } from '../errors/token-errors.js';
import { LoaderCalls } from '../tokens/loader-calls.js';
import { type GuardKind, guardKindOf } from './guard-kind.js';
import type { Route } from './route.js';
import { type Handler, RoutePolicies } from './route-policies.js';

/** Sends a request on its journey with the policy of the route it is for: once, however many guards ask. */
@Injectable()
export class RouteAuthenticator {
  /** How many guards have asked on an open route. Nest hands all guards of one invocation the same context. */
  readonly #asked = new WeakMap<ExecutionContext, number>();

  constructor(
    @Inject(RoutePolicies) private readonly policies: RoutePolicies,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(LoaderCalls) private readonly loaders: LoaderCalls,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /**
   * @param guard - the guard that asks
   * @throws TokenError - the refusal
   */
  admit(
    context: ExecutionContext,
    guard: object,
    getRequest: () => unknown,
  ): boolean | Promise<boolean> {
    const policy = this.#policyFor(context, guardKindOf(guard) ?? 'access');
    return policy ? this.#admit(getRequest(), policy, context) : true;
  }

  /** Whether a route asks for no token. */
  isOpen(context: ExecutionContext): boolean {
    return this.#routeOf(context).policy === undefined;
  }

  /**
   * On an open route the silenced guards are the first to ask, since outer levels run before inner ones. Whoever asks
   * after them was called by another guard, and means it.
   */
  #policyFor(context: ExecutionContext, kind: GuardKind): RoutePolicy | undefined {
    const route = this.#routeOf(context);
    if (route.policy && route.lists(kind)) return route.policy;
    const asked = (this.#asked.get(context) ?? 0) + 1;
    this.#asked.set(context, asked);
    const isSilenced = !route.policy && asked <= route.silenced;
    return isSilenced ? undefined : route.policyOfUnlisted(kind);
  }

  #routeOf(context: ExecutionContext): Route {
    return this.policies.of(context.getHandler() as Handler, context.getClass<Type>());
  }

  async #admit(request: unknown, policy: RoutePolicy, context: ExecutionContext): Promise<boolean> {
    if (!isHttpRequest(request))
      throw raisedBy(this.refusals, new MissingTokenError('Missing token'));
    if (slotOf(request)?.policy === policy) return true;
    const token = await this.authenticator.authenticate(request, policy);
    attach(request, { policy, context: token, looksUpUsers: this.loaders.has('userLookup') });
    if (token?.location === 'query_string') this.#keepAddressPrivate(context);
    return true;
  }

  /** RFC 6750 section 2.3 and 5.3: an address with a token in it belongs in no cache and no `Referer`. */
  #keepAddressPrivate(context: ExecutionContext): void {
    const response: unknown = context.switchToHttp().getResponse();
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    this.host.httpAdapter.setHeader(response, 'Referrer-Policy', 'no-referrer');
  }
}

function isHttpRequest(request: unknown): request is HttpRequest {
  const headers: unknown = (request as Partial<HttpRequest> | null | undefined)?.headers;
  return typeof headers === 'object' && headers !== null;
}
