import { type CanActivate, Inject, Injectable, Optional, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { describe } from '../common/describe.js';
import { type AnyGuard, AnyOfGuard } from './any-of.guard.js';
import {
  ALTERNATIVES,
  alternativesOf,
  classOf,
  type GuardKind,
  guardKindOf,
} from './guard-kind.js';
import { RouteAuthenticator } from './route-authenticator.js';

/**
 * A guard that lets in whom any of these guards lets in. They are asked in the order given, and the first that lets in
 * is the last that is asked: what it has left on the request stays, and nothing of those before it.
 *
 * A guard says no with `false`, with a `TokenError`, or with any other `HttpException` of status 401 or 403. The next one
 * is asked then, also after a bad token: a good API key lets in whoever shows an expired token beside it. Anything else
 * that a guard throws, a 503 among it, ends the request at once. Where all say no, the refusal that says most is told:
 * what is wrong with a token, before that there is none, before what guards of other kinds say.
 *
 * Token guards among them count as token guards of the route: decorators such as `@Fresh` and `@RequireScope` apply to
 * whoever they let in, and to nobody else. On the nearest level with a token guard, it is `anyOf` that decides how one
 * gets in: token guards further out, a global one too, stand aside.
 *
 * Classes that are providers are taken from the container; others are made with the providers of the module, which must
 * not be request-scoped then. In tests replace a guard with `overrideProvider`.
 *
 * @param guards - classes, or instances
 * @returns a class for `@UseGuards` and `APP_GUARD`
 * @throws JwtExtendedConfigError - for anything that is no guard
 *
 * @example
 * ```ts
 * @UseGuards(anyOf(AccessGuard, ApiKeyGuard))
 * @Get('reports')
 * reports(@CurrentIdentity() id: string | undefined) {
 *   return { reader: id ?? 'somebody with an API key' };
 * }
 * ```
 */
export function anyOf(...guards: readonly AnyGuard[]): Type<CanActivate> {
  const names = guards.map(nameOf);
  if (names.length === 0) throw new JwtExtendedConfigError('anyOf needs a guard at least');
  const classes = guards.filter((guard) => typeof guard === 'function');

  class AnyOf extends AnyOfGuard {
    static readonly [ALTERNATIVES] = Object.freeze([...new Set(guards.flatMap(kindsOf))]);

    constructor(
      modules: ModuleRef,
      route?: RouteAuthenticator,
      ...known: readonly (CanActivate | undefined)[]
    ) {
      super(guards, new Map(classes.map((type, index) => [type, known[index]])), modules, route);
    }
  }

  Object.defineProperty(AnyOf, 'name', { value: `anyOf(${names.join(', ')})` });
  Injectable()(AnyOf);
  for (const [index, token] of [ModuleRef, RouteAuthenticator, ...classes].entries()) {
    Inject(token)(AnyOf, undefined, index);
    if (index > 0) Optional()(AnyOf, undefined, index);
  }
  return AnyOf;
}

function kindsOf(guard: AnyGuard): GuardKind | readonly GuardKind[] {
  return guardKindOf(guard) ?? alternativesOf(guard);
}

/** @throws JwtExtendedConfigError */
function nameOf(guard: unknown): string {
  const type = classOf(guard);
  const { canActivate } = Object(typeof guard === 'function' ? guard.prototype : guard) as {
    canActivate?: unknown;
  };
  if (type && typeof canActivate === 'function') return type.name;
  throw new JwtExtendedConfigError(`anyOf takes guards, and was given ${describe(guard)}`);
}
