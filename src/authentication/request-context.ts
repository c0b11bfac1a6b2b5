import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';

/** Known to every copy of this library in the process. */
const SLOT = Symbol.for('nestjs-jwt-extended:request');

/** What a passed journey leaves on the request. */
export interface RequestContext {
  /** The policy that was satisfied: a second guard of the same route need not ask again. */
  readonly policy: RoutePolicy | undefined;
  /** Absent on an optional route without a token, for OPTIONS, and where a guard of another kind stood in. */
  readonly token: JwtContext | undefined;
  /** Whether there is a `userLookup` loader. */
  readonly looksUpUsers: boolean;
}

type Slotted = HttpRequest & { [SLOT]?: RequestContext };

/** Written only when every check has passed; a user that another guard left there does not outlive an anonymous pass. */
export function setContext(request: HttpRequest, context: RequestContext): void {
  (request as Slotted)[SLOT] = context;
  request.user = context.looksUpUsers ? context.token?.user : context.token;
}

export function contextOf(request: HttpRequest): RequestContext | undefined {
  return (request as Slotted)[SLOT];
}

/** Notes that a guard of another kind let the request in: nobody came by a token, and whoever it found stays. */
export function attachNobody(request: HttpRequest): void {
  (request as Slotted)[SLOT] = { policy: undefined, token: undefined, looksUpUsers: false };
}

/** Takes a request back to what it says now, whatever a guard that refuses in the end has left on it. */
export function remember(request: HttpRequest): () => void {
  const members = (['user', SLOT] as const).map((name) => ({
    name,
    was: Object.getOwnPropertyDescriptor(request, name),
  }));
  return () => {
    for (const { name, was } of members) {
      if (was) Object.defineProperty(request, name, was);
      else Reflect.deleteProperty(request, name);
    }
  };
}
