import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  HttpStatus,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { attachNobody, remember, contextOf } from '../authentication/request-context.js';
import { isObject } from '../common/checks.js';
import { describe } from '../common/describe.js';
import type { HttpRequest } from '../contracts/http.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { MissingTokenError, WrongTokenTypeError } from '../errors/token-errors.js';
import { TokenError } from '../errors/token.error.js';
import { ALTERNATIVES, memberKinds, classOf, type GuardKind, guardKindOf } from './policy-level.js';
import { alternativeWithin, RouteAuthenticator } from './route-authenticator.js';
import { TokenGuard } from './token.guards.js';

const REFUSING: ReadonlySet<number> = new Set([HttpStatus.UNAUTHORIZED, HttpStatus.FORBIDDEN]);

/**
 * Whether a guard that threw has said no. One that could not tell (503), or that broke, has not: nobody may take that
 * for a no and ask the next.
 */
export function isRefusal(error: unknown): error is HttpException {
  if (!(error instanceof HttpException)) return false;
  const status = error.getStatus();
  return error instanceof TokenError
    ? status < HttpStatus.INTERNAL_SERVER_ERROR.valueOf()
    : REFUSING.has(status);
}

/** Of several refusals the one that says most; the first of equals. */
export function mostSpecific(refusals: readonly HttpException[]): HttpException | undefined {
  return refusals.reduce<HttpException | undefined>(
    (kept, other) => (kept && weight(kept) >= weight(other) ? kept : other),
    undefined,
  );
}

/** What is wrong with a token that was presented says more than that none was, and its type may be another guard's. */
function weight(refusal: HttpException): number {
  if (!(refusal instanceof TokenError)) return 0;
  if (refusal instanceof MissingTokenError) return 1;
  return refusal instanceof WrongTokenTypeError ? 2 : 3;
}

/** A guard, or its class. */
export type AnyGuard = CanActivate | Type<CanActivate>;

/** What the classes that `anyOf` makes share: guards that are asked in turn until one lets the request in. */
abstract class AnyOfGuard implements CanActivate, OnModuleInit {
  #guards: Promise<readonly CanActivate[]> | undefined;

  /** @param known - the guards that the container has, by their classes */
  constructor(
    private readonly given: readonly AnyGuard[],
    private readonly known: ReadonlyMap<AnyGuard, CanActivate | undefined>,
    private readonly modules: ModuleRef,
    private readonly route: RouteAuthenticator | undefined,
  ) {}

  /** A guard that cannot be made is found at start. */
  async onModuleInit(): Promise<void> {
    await this.#made();
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.route?.silences(context, this.constructor)) return true;
    const guards = await this.#made();
    const request = requestFor(guards, context);
    const forget = request && remember(request);
    const alternative = alternativeWithin(context, this.constructor);
    const refusals: HttpException[] = [];
    for (const guard of guards) {
      try {
        if (await isLetIn(guard, alternative)) {
          this.#noteNobody(request);
          return true;
        }
        forget?.();
      } catch (error) {
        forget?.();
        if (!isRefusal(error)) throw error;
        refusals.push(error);
      }
    }
    const refusal = mostSpecific(refusals);
    if (refusal) throw refusal;
    return false;
  }

  #made(): Promise<readonly CanActivate[]> {
    this.#guards ??= Promise.all(this.given.map((guard) => this.#make(guard)));
    return this.#guards;
  }

  /** What is no provider is made as Nest makes it for `@UseGuards`: with the providers of the module. */
  async #make(guard: AnyGuard): Promise<CanActivate> {
    if (typeof guard !== 'function') return guard;
    return this.known.get(guard) ?? (await this.modules.create(guard));
  }

  /** For the parameter decorators, which else would miss a guard. */
  #noteNobody(request: HttpRequest | undefined): void {
    const isForTokens = memberKinds(this).length > 0;
    if (isForTokens && request && !contextOf(request)) attachNobody(request);
  }
}

/** As Nest itself reads what a guard gives. */
async function isLetIn(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  const answer = await guard.canActivate(context);
  return isObservable(answer) ? lastValueFrom(answer) : answer;
}

/** The request that guards may write to, wherever a token guard of the application finds it. */
function requestFor(
  guards: readonly CanActivate[],
  context: ExecutionContext,
): HttpRequest | undefined {
  const tokenGuard = guards.find((guard) => guard instanceof TokenGuard);
  const request: unknown = tokenGuard
    ? tokenGuard.requestOf(context)
    : context.getType() === 'http' && context.switchToHttp().getRequest();
  return isObject(request) ? (request as unknown as HttpRequest) : undefined;
}

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
  return guardKindOf(guard) ?? memberKinds(guard);
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
