import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Req,
  type Type,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { EMPTY, of, throwError } from 'rxjs';
import {
  CurrentIdentity,
  CurrentToken,
  type HttpRequest,
  type JwtContext,
} from '../../src/index.js';

type Answer = ReturnType<CanActivate['canActivate']>;

/** The API key of a request. */
function keyOf(context: ExecutionContext): unknown {
  return context.switchToHttp().getRequest<HttpRequest>().headers['x-api-key'];
}

/** A guard that lets requests with the API key `good` in, sets a user, and answers in its own way. */
export function keyGuard(answer: (isGood: boolean) => Answer): Type<CanActivate> {
  @Injectable()
  class ApiKeyGuard implements CanActivate {
    canActivate(context: ExecutionContext): Answer {
      const isGood = keyOf(context) === 'good';
      if (isGood) context.switchToHttp().getRequest<HttpRequest>().user = { name: 'key' };
      return answer(isGood);
    }
  }
  return ApiKeyGuard;
}

export const KeyGuard = keyGuard((isGood) => isGood);

/** All the ways in which a guard may say yes or no. */
export const WAYS_TO_ANSWER = {
  'a boolean': KeyGuard,
  'a promise': keyGuard((isGood) => Promise.resolve(isGood)),
  'an Observable': keyGuard((isGood) => of(isGood)),
  'an Observable of several': keyGuard((isGood) => of(!isGood, isGood)),
  'a promise of an Observable': keyGuard((isGood) => Promise.resolve(of(isGood)) as never),
  UnauthorizedException: keyGuard((isGood) => {
    if (!isGood) throw new UnauthorizedException('Unknown API key');
    return true;
  }),
  'a promise of ForbiddenException': keyGuard((isGood) =>
    isGood ? Promise.resolve(true) : Promise.reject(new ForbiddenException('Unknown API key')),
  ),
  'an Observable of UnauthorizedException': keyGuard((isGood) =>
    isGood ? of(true) : throwError(() => new UnauthorizedException('Unknown API key')),
  ),
} as const satisfies Record<string, Type<CanActivate>>;

/** A guard that calls another guard, which the route does not declare. */
export function asking(
  guard: Type<CanActivate>,
  contextFor = (context: ExecutionContext) => context,
): Type<CanActivate> {
  @Injectable()
  class CompositeGuard implements CanActivate {
    @Inject(guard)
    private readonly inner!: CanActivate;

    canActivate(context: ExecutionContext): Answer {
      return this.inner.canActivate(contextFor(context));
    }
  }
  return CompositeGuard;
}

/** A guard that breaks; `nothing` is an Observable that ends without an answer. */
export function breakingGuard(how: unknown): Type<CanActivate> {
  @Injectable()
  class BrokenGuard implements CanActivate {
    canActivate(): Answer {
      if (how === 'nothing') return EMPTY;
      if (how === 'rejects') return Promise.reject(new Error('The database is down'));
      throw how;
    }
  }
  return BrokenGuard;
}

/** A controller with one route, which answers with the identity, the type of the token and the user. */
export function whoAt(
  path: string,
  guards: readonly (Type<CanActivate> | CanActivate)[],
  ...others: readonly MethodDecorator[]
): Type {
  class WhoController {
    who(request: HttpRequest, identity?: string, token?: JwtContext) {
      const { name = null } = (request.user ?? {}) as { name?: string };
      return { identity: identity ?? null, type: token?.type ?? null, user: name };
    }
  }
  const { prototype } = WhoController;
  const who = Object.getOwnPropertyDescriptor(prototype, 'who') as PropertyDescriptor;
  for (const decorate of [...others, UseGuards(...guards), Get()]) decorate(prototype, 'who', who);
  Req()(prototype, 'who', 0);
  CurrentIdentity()(prototype, 'who', 1);
  CurrentToken()(prototype, 'who', 2);
  Controller(path)(WhoController);
  return WhoController;
}
