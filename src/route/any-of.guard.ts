import type {
  CanActivate,
  ExecutionContext,
  HttpException,
  OnModuleInit,
  Type,
} from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { attachNobody, remember, slotOf } from '../authentication/request-context.js';
import type { HttpRequest } from '../contracts/http.js';
import { isObject } from '../common/checks.js';
import { alternativeWithin } from './alternative.js';
import { alternativesOf } from './guard-kind.js';
import { isRefusal, mostSpecific } from './refusal.js';
import type { RouteAuthenticator } from './route-authenticator.js';
import { TokenGuard } from './token.guard.js';

/** A guard, or its class. */
export type AnyGuard = CanActivate | Type<CanActivate>;

/** What the classes that `anyOf` makes share: guards that are asked in turn until one lets the request in. */
export abstract class AnyOfGuard implements CanActivate, OnModuleInit {
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
    const isForTokens = alternativesOf(this).length > 0;
    if (isForTokens && request && !slotOf(request)) attachNobody(request);
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
