import { Controller, type ExecutionContext, Get, Injectable, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  Fresh,
  FreshGuard,
  type HttpRequest,
  type JwtContext,
  JwtExceptionFilter,
  JwtOptional,
  JwtRequired,
  type JwtRequiredOptions,
  Public,
  RefreshGuard,
  type RouteDecorator,
  type TokenError,
} from 'nestjs-jwt-extended';
import { exactly } from './exactly.js';

// Guards can be subclassed, with a constructor and a request of their own.

@Injectable()
export class GraphqlGuard extends AccessGuard {
  constructor(private readonly place: number) {
    super();
  }

  protected override getRequest(context: ExecutionContext): unknown {
    return context.getArgByIndex<{ req: HttpRequest }>(this.place).req;
  }
}

@Injectable()
export class LoggingGuard extends FreshGuard {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    return super.canActivate(context);
  }
}

export class OwnRefreshGuard extends RefreshGuard {}

export function notFromOutside(guard: AccessGuard, context: ExecutionContext): void {
  // @ts-expect-error -- for subclasses only
  guard.getRequest(context);
}

// Decorators stand on classes and on handlers, and say what they take.

exactly<ReturnType<typeof Fresh>, RouteDecorator>(true);
exactly<ReturnType<typeof JwtOptional>, RouteDecorator>(true);
exactly<ReturnType<typeof Public>, RouteDecorator>(true);
exactly<ReturnType<typeof JwtRequired>, RouteDecorator>(true);

@UseGuards(GraphqlGuard)
@Fresh({ maxAge: 300 })
@Controller()
export class AccountController {
  @JwtRequired({ refresh: true, locations: ['cookies', (request) => request.headers.token] })
  @Get()
  refresh(@CurrentIdentity() id: string, @Claims() all: Claims, @Claims('a') one: unknown) {
    return { id, all, one };
  }

  @JwtRequired({ fresh: { maxAge: '5m' }, optional: true, verifyType: false })
  @JwtOptional()
  @Fresh(false)
  @Public(false)
  @Get()
  account(@CurrentUser() user: { name: string } | undefined, @CurrentToken() token: JwtContext) {
    return { user, token };
  }

  // @ts-expect-error -- a parameter has no policy
  parameter(@Public() id: string) {
    return id;
  }
}

export const policies: JwtRequiredOptions[] = [
  {},
  { skipRevocationCheck: true, cookieName: 'impersonation' },
  // @ts-expect-error -- an age stands in an object
  { fresh: '5m' },
  // @ts-expect-error -- an age stands in an object
  { fresh: { maxage: 5 } },
  // @ts-expect-error -- a list, even of one
  { locations: 'headers' },
  // @ts-expect-error -- a misspelt option
  { skipRevocation: true },
];

// @ts-expect-error -- an age stands in an object
Fresh('5m');
// @ts-expect-error -- it takes nothing
JwtOptional(true);
// @ts-expect-error -- a boolean
Public('no');

exactly<ReturnType<typeof CurrentIdentity>, ParameterDecorator>(true);
exactly<ReturnType<typeof Claims>, ParameterDecorator>(true);
exactly<ReturnType<typeof CurrentUser>, ParameterDecorator>(true);
exactly<ReturnType<typeof CurrentToken>, ParameterDecorator>(true);
exactly<Claims[string], unknown>(true);

Claims('roles');
// @ts-expect-error -- the name of a claim is text
Claims(42);

exactly<Parameters<JwtExceptionFilter['catch']>[0], TokenError>(true);

export class OwnFilter extends JwtExceptionFilter {}
