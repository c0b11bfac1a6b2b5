import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';

/** Known to every copy of this library in the process. */
const SLOT = Symbol.for('nestjs-jwt-extended:request');

/** What a passed journey leaves on the request. */
export interface RequestSlot {
  /** The policy that was satisfied: a second guard of the same route need not ask again. */
  readonly policy: RoutePolicy;
  /** Absent on an optional route without a token, and for OPTIONS. */
  readonly context: JwtContext | undefined;
  /** Whether there is a `userLookup` loader. */
  readonly looksUpUsers: boolean;
}

type Slotted = HttpRequest & { [SLOT]?: RequestSlot };

/** Written only when every check has passed; a user that another guard left there does not outlive an anonymous pass. */
export function attach(request: HttpRequest, slot: RequestSlot): void {
  (request as Slotted)[SLOT] = slot;
  request.user = slot.looksUpUsers ? slot.context?.user : slot.context;
}

export function slotOf(request: HttpRequest): RequestSlot | undefined {
  return (request as Slotted)[SLOT];
}
