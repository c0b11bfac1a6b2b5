import type { ExecutionContext } from '@nestjs/common';

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
export function outermostOf(context: ExecutionContext): object | undefined {
  return (context as Alternative)[ASKED_BY];
}
