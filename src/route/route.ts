import { Inject, Injectable, RequestMethod, type Type } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import type { RoutePolicy } from '../contracts/route-policy.js';
import { type Handler, type HandlerKind, METHOD_METADATA } from './handlers.js';
import {
  effectiveLevels,
  type GuardClass,
  hasTokenGuard,
  mergePolicy,
  type PolicyLevel,
  refuseContradictions,
} from './merge-policy.js';
import { guardsOf, memberKinds, ownLevelsOf } from './policy-level.js';
import type { GuardKind } from './policy-metadata.js';

type Policies = ReadonlyMap<GuardKind, RoutePolicy | undefined>;

/**
 * A guard that the route declares. Nest calls it once for each request, and outer levels first, so every further call
 * comes from another guard.
 */
export interface DeclaredGuard {
  /** Its class; absent for any token guard of the kinds in `policies`. */
  readonly type?: GuardClass;
  /** The policies of its token guards; absent if the route skips the guard, which then lets every request in. */
  readonly policies?: Policies;
}

/** A handler in the class that it is called on, and what it requires of a token. */
export class Route {
  /** What its token guards require; `undefined` if the route is open to all, or if only an `anyOf` protects it. */
  readonly policy: RoutePolicy | undefined;
  /** The declared guards whose first call differs from a call by another guard, in the order of the calls. */
  readonly declared: readonly DeclaredGuard[];
  /** Whether no other guard can have authenticated the request before. */
  readonly hasOneGuard: boolean;
  readonly #levels: readonly PolicyLevel[];
  readonly #delegated: Map<GuardKind, RoutePolicy | undefined>;

  /**
   * @param isForOptionsOnly - whether the handler answers preflights, which carry no token
   * @throws JwtExtendedConfigError - if the route's guards and decorators contradict one another
   */
  constructor(
    levels: readonly PolicyLevel[],
    readonly isForOptionsOnly: boolean,
  ) {
    levels.forEach(refuseContradictions);
    const effective = effectiveLevels(levels);
    const nearest = effective.findIndex(hasTokenGuard);
    // The nearest level with a token guard decides who gets in. If it has token guards in an `anyOf` only, a token is no
    // longer the only way in, and the route skips the guards further out.
    const isLeftToAnyOf = effective[nearest]?.guards.length === 0;
    const active = isLeftToAnyOf ? effective.slice(0, nearest + 1) : effective;
    this.#levels = levels;
    this.hasOneGuard = levels.reduce((sum, { guardCount }) => sum + guardCount, 0) <= 1;
    this.policy = isLeftToAnyOf ? undefined : mergePolicy(effective);
    const deciding = isSameIfDelegated(this.policy, nearest)
      ? effective.slice(nearest, nearest + 1)
      : [];
    this.#delegated = new Map(
      deciding.flatMap(({ guards }) => guards).map((kind) => [kind, this.policy]),
    );
    this.declared = levels
      .map((level, index) => [
        ...this.#tokenGuardsOf(level),
        ...level.anyOfClasses.map((type) => ({
          type,
          ...(index < active.length && {
            policies: this.#memberPolicies(type, index, effective, nearest),
          }),
        })),
      ])
      .reverse()
      .flat();
  }

  /** The parameters that the route's path must have. */
  get parameters(): readonly string[] {
    const inAnyOf = this.declared.flatMap(({ policies }) => [...(policies?.values() ?? [])]);
    return [this.policy, ...inAnyOf]
      .flatMap((policy) => policy?.requirements ?? [])
      .flatMap(({ parameter }) => parameter ?? []);
  }

  /**
   * Policy for a token guard that another guard calls instead of the route declaring it: the same as if it stood on the
   * handler.
   */
  delegatedPolicy(kind: GuardKind): RoutePolicy | undefined {
    if (!this.#delegated.has(kind)) {
      const guarded = withGuard(this.#levels, 0, kind);
      this.#delegated.set(kind, mergePolicy(effectiveLevels(guarded)));
    }
    return this.#delegated.get(kind);
  }

  /** All token guards enforce the one policy of the route. If it has none, it skips them. */
  #tokenGuardsOf({ guards, guardClasses }: PolicyLevel): readonly DeclaredGuard[] {
    if (!this.policy) return guardClasses.map((type) => ({ type }));
    return guards
      .filter((kind) => !this.#delegated.has(kind))
      .map((kind) => ({ policies: new Map([[kind, this.policy]]) }));
  }

  /** The policies of an `anyOf`: each member requires as much as if it stood on the level alone. */
  #memberPolicies(
    anyOf: GuardClass,
    index: number,
    levels: readonly PolicyLevel[],
    nearest: number,
  ): Policies {
    const policies = memberKinds(anyOf).map((kind) => {
      const isDecidedFurtherIn = index > nearest && kind !== 'fresh';
      const policy = isDecidedFurtherIn ? this.policy : mergePolicy(withGuard(levels, index, kind));
      return [kind, policy] as const;
    });
    return new Map(policies);
  }
}

/** Whether the guards that decide would require the same on the handler. There no `optional` and no exception is inherited. */
function isSameIfDelegated(policy: RoutePolicy | undefined, deciding: number): boolean {
  if (!policy) return false;
  const { optional, verifyType, skipRevocationCheck, allowExpired } = policy;
  const isExempt = optional || !verifyType || skipRevocationCheck || allowExpired;
  return deciding === 0 || !isExempt;
}

function withGuard(
  levels: readonly PolicyLevel[],
  index: number,
  kind: GuardKind,
): readonly PolicyLevel[] {
  return levels.map((level, at) =>
    at === index ? { ...level, guards: [...level.guards, kind] } : level,
  );
}

/** The handlers of the application. Each is resolved at its first use. */
@Injectable()
export class RoutePolicies {
  readonly #routes = new WeakMap<Handler, Map<Type, Route>>();

  constructor(@Inject(ApplicationConfig) private readonly application: ApplicationConfig) {}

  /**
   * @param controller - the class that the handler is called on, which may have inherited it
   * @throws JwtExtendedConfigError - if the route's guards and decorators contradict one another
   */
  of(handler: Handler, controller: Type): Route {
    const known = this.#routes.get(handler)?.get(controller);
    if (known) return known;
    const routes = this.#routes.get(handler) ?? new Map<Type, Route>();
    const levels = ownLevelsOf(handler, controller);
    const [{ kind }] = levels;
    const route = new Route(
      [...levels, { ...guardsOf('the application', this.#globalGuards(kind)), requirements: [] }],
      isForOptionsOnly(handler),
    );
    this.#routes.set(handler, routes.set(controller, route));
    return route;
  }

  /**
   * Checks a message handler for which Nest runs no global guards.
   *
   * @throws JwtExtendedConfigError - if it has requirements but no token guard of its own
   */
  requireOwnGuard(handler: Handler, controller: Type): void {
    const [own, ...classes] = ownLevelsOf(handler, controller);
    new Route([{ ...own, kind: 'message' }, ...classes], false);
  }

  /**
   * Guards of `APP_GUARD` and of `useGlobalGuards`. Of request-scoped ones only the class exists yet; `useExisting` hides
   * it behind a factory. A gateway is never request-scoped, so Nest does not call them there.
   */
  #globalGuards(kind: HandlerKind): readonly unknown[] {
    if (kind === 'socket') return this.application.getGlobalGuards();
    const scoped = this.application
      .getGlobalRequestGuards()
      .map(({ metatype, isAlias, inject }) => (isAlias ? inject?.[0] : metatype));
    return [...this.application.getGlobalGuards(), ...scoped];
  }
}

/** As `@Options()` makes one. A handler of `@All()` gets OPTIONS too, but may do for it whatever it does for other methods. */
function isForOptionsOnly(handler: object): boolean {
  return Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.OPTIONS;
}
