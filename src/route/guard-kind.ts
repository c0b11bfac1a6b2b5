import type { TokenType } from '../contracts/token.js';

/** What a token guard asks for. */
export type GuardKind = TokenType | 'fresh';

/** Stands on every token guard's class, so that subclasses and other copies of this library are known too. */
export const GUARD_KIND = Symbol.for('nestjs-jwt-extended:guard-kind');

/** What a guard, given as class or instance, asks for; `undefined` for a guard of another kind. */
export function guardKindOf(guard: unknown): GuardKind | undefined {
  const constructor =
    typeof guard === 'function' ? guard : (guard as object | null | undefined)?.constructor;
  return (constructor as { [GUARD_KIND]?: GuardKind } | undefined)?.[GUARD_KIND];
}
