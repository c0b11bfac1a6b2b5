import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { isObject } from '../common/checks.js';
import { describe, plainNameOf } from '../common/describe.js';
import type { HttpRequest } from '../contracts/http.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { MissingTokenError, WrongTokenTypeError } from '../errors/token-errors.js';
import { TokenError } from '../errors/token.error.js';
import { classOf, guardKindOf, MEMBER_KINDS, memberKinds } from './policy-level.js';
import type { DeclaredGuard } from './route.js';
import { leaveAnonymous, saveContext } from './request-context.js';
import { RouteAuthenticator } from './route-authenticator.js';
import { TokenGuard } from './token.guards.js';

/** A guard, or its class. */
export type AnyGuard = CanActivate | Type<CanActivate>;

/**
 * One guard made of several: it lets a request in if one of them does. It calls them in the order given and stops at the
 * first that lets the request in. What that guard left on the request stays; what a refusing guard left there goes.
 *
 * A guard refuses by `false`, by a `TokenError`, or by any other `HttpException` of status 401 or 403. An invalid token
 * counts as a refusal, so a valid API key sent with it still opens the route. Any other error, a 503 for example, ends
 * the request at once. If every guard refuses, the response reports, in this order: the invalid token, the missing token,
 * the error of another guard.
 *
 * Token guards among them count as token guards of the route: decorators such as `@Fresh` and `@RequireScope` apply to
 * requests that they let in, and to no others. If the nearest level with a token guard has it in an `anyOf` only, the
 * route skips token guards further out, a global one too. Another guard that calls an `anyOf` gets its answer as if the
 * `anyOf` stood on the handler.
 *
 * Classes that are providers come from the container. The others are created with the providers of the module, which must
 * not be request-scoped then. In tests replace a guard with `overrideProvider`.
 *
 * @param guards - classes, or instances
 * @returns a class for `@UseGuards` and `APP_GUARD`
 * @throws JwtExtendedConfigError - for a value that is not a guard
 *
 * @example
 * ```ts
 * @UseGuards(anyOf(AccessGuard, ApiKeyGuard))
 * @Get('reports')
 * reports(@CurrentIdentity() id: string | undefined) {
 *   return { reader: id ?? 'a client with an API key' };
 * }
 * ```
 */
export function anyOf(...guards: readonly AnyGuard[]): Type<CanActivate> {
  const names = guards.map(nameOf);
  if (names.length === 0) throw new JwtExtendedConfigError('anyOf needs at least one guard');
  const classes = guards.filter((guard) => typeof guard === 'function');

  class AnyOf extends AnyOfGuard {
    static readonly [MEMBER_KINDS] = Object.freeze([
      ...new Set(guards.flatMap((guard) => guardKindOf(guard) ?? memberKinds(guard))),
    ]);

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

function nameOf(guard: unknown): string {
  const type = classOf(guard);
  const { canActivate } = Object(typeof guard === 'function' ? guard.prototype : guard) as {
    canActivate?: unknown;
  };
  if (type && typeof canActivate === 'function') return plainNameOf(type);
  throw new JwtExtendedConfigError(`anyOf takes guards, but was given ${describe(guard)}`);
}

/** The base of the classes that `anyOf` makes. */
abstract class AnyOfGuard implements CanActivate, OnModuleInit {
  #guards: Promise<readonly CanActivate[]> | undefined;

  /** @param known - the guards that the container has, by their classes */
  constructor(
    private readonly given: readonly AnyGuard[],
    private readonly known: ReadonlyMap<AnyGuard, CanActivate | undefined>,
    private readonly modules: ModuleRef,
    private readonly route: RouteAuthenticator | undefined,
  ) {}

  /** Creates the guards when the application starts, so that one that cannot be created is found then. */
  async onModuleInit(): Promise<void> {
    await this.#members();
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const declared = this.route?.takeDeclared(context, this);
    if (declared && !declared.policies) return true;
    const members = await this.#members();
    const request = requestFor(members, context);
    const restore = saveContext(context, request);
    const refusals: HttpException[] = [];
    for (const member of members) {
      try {
        if (await this.#ask(member, context, declared)) {
          // Otherwise the parameter decorators would report that no guard ran.
          if (memberKinds(this).length > 0) leaveAnonymous(context, request);
          return true;
        }
        restore();
      } catch (error) {
        restore();
        if (!isRefusal(error)) throw error;
        refusals.push(error);
      }
    }
    const refusal = mostSpecific(refusals);
    if (refusal) throw refusal;
    return false;
  }

  /** A member of a declared `anyOf` has the policy that the route resolved for it. */
  #ask(
    member: CanActivate,
    context: ExecutionContext,
    { policies }: DeclaredGuard = {},
  ): Promise<boolean> {
    const call = async () => {
      const answer = await member.canActivate(context);
      return isObservable(answer) ? lastValueFrom(answer) : answer;
    };
    if (!this.route || !policies) return call();
    if (guardKindOf(member)) return this.route.callMember(context, { policies }, call);
    const type = memberKinds(member).length > 0 ? classOf(member) : undefined;
    return type ? this.route.callMember(context, { type, policies }, call) : call();
  }

  /** Creates a class that is not a provider as Nest does for `@UseGuards`: with the providers of the module. */
  #members(): Promise<readonly CanActivate[]> {
    const { known, modules } = this;
    this.#guards ??= Promise.all(
      this.given.map(async (guard) =>
        typeof guard === 'function' ? (known.get(guard) ?? (await modules.create(guard))) : guard,
      ),
    );
    return this.#guards;
  }
}

/** The request that guards may write to, found in the same way as the token guard among them finds it. */
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

/** Whether a guard refused by throwing. A guard that could not decide (503) or failed did not refuse, and ends the request. */
export function isRefusal(error: unknown): error is HttpException {
  if (!(error instanceof HttpException)) return false;
  const status = error.getStatus();
  return error instanceof TokenError ? status < 500 : status === 401 || status === 403;
}

/** The refusal that says most; the first of equals. */
export function mostSpecific(refusals: readonly HttpException[]): HttpException | undefined {
  return [...refusals].sort((one, other) => weight(other) - weight(one))[0];
}

/** An invalid token says more than a missing one. A token of the wrong type may be meant for another of the guards. */
function weight(refusal: HttpException): number {
  if (!(refusal instanceof TokenError)) return 0;
  if (refusal instanceof MissingTokenError) return 1;
  return refusal instanceof WrongTokenTypeError ? 2 : 3;
}
