import { type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Authenticator } from '../authentication/authenticator.js';
import { Refusals } from '../authentication/refusals.js';
import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';
import { MissingTokenError } from '../errors/token-errors.js';
import { withRenderer } from '../errors/token.error.js';
import { LoaderCalls } from '../tokens/loaders.js';
import type { Handler } from './handlers.js';
import {
  contextOf,
  currentCall,
  isOwnRequest,
  type RequestContext,
  setCall,
  setContext,
} from './request-context.js';
import { guardKindOf } from './policy-level.js';
import { type DeclaredGuard, type Route, RoutePolicies } from './route.js';

/** Authenticates a request by the policy of its route: once, however many guards ask for the same. */
@Injectable()
export class RouteAuthenticator {
  /** The declared guards that Nest has yet to call. The key is the argument list, which all contexts of a request share. */
  readonly #uncalled = new WeakMap<object, DeclaredGuard[]>();

  constructor(
    @Inject(RoutePolicies) private readonly policies: RoutePolicies,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(LoaderCalls) private readonly loaders: LoaderCalls,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** Lets a request in for a token guard. @throws TokenError - the refusal */
  admit(
    context: ExecutionContext,
    guard: { requestOf(context: ExecutionContext): unknown },
  ): Awaitable<boolean> {
    const kind = guardKindOf(guard) ?? 'access';
    const route = this.#routeOf(context);
    const declared = this.#takeDeclared(route, context, guard);
    const policy = declared ? declared.policies?.get(kind) : route.delegatedPolicy(kind);
    return policy ? this.#admit(guard.requestOf(context), policy, context, route) : true;
  }

  /**
   * Authenticates a request by a policy and sets `request.user`: for guards, and for passport, which knows no route.
   *
   * @throws TokenError - the refusal
   */
  async authenticate(request: HttpRequest, policy: RoutePolicy): Promise<JwtContext | undefined> {
    const token = await this.authenticator.authenticate(request, policy);
    setContext(request, this.#contextWith(policy, token));
    return token;
  }

  #contextWith(policy: RoutePolicy, token: JwtContext | undefined): RequestContext {
    return { policy, token, looksUpUsers: this.loaders.has('userLookup') };
  }

  /** Whether the route skips token guards: because it is public, or because an `anyOf` alone decides. */
  isOpen(context: ExecutionContext): boolean {
    return this.#routeOf(context).policy === undefined;
  }

  /** The declaration of a guard that Nest calls; `undefined` if another guard calls it. */
  takeDeclared(context: ExecutionContext, guard: object): DeclaredGuard | undefined {
    return this.#takeDeclared(this.#routeOf(context), context, guard);
  }

  #takeDeclared(route: Route, context: ExecutionContext, guard: object): DeclaredGuard | undefined {
    if (route.declared.length === 0) return undefined;
    const uncalled = this.#uncalledOf(context);
    const kind = guardKindOf(guard);
    const index = uncalled.findIndex(({ type, policies }) =>
      type ? guard instanceof type : kind !== undefined && policies?.has(kind),
    );
    return index === -1 ? undefined : uncalled.splice(index, 1)[0];
  }

  /** Declares a member of a declared `anyOf` for as long as the `anyOf` calls it. */
  async callMember<T>(
    context: ExecutionContext,
    member: DeclaredGuard,
    call: () => Promise<T>,
  ): Promise<T> {
    const uncalled = this.#uncalledOf(context);
    uncalled.unshift(member);
    try {
      return await call();
    } finally {
      const index = uncalled.indexOf(member);
      if (index !== -1) uncalled.splice(index, 1);
    }
  }

  #uncalledOf(context: ExecutionContext): DeclaredGuard[] {
    const args = context.getArgs();
    const uncalled = this.#uncalled.get(args) ?? [...this.#routeOf(context).declared];
    this.#uncalled.set(args, uncalled);
    return uncalled;
  }

  #routeOf(context: ExecutionContext): Route {
    return this.policies.of(context.getHandler() as Handler, context.getClass<Type>());
  }

  #admit(
    request: unknown,
    policy: RoutePolicy,
    context: ExecutionContext,
    route: Route,
  ): Awaitable<boolean> {
    const isOwn = isOwnRequest(context, request);
    if (!isHttpRequest(request))
      throw withRenderer(this.refusals, new MissingTokenError('Missing token'));
    if (!route.hasOneGuard) {
      const known = isOwn ? contextOf(request) : knownFor(context, request);
      if (known?.policy === policy) return true;
    }
    const token = route.isForOptionsOnly
      ? undefined
      : this.authenticator.authenticate(request, policy);
    return thenOrNow(token, (found) => {
      const requestContext = this.#contextWith(policy, found);
      setContext(request, requestContext);
      if (!isOwn) setCall(context, request, requestContext);
      if (found?.location === 'query_string') this.#keepOutOfCaches(context);
      return true;
    });
  }

  /** RFC 6750 sections 2.3 and 5.3: caches and `Referer` must not get a URL that contains a token. */
  #keepOutOfCaches(context: ExecutionContext): void {
    if (context.getType() !== 'http') return;
    const response: unknown = context.switchToHttp().getResponse();
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    this.host.httpAdapter.setHeader(response, 'Referrer-Policy', 'no-referrer');
  }
}

/** A request that is found elsewhere may belong to many calls, and each of them is authenticated. */
function knownFor(context: ExecutionContext, request: HttpRequest): RequestContext | undefined {
  const call = currentCall(context);
  return call?.request === request ? call.context : undefined;
}

function isHttpRequest(request: unknown): request is HttpRequest {
  const headers: unknown = (request as Partial<HttpRequest> | null | undefined)?.headers;
  return typeof headers === 'object' && headers !== null;
}
