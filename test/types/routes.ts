import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  ParseIntPipe,
  type Type,
  UseGuards,
} from '@nestjs/common';
import {
  AccessGuard,
  type AnyGuard,
  anyOf,
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
  MatchParam,
  oneOf,
  type OneOf,
  Public,
  RefreshGuard,
  RequireClaims,
  type RequiredClaims,
  RequireScope,
  type RouteDecorator,
  type TokenError,
} from 'nestjs-jwt-extended';
import { type Observable, of } from 'rxjs';
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
  { guard: GraphqlGuard, optional: true },
  // @ts-expect-error -- a class
  { guard: 'access' },
  // @ts-expect-error -- no guard
  { guard: JwtExceptionFilter },
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

// Requirements are what JSON can hold; parameters are named by text.

exactly<ReturnType<typeof RequireClaims>, RouteDecorator>(true);
exactly<ReturnType<typeof RequireScope>, RouteDecorator>(true);
exactly<ReturnType<typeof MatchParam>, RouteDecorator>(true);

const required: RequiredClaims = {
  role: 'admin',
  roles: ['a'],
  org: { id: 7, active: true, until: null },
};
const frozen = { roles: ['a', 'b'] } as const;

exactly<ReturnType<typeof oneOf<['admin', 'editor']>>, OneOf<'admin' | 'editor'>>(true);
const some: string[] = ['admin', 'editor'];

@RequireClaims({ role: oneOf('admin', 'editor'), org: { level: oneOf(1, 2, null) } })
@RequireClaims({ role: oneOf(...some) }, { override: { role: oneOf('root') } })
@RequireClaims(required, { override: { root: true } })
@RequireClaims(frozen)
@RequireScope('read', 'write')
@RequireScope('read write')
@RequireScope(['read', 'write'], { override: frozen })
@RequireScope({ users: { read: true } }, { override: { root: true } })
@MatchParam('username')
@Controller()
export class RequiringController {
  @MatchParam('username', { claim: 'sub', override: { role: 'admin' } })
  @RequireScope('read')
  @RequireClaims({ role: 'admin' })
  @JwtRequired({ claims: required, scope: 'read', params: { sub: 'username' }, override: frozen })
  @Get()
  get(): string {
    return 'in';
  }
}

export const requirements: JwtRequiredOptions[] = [
  { scope: ['read'] },
  { scope: { read: true } },
  { claims: { role: oneOf('admin', 'editor') } },
  // @ts-expect-error -- scopes are words
  { scope: oneOf('read', 'write') },
  // @ts-expect-error -- a list requires each of its elements
  { claims: { roles: ['a', oneOf('b', 'c')] } },
  // @ts-expect-error -- a token holds no functions
  { claims: { role: () => 'admin' } },
  // @ts-expect-error -- a token holds no dates
  { claims: { at: new Date() } },
  // @ts-expect-error -- nobody has set it
  { claims: { role: undefined } },
  // @ts-expect-error -- the name of a parameter is text
  { params: { sub: 5 } },
  // @ts-expect-error -- words are text
  { scope: 5 },
];

// @ts-expect-error -- single values only
oneOf(['admin', 'editor']);
// @ts-expect-error -- single values only
oneOf(oneOf('admin'));
// @ts-expect-error -- nobody has set it
oneOf('admin', undefined);
// @ts-expect-error -- it requires something
RequireClaims();
// @ts-expect-error -- it requires something
RequireScope();
// @ts-expect-error -- words are text
RequireScope('read', 5);
// @ts-expect-error -- a misspelt option
RequireClaims({ role: 'admin' }, { overide: { root: true } });
// @ts-expect-error -- the claim stands in an object
MatchParam('username', 'sub');

// Guards of every kind stand beside each other.

@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(private readonly key: string) {}

  canActivate(context: ExecutionContext): Observable<boolean> {
    return of(context.switchToHttp().getRequest<HttpRequest>().headers['x-api-key'] === this.key);
  }
}

export const Either = anyOf(AccessGuard, ApiKeyGuard, new ApiKeyGuard('key'), RefreshGuard);
exactly<typeof Either, Type<CanActivate>>(true);
export const nested: AnyGuard = anyOf(Either);
UseGuards(Either, anyOf(AccessGuard));

// @ts-expect-error -- no guard
anyOf(JwtExceptionFilter);
// @ts-expect-error -- no guard
anyOf('jwt-access');

exactly<ReturnType<typeof CurrentIdentity>, ParameterDecorator>(true);
exactly<ReturnType<typeof Claims>, ParameterDecorator>(true);
exactly<ReturnType<typeof CurrentUser>, ParameterDecorator>(true);
exactly<ReturnType<typeof CurrentToken>, ParameterDecorator>(true);
exactly<Claims[string], unknown>(true);

Claims('roles');
CurrentUser('email');
CurrentUser<{ email: string }>('email', ParseIntPipe);
// @ts-expect-error -- the user has no such member
CurrentUser<{ email: string }>('mail');
// @ts-expect-error -- the name of a member is text
CurrentUser(42);
// @ts-expect-error -- the name of a claim is text
Claims(42);

exactly<Parameters<JwtExceptionFilter['catch']>[0], TokenError>(true);

export class OwnFilter extends JwtExceptionFilter {}
