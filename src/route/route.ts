import type { RoutePolicy } from '../contracts/route-policy.js';
import type { GuardKind } from './guard-kind.js';
import { levelsHeard, mergePolicy } from './merge-policy.js';
import type { PolicyLevel } from './policy-level.js';

/** A handler in the class that it is called on, and what it asks of a token. */
export class Route {
  /** `undefined` where the route is open to all. */
  readonly policy: RoutePolicy | undefined;
  /** How many token guards `@Public` silences here: they are asked all the same, and have to let everybody in. */
  readonly silenced: number;
  readonly #levels: readonly PolicyLevel[];
  readonly #unlisted = new Map<GuardKind, RoutePolicy | undefined>();

  /** @throws JwtExtendedConfigError - when the route's guards and decorators contradict one another */
  constructor(levels: readonly PolicyLevel[]) {
    const heard = levelsHeard(levels);
    this.policy = mergePolicy(heard);
    this.silenced = levels.slice(heard.length).flatMap(({ guards }) => guards).length;
    this.#levels = levels;
  }

  /** Whether a guard of that kind stands on one of the levels. */
  lists(kind: GuardKind): boolean {
    return this.#levels.some(({ guards }) => guards.includes(kind));
  }

  /**
   * What a guard asks for that stands on no level, since another guard has called it: the same as one on the handler, so
   * that it never lets in whom it would refuse elsewhere.
   */
  policyOfUnlisted(kind: GuardKind): RoutePolicy | undefined {
    if (!this.#unlisted.has(kind)) {
      const [handler, ...outer] = this.#levels;
      const guarded = handler && { ...handler, guards: [...handler.guards, kind] };
      this.#unlisted.set(kind, guarded && mergePolicy(levelsHeard([guarded, ...outer])));
    }
    return this.#unlisted.get(kind);
  }
}
