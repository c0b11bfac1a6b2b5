import { Inject, Injectable, type Type } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import type { RoutePolicy } from '../contracts/route-policy.js';
import { hasTokenGuard, effectiveLevels, mergePolicy } from './merge-policy.js';
import {
  memberKinds,
  type GuardClass,
  type GuardKind,
  levelOf,
  levelOfGuards,
  type PolicyLevel,
} from './policy-level.js';

type Policies = ReadonlyMap<GuardKind, RoutePolicy | undefined>;

/** A handler in the class that it is called on, and what it asks of a token. */
export class Route {
  /** What its token guards ask for; `undefined` where the route is open to all, or is left to an `anyOf` of its own. */
  readonly policy: RoutePolicy | undefined;
  /** The token guards that stand aside here: they are asked all the same, and have to let everybody in. */
  readonly skippedGuards: readonly GuardClass[];
  readonly #levels: readonly PolicyLevel[];
  /** The classes made by `anyOf` that stand aside. */
  readonly #aside: ReadonlySet<object>;
  readonly #alternatives: ReadonlyMap<object, Policies>;
  readonly #unlisted = new Map<GuardKind, RoutePolicy | undefined>();

  /** @throws JwtExtendedConfigError - when the route's guards and decorators contradict one another */
  constructor(levels: readonly PolicyLevel[]) {
    const heard = effectiveLevels(levels);
    const nearest = heard.findIndex(hasTokenGuard);
    // The nearest level decides how one gets in. Where it names alternatives only, a token is no longer the one way, and
    // the guards further out stand aside for them.
    const isLeftToAlternatives = heard[nearest]?.guards.length === 0;
    const obeyed = isLeftToAlternatives ? nearest + 1 : heard.length;
    this.policy = isLeftToAlternatives ? undefined : mergePolicy(heard);
    this.skippedGuards = levels.slice(obeyed).flatMap(({ guardClasses }) => guardClasses);
    this.#levels = levels;
    const standing = heard
      .slice(0, obeyed)
      .flatMap(({ alternatives }, index) =>
        alternatives.map(
          (anyOf) => [anyOf, this.#policiesAt(index, anyOf, heard, nearest)] as const,
        ),
      );
    this.#alternatives = new Map(standing);
    const aside = levels.slice(obeyed).flatMap(({ alternatives }) => alternatives);
    this.#aside = new Set(aside.filter((anyOf) => !this.#alternatives.has(anyOf)));
  }

  /** The parameters that its path has to have. */
  get parameters(): readonly string[] {
    const alternatives = [...this.#alternatives.values()].flatMap((each) => [...each.values()]);
    return [this.policy, ...alternatives]
      .flatMap((policy) => policy?.requirements ?? [])
      .flatMap(({ parameter }) => parameter ?? []);
  }

  /** Whether a guard of that kind stands on one of the levels. */
  lists(kind: GuardKind): boolean {
    return this.#levels.some(({ guards }) => guards.includes(kind));
  }

  /** Whether a class made by `anyOf` has to let everybody in here. */
  silences(anyOf: object): boolean {
    return this.#aside.has(anyOf);
  }

  /** What a token guard asks for that is one of the alternatives of a class made by `anyOf`. */
  policyOfAlternative(anyOf: object, kind: GuardKind): RoutePolicy | undefined {
    const policies = this.#alternatives.get(anyOf);
    return policies?.has(kind) ? policies.get(kind) : this.policyOfUnlisted(kind);
  }

  /** What the alternatives of an `anyOf` ask for: each as much as if it stood on the level alone. */
  #policiesAt(
    index: number,
    anyOf: object,
    heard: readonly PolicyLevel[],
    nearest: number,
  ): Policies {
    const policies = memberKinds(anyOf).map((kind) => {
      const isSettledFurtherIn = index > nearest && kind !== 'fresh';
      const policy = isSettledFurtherIn ? this.policy : mergePolicy(withGuard(heard, index, kind));
      return [kind, policy] as const;
    });
    return new Map(policies);
  }

  /**
   * What a guard asks for that stands on no level, since another guard has called it: the same as one on the handler, so
   * that it never lets in whom it would refuse elsewhere.
   */
  policyOfUnlisted(kind: GuardKind): RoutePolicy | undefined {
    if (!this.#unlisted.has(kind)) {
      const guarded = withGuard(this.#levels, 0, kind);
      this.#unlisted.set(kind, mergePolicy(effectiveLevels(guarded)));
    }
    return this.#unlisted.get(kind);
  }
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

/** A method of a controller. */
export type Handler = (...args: never[]) => unknown;

/** The routes of the application, each resolved the first time it is asked for. */
@Injectable()
export class RoutePolicies {
  readonly #routes = new WeakMap<Handler, Map<Type, Route>>();

  constructor(@Inject(ApplicationConfig) private readonly application: ApplicationConfig) {}

  /**
   * @param controller - the class the handler is called on, which may have inherited it
   * @throws JwtExtendedConfigError - when the route's guards and decorators contradict one another
   */
  of(handler: Handler, controller: Type): Route {
    const routes = this.#routes.get(handler) ?? new Map<Type, Route>();
    const known = routes.get(controller);
    if (known) return known;
    const route = new Route([
      levelOf(`${controller.name}.${handler.name}`, handler),
      levelOf(controller.name, controller),
      levelOfGuards('the application', this.#globalGuards()),
    ]);
    this.#routes.set(handler, routes.set(controller, route));
    return route;
  }

  /**
   * Those of `APP_GUARD` and `useGlobalGuards` alike. Of request-scoped ones only the class is there yet, which
   * `useExisting` keeps behind a factory.
   */
  #globalGuards(): readonly unknown[] {
    const scoped = this.application
      .getGlobalRequestGuards()
      .map(({ metatype, isAlias, inject }) => (isAlias ? inject?.[0] : metatype));
    return [...this.application.getGlobalGuards(), ...scoped];
  }
}
