import { type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Authenticator } from '../authentication/authenticator.js';
import { Refusals } from '../authentication/refusals.js';
import { setContext, contextOf } from '../authentication/request-context.js';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';
import { MissingTokenError } from '../errors/token-errors.js';
import { rendering, withRenderer } from '../errors/token.error.js';
import { LoaderCalls } from '../tokens/loaders.js';
import { type GuardClass, guardKindOf } from './policy-level.js';
import { type Handler, type Route, RoutePolicies } from './route.js';

/** Known to every copy of this library in the process. */
const ASKED_BY = Symbol.for('nestjs-jwt-extended:asked-by');

type Alternative = ExecutionContext & { readonly [ASKED_BY]?: object };

/**
 * The context in which the guards of a class made by `anyOf` are asked. It goes on to whatever they ask themselves, and
 * to nothing else: guards of the same route that are asked meanwhile are none of its alternatives.
 */
export function alternativeWithin(context: ExecutionContext, anyOf: object): ExecutionContext {
  if (outermostOf(context)) return context;
  return Object.create(context, { [ASKED_BY]: { value: anyOf } }) as ExecutionContext;
}

/** The class made by `anyOf` on whose behalf a guard is asked, the outermost one of several. */
function outermostOf(context: ExecutionContext): object | undefined {
  return (context as Alternative)[ASKED_BY];
}

/** Sends a request on its journey with the policy of the route it is for: once, however many guards ask. */
@Injectable()
export class RouteAuthenticator {
  /** The silenced guards that have yet to ask. Nest hands all guards of one invocation the same context. */
  readonly #toAsk = new WeakMap<ExecutionContext, GuardClass[]>();

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
    const policy = this.#policyFor(context, guard);
    return policy ? this.#admit(getRequest(), policy, context) : true;
  }

  /**
   * Authenticates a request by a policy and sets `request.user`: for guards, and for passport, which knows no route.
   *
   * @throws TokenError - the refusal
   */
  async authenticate(request: HttpRequest, policy: RoutePolicy): Promise<JwtContext | undefined> {
    const token = await rendering(this.refusals, () =>
      this.authenticator.authenticate(request, policy),
    );
    setContext(request, { policy, token, looksUpUsers: this.loaders.has('userLookup') });
    return token;
  }

  /** Whether token guards have to let everybody in, be the route public or left to an `anyOf` of its own. */
  isOpen(context: ExecutionContext): boolean {
    return this.#routeOf(context).policy === undefined;
  }

  /** Whether a class made by `anyOf` has to let everybody in: on a public route, and where one further in decides. */
  silences(context: ExecutionContext, anyOf: object): boolean {
    return !outermostOf(context) && this.#routeOf(context).silences(anyOf);
  }

  #policyFor(context: ExecutionContext, guard: object): RoutePolicy | undefined {
    const kind = guardKindOf(guard) ?? 'access';
    const route = this.#routeOf(context);
    const anyOf = outermostOf(context);
    if (anyOf) return route.policyOfAlternative(anyOf, kind);
    if (route.policy && route.lists(kind)) return route.policy;
    if (!route.policy && this.#isSilenced(context, guard, route)) return undefined;
    return route.policyOfUnlisted(kind);
  }

  /**
   * Each silenced guard stands aside once, and before all others, since outer levels run before inner ones. Whoever asks
   * besides was called by another guard, and means it.
   */
  #isSilenced(context: ExecutionContext, guard: object, { skippedGuards }: Route): boolean {
    const toAsk = this.#toAsk.get(context) ?? [...skippedGuards];
    this.#toAsk.set(context, toAsk);
    const index = toAsk.findIndex((type) => guard instanceof type);
    if (index !== -1) toAsk.splice(index, 1);
    return index !== -1;
  }

  #routeOf(context: ExecutionContext): Route {
    return this.policies.of(context.getHandler() as Handler, context.getClass<Type>());
  }

  async #admit(request: unknown, policy: RoutePolicy, context: ExecutionContext): Promise<boolean> {
    if (!isHttpRequest(request))
      throw withRenderer(this.refusals, new MissingTokenError('Missing token'));
    if (contextOf(request)?.policy === policy) return true;
    const token = await this.authenticate(request, policy);
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
