import type { ExecutionContext } from '@nestjs/common';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';

/** What authentication leaves for the handler. */
export interface RequestContext {
  /** The policy that the request satisfied: a second guard with the same policy does not authenticate again. */
  readonly policy: RoutePolicy | undefined;
  /** Absent on an optional route without a token, on `@Options()`, and if a guard of another kind let the request in. */
  readonly token: JwtContext | undefined;
  /** Whether there is a `userLookup` loader. */
  readonly looksUpUsers: boolean;
}

const ANONYMOUS: RequestContext = { policy: undefined, token: undefined, looksUpUsers: false };

/** `Symbol.for`, so that all copies of this library in a process share it. */
const CONTEXT = Symbol.for('nestjs-jwt-extended:request');
const CALLS = Symbol.for('nestjs-jwt-extended:calls');

type RequestWithContext = HttpRequest & { [CONTEXT]?: RequestContext | undefined };

/** Call it only after every check has passed. Without a token it also removes a user that another guard has set. */
export function setContext(request: HttpRequest, context: RequestContext): void {
  (request as RequestWithContext)[CONTEXT] = context;
  request.user = context.looksUpUsers ? context.token?.user : context.token;
}

/** What the last guard left on a request. */
export function contextOf(request: HttpRequest): RequestContext | undefined {
  return (request as RequestWithContext)[CONTEXT];
}

/** Notes that a guard of another kind let the request in: there is no token, and that guard's user stays. */
export function setAnonymous(request: HttpRequest): void {
  (request as RequestWithContext)[CONTEXT] = ANONYMOUS;
}

/** What a guard found for one call of a handler. */
interface Call {
  /** The argument list, which all guards of one call share; the parameter decorators get a copy. */
  readonly args: unknown;
  readonly request: unknown;
  /** Absent if a test has replaced the guard. */
  readonly context: RequestContext | undefined;
}

/**
 * The calls whose request is not the first argument of the handler, by an object of the call and by the handler. Many
 * calls may share such a request: all fields of one GraphQL operation, all messages of one socket.
 */
const calls: WeakMap<object, Map<unknown, Call>> = ((
  globalThis as { [CALLS]?: WeakMap<object, Map<unknown, Call>> }
)[CALLS] ??= new WeakMap());

/** Sets the context for the parameter decorators of one call, which do not know where the guard found the request. */
export function setCall(
  context: ExecutionContext,
  request: unknown,
  found: RequestContext | undefined,
): void {
  const key = keyOf(context);
  if (!key) return;
  const known = calls.get(key) ?? new Map<unknown, Call>();
  calls.set(
    key,
    known.set(context.getHandler(), { args: context.getArgs(), request, context: found }),
  );
}

/** What a guard has noted for this call; `undefined` too for an HTTP request, which has its context itself. */
export function callOf(context: ExecutionContext): Call | undefined {
  const key = keyOf(context);
  return key && calls.get(key)?.get(context.getHandler());
}

/** What an earlier guard of this very call has noted: an earlier call of the same socket does not count. */
export function currentCall(context: ExecutionContext): Call | undefined {
  const call = callOf(context);
  return call?.args === context.getArgs() ? call : undefined;
}

/** Whether Nest passes this request to the handler, so that it belongs to this call alone. */
export function isOwnRequest(context: ExecutionContext, request: unknown): boolean {
  return context.getType() === 'http' && context.getArgByIndex(0) === request;
}

/** What a guard found for this call, in the request or elsewhere. */
export function foundFor(context: ExecutionContext): RequestContext | undefined {
  const first: unknown = context.getArgByIndex(0);
  return (
    callOf(context)?.context ?? (isReference(first) ? contextOf(first as HttpRequest) : undefined)
  );
}

/** Notes that a guard of another kind let the call in, unless a token guard has left a context. */
export function leaveAnonymous(context: ExecutionContext, request: HttpRequest | undefined): void {
  if (request && isOwnRequest(context, request)) {
    if (!contextOf(request)) setAnonymous(request);
  } else if (!currentCall(context)) setCall(context, request, ANONYMOUS);
}

/** Saves the user and the context. The function returned restores them after a guard has refused the request. */
export function saveContext(
  context: ExecutionContext,
  request: HttpRequest | undefined,
): () => void {
  const { user, [CONTEXT]: found } = (request ?? {}) as Partial<RequestWithContext>;
  const call = currentCall(context);
  return () => {
    if (request) Object.assign(request, { user, [CONTEXT]: found });
    const key = keyOf(context);
    if (call) setCall(context, call.request, call.context);
    else if (key) calls.get(key)?.delete(context.getHandler());
  };
}

/**
 * An object that no other call of the handler has: the request; of a message its data or its acknowledgement; of a
 * GraphQL field its `info`; of a microservice message its context. Sockets share the client if a message has no such object.
 */
function keyOf(context: ExecutionContext): object | undefined {
  const args: readonly unknown[] = context.getArgs();
  const type = context.getType<string>();
  if (type === 'http') return args.slice(0, 1).find(isReference);
  const [client, data, acknowledge] = args;
  if (type !== 'ws') return [...args].reverse().find(isReference);
  return [data, typeof acknowledge === 'function' ? acknowledge : undefined, client].find(
    isReference,
  );
}

function isReference(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}
