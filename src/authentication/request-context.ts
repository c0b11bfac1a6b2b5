import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';

/** `Symbol.for`, so that all copies of this library in a process share it. */
const CONTEXT = Symbol.for('nestjs-jwt-extended:request');

/** What authentication leaves on the request. */
export interface RequestContext {
  /** The policy that the request satisfied: a second guard with the same policy does not authenticate again. */
  readonly policy: RoutePolicy | undefined;
  /** Absent on an optional route without a token, for OPTIONS, and if a guard of another kind let the request in. */
  readonly token: JwtContext | undefined;
  /** Whether there is a `userLookup` loader. */
  readonly looksUpUsers: boolean;
}

type RequestWithContext = HttpRequest & { [CONTEXT]?: RequestContext | undefined };

/** Call it only after every check has passed. Without a token it also removes a user that another guard has set. */
export function setContext(request: HttpRequest, context: RequestContext): void {
  (request as RequestWithContext)[CONTEXT] = context;
  request.user = context.looksUpUsers ? context.token?.user : context.token;
}

export function contextOf(request: HttpRequest): RequestContext | undefined {
  return (request as RequestWithContext)[CONTEXT];
}

/** Notes that a guard of another kind let the request in: there is no token, and that guard's user stays. */
export function setAnonymous(request: HttpRequest): void {
  (request as RequestWithContext)[CONTEXT] = {
    policy: undefined,
    token: undefined,
    looksUpUsers: false,
  };
}

/** Saves the user and the context. The function returned restores them after a guard has refused the request. */
export function saveContext(request: HttpRequest): () => void {
  const { user, [CONTEXT]: context } = request as RequestWithContext;
  return () => {
    Object.assign(request, { user, [CONTEXT]: context });
  };
}
