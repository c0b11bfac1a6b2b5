import type { TokenType } from '../contracts/token.js';

/** What a token guard asks for. */
export type GuardKind = TokenType | 'fresh';

/** The class of a guard. */
export type GuardClass = abstract new (...args: never[]) => unknown;

/** Stands on every token guard's class, so that subclasses and other copies of this library are known too. */
export const GUARD_KIND = Symbol.for('nestjs-jwt-extended:guard-kind');

/** Stands on the classes that `anyOf` makes: what the token guards among their guards ask for. */
export const ALTERNATIVES = Symbol.for('nestjs-jwt-extended:alternatives');

/** What a guard, given as class or instance, asks for; `undefined` for a guard of another kind. */
export function guardKindOf(guard: unknown): GuardKind | undefined {
  const type = classOf(guard) as { [GUARD_KIND]?: GuardKind } | undefined;
  return type?.[GUARD_KIND];
}

/** What the token guards of a class that `anyOf` has made ask for; nothing for any other. */
export function alternativesOf(guard: unknown): readonly GuardKind[] {
  const type = classOf(guard) as { [ALTERNATIVES]?: readonly GuardKind[] } | undefined;
  return type?.[ALTERNATIVES] ?? [];
}

/** The class of a guard that may be given as class or instance. */
export function classOf(guard: unknown): GuardClass | undefined {
  const type =
    typeof guard === 'function' ? guard : (guard as object | null | undefined)?.constructor;
  return type as GuardClass | undefined;
}
