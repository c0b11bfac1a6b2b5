import { setTimeout } from 'node:timers/promises';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type Provider,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  BlocklistService,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  Fresh,
  FreshGuard,
  type HttpRequest,
  type JwtContext,
  JwtExtendedConfigError,
  JwtExtendedModule,
  JwtOptional,
  JwtRequired,
  MatchParam,
  Public,
  RefreshGuard,
  RequireClaims,
  RequireScope,
} from '../../../src/index.js';
import { KeyGuard } from '../../support/any-of.js';
import { type AppParts, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import {
  EventPattern,
  GRAPHQL_OPTIONS,
  MessagePattern,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
  root,
  SubscribeMessage,
  WebSocketGateway,
} from '../../support/handlers.js';
import { mistakeAtStart } from '../../support/routes.js';
import { withRoutes } from '../../support/routes-notation.js';

type Decorator = ClassDecorator & MethodDecorator;

/** Each kind of handler: what makes its class and its method one, and where Nest looks for it. */
const KINDS: Readonly<
  Record<string, { on: Decorator[]; handler: Decorator; in: 'providers' | 'controllers' }>
> = {
  query: { on: [Resolver()], handler: Query(), in: 'providers' },
  mutation: { on: [], handler: root('Mutation'), in: 'providers' },
  subscription: { on: [Resolver()], handler: root('Subscription'), in: 'providers' },
  field: { on: [Resolver()], handler: ResolveField(), in: 'providers' },
  reference: { on: [Resolver()], handler: ResolveReference(), in: 'providers' },
  socket: { on: [WebSocketGateway()], handler: SubscribeMessage(), in: 'providers' },
  message: { on: [Controller() as Decorator], handler: MessagePattern(), in: 'controllers' },
  event: { on: [Controller() as Decorator], handler: EventPattern(), in: 'controllers' },
};

/** An application with one handler of a kind, and decorators on handler and class. */
function withHandler(kind: string, handler: Decorator[], type: Decorator[] = []): AppParts {
  const parts = KINDS[kind];
  if (!parts) throw new Error(`There is no kind ${kind}`);
  const owner = withRoutes({ answer: [...handler, parts.handler] }, [...type, ...parts.on]);
  return { [parts.in]: [owner] };
}

async function messageOf(parts: AppParts): Promise<string> {
  const mistake = await mistakeAtStart('express', parts);
  expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
  return (mistake as Error).message;
}

async function starts(parts: AppParts): Promise<void> {
  await (await createApp('express', parts)).close();
}

const guarded = UseGuards(AccessGuard);
const IDLE =
  /^@\w+ on OwnController(\.answer)? has no effect( on OwnController\.answer)?, because /;
const RESTRICTIONS: Readonly<Record<string, Decorator>> = {
  RequireClaims: RequireClaims({ role: 'admin' }),
  RequireScope: RequireScope('read'),
  MatchParam: MatchParam('id'),
  Fresh: Fresh(),
  'Fresh with maxAge': Fresh({ maxAge: 60 }),
  JwtOptional: JwtOptional(),
};

describe.each(Object.keys(KINDS))('Mistakes in a handler of the kind %s', (kind) => {
  it.each(Object.entries(RESTRICTIONS))(
    '@%s without a token guard is reported at start, on the handler and on the class',
    async (_name, decorator) => {
      expect(await messageOf(withHandler(kind, [decorator]))).toMatch(IDLE);
      expect(await messageOf(withHandler(kind, [], [decorator]))).toMatch(IDLE);
      const others = UseGuards(KeyGuard);
      expect(await messageOf(withHandler(kind, [decorator, others]))).toMatch(IDLE);
    },
  );

  it('names the handler, the reason and the fix', async () => {
    const message = await messageOf(withHandler(kind, [RequireClaims({ role: 'admin' })]));
    expect(message).toMatch(
      /^@RequireClaims on OwnController\.answer has no effect, because no token guard protects the (resolver|message handler).*: add @UseGuards with AccessGuard, or with a subclass of it whose getRequest finds the request$/,
    );
  });

  it.each<[string, Decorator[], Decorator[], RegExp]>([
    ['two types of token', [UseGuards(AccessGuard, RefreshGuard)], [], /and no token is both/],
    ['a fresh refresh token', [UseGuards(RefreshGuard), Fresh()], [], /which is never fresh/],
    ['FreshGuard and @Fresh(false)', [UseGuards(FreshGuard), Fresh(false)], [], /keep one of them/],
    ['@Public() and a restriction', [Public(), Fresh()], [guarded], /is @Public\(\)/],
    ['@MatchParam', [MatchParam('id')], [guarded], /but only HTTP routes have parameters/],
    ['params', [JwtRequired({ params: { sub: 'id' } })], [], /only HTTP routes have parameters/],
    [
      '@MatchParam beside anyOf',
      [UseGuards(anyOf(AccessGuard, KeyGuard)), MatchParam('id')],
      [],
      /only HTTP routes have parameters/,
    ],
  ])('%s is reported at start', async (_title, handler, type, message) => {
    expect(await messageOf(withHandler(kind, handler, type))).toMatch(message);
  });

  it.each<[string, Decorator[], Decorator[]]>([
    ['a guard on the handler', [guarded, RequireClaims({ role: 'admin' })], []],
    ['a guard on the class', [RequireScope('read')], [guarded]],
    ['@JwtRequired', [JwtRequired({ fresh: true, claims: { role: 'admin' } })], []],
    ['anyOf', [UseGuards(anyOf(AccessGuard, KeyGuard)), Fresh()], []],
    ['@Public() below a restricted class', [Public()], [guarded, MatchParam('id')]],
    ['nothing', [], []],
  ])('accepts %s', async (_title, handler, type) => {
    await starts(withHandler(kind, handler, type));
  });

  const isMessage = KINDS[kind]?.in === 'controllers';
  it(`a global guard ${isMessage ? 'does not protect' : 'protects'} it`, async () => {
    const restricted = withHandler(kind, [RequireClaims({ role: 'admin' })]);
    const parts: AppParts = { ...restricted, extras: { globalGuard: true } };
    if (!isMessage) return starts(parts);
    expect(await messageOf(parts)).toContain('Nest runs no global guards for messages in a hybrid');
  });
});

describe('Resolvers and gateways', () => {
  const restricted = { answer: [RequireClaims({ role: 'admin' }), Query()] };
  const Base = withRoutes(restricted);
  const Inheriting = withRoutes({}, [Resolver()], Base);
  const Scoped = withRoutes(restricted, [Injectable({ scope: Scope.REQUEST })]);
  const instance = new (Inheriting as Type<object>)();

  it.each<[string, Provider]>([
    ['inherit a handler', Inheriting],
    ['are request-scoped', Scoped],
    ['are provided under another token by useClass', { provide: 'users', useClass: Inheriting }],
    ['are made by a factory', { provide: 'users', useFactory: () => instance }],
    ['are made by an asynchronous factory', { provide: 'u', useFactory: async () => instance }],
    ['are values', { provide: 'users', useValue: instance }],
  ])('are checked if they %s', async (_title, provider) => {
    expect(await messageOf({ providers: [provider] })).toMatch(IDLE);
  });

  it('do not include other providers, whatever they are', async () => {
    const values = [null, undefined, 'text', 5, Symbol('x'), [], new Map(), Object.create(null)];
    const odd = [...values, { constructor: 5 }, { constructor: null }, () => 'in', class {}];
    const Plain = withRoutes({ answer: [RequireClaims({ role: 'admin' })] });
    const Unregistered = withRoutes({ answer: [Fresh(), SubscribeMessage()] });
    const asProvider = (useValue: unknown, index: number) => ({ provide: `odd${index}`, useValue });
    await starts({
      providers: [...odd.map(asProvider), Plain, Unregistered, { provide: Plain, useClass: Plain }],
    });
  });

  it('are not protected by a request-scoped global guard, if they are gateways', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class ScopedGuard extends AccessGuard {}
    const scoped: Provider = { provide: APP_GUARD, useClass: ScopedGuard, scope: Scope.REQUEST };
    const { providers = [] } = withHandler('socket', [Fresh()]);
    expect(await messageOf({ providers: [...providers, scoped] })).toMatch(IDLE);
  });

  it.each(['afterInit', 'handleConnection', 'handleDisconnect'])(
    'have no effective guards on %s, which is reported at start',
    async (hook) => {
      const gateway = (decorator: Decorator) =>
        messageOf({ providers: [withRoutes({ [hook]: [decorator] }, [WebSocketGateway()])] });
      const because = `on OwnController.${hook} has no effect, because Nest calls it without any guard`;
      expect(await gateway(guarded)).toBe(`AccessGuard ${because}`);
      expect(await gateway(RequireScope('read'))).toBe(`@RequireScope ${because}`);
      expect(await gateway(UseGuards(anyOf(AccessGuard, KeyGuard)))).toBe(
        `anyOf(AccessGuard, ApiKeyGuard) ${because}`,
      );
    },
  );
});

describe('Fields of GraphQL objects, for which Nest runs no guards unless told so', () => {
  const graphql = (fieldResolverEnhancers?: string[]): Provider => ({
    provide: GRAPHQL_OPTIONS,
    useFactory: () => ({ fieldResolverEnhancers }),
  });
  const BECAUSE =
    "has no effect, because Nest runs no guards for fields of objects: set fieldResolverEnhancers: ['guards'] in the options of GraphQLModule";
  const both = (field: Decorator[], type: Decorator[] = []) =>
    withRoutes({ users: [guarded, Query()], email: [...field, ResolveField()] }, [
      ...type,
      Resolver(),
    ]);
  const only = (type: Decorator[]) =>
    withRoutes({ email: [ResolveField()] }, [...type, Resolver()]);

  it.each<[string, Type, string]>([
    [
      'a requirement',
      both([RequireClaims({ a: 1 })], [guarded]),
      '@RequireClaims on OwnController.email',
    ],
    ['a guard', both([guarded]), 'AccessGuard on OwnController.email'],
    ['a guard on a class of fields alone', only([guarded]), 'AccessGuard on OwnController'],
  ])('%s is reported at start', async (_title, resolver, where) => {
    expect(await messageOf({ providers: [resolver, graphql(['filters'])] })).toBe(
      `${where} ${BECAUSE}`,
    );
    expect(await messageOf({ providers: [resolver, graphql()] })).toBe(`${where} ${BECAUSE}`);
    await starts({ providers: [resolver, graphql(['guards'])] });
  });

  it('may stand in a class whose guard protects its queries', async () => {
    await starts({ providers: [both([], [guarded, Fresh()]), graphql()] });
  });
});

describe('Controllers with routes and message handlers', () => {
  const mixed = (type: Decorator[], handlers: Readonly<Record<string, MethodDecorator[]>>) =>
    withRoutes({ list: [Get()], ...handlers }, [...type, Controller()]);

  it('have both checked', async () => {
    const open = mixed([Fresh()], { list: [guarded, Get()], sum: [MessagePattern()] });
    expect(await messageOf({ controllers: [open] })).toContain('@Fresh on OwnController');
    await starts({ controllers: [mixed([guarded, Fresh()], { sum: [MessagePattern()] })] });
  });

  it('need a guard of their own on a method that is both', async () => {
    const both = mixed([], { sum: [Fresh(), Get('sum'), MessagePattern()] });
    const parts = { controllers: [both], extras: { globalGuard: true } };
    expect(await messageOf(parts)).toMatch(/^@Fresh on OwnController.sum .* a hybrid application/);
  });

  it('are protected by a global guard in an application without HTTP', async () => {
    const { controllers } = withHandler('message', [Fresh()]);
    const module = JwtExtendedModule.forRoot({ secret: SECRET, globalGuard: true });
    const testing = await Test.createTestingModule({ imports: [module], controllers }).compile();
    await testing.init();
    await testing.close();
  });
});

describe('Parameter decorators find the token where the guard found the request', () => {
  interface Socket {
    readonly req: object;
  }
  const found = (context: ExecutionContext) =>
    context.getType<string>() === 'ws'
      ? context.getArgByIndex<Socket>(0).req
      : context.getArgByIndex<Socket>(2).req;

  @Injectable()
  class OwnAccessGuard extends AccessGuard {
    protected override getRequest(context: ExecutionContext): unknown {
      return found(context);
    }
  }
  @Injectable()
  class OwnRefreshGuard extends RefreshGuard {
    protected override getRequest(context: ExecutionContext): unknown {
      return found(context);
    }
  }
  /** Lets other calls run before the parameters are read. */
  @Injectable()
  class SlowGuard implements CanActivate {
    async canActivate(): Promise<boolean> {
      await setTimeout(20);
      return true;
    }
  }
  @Injectable()
  class RefusingGuard implements CanActivate {
    canActivate(): boolean {
      return false;
    }
  }
  @Injectable()
  class OpenGuard implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }

  class Resolvers {
    read(
      @CurrentIdentity() identity: unknown,
      @Claims('sub') sub: unknown,
      @CurrentUser() user: unknown,
      @CurrentUser('name') name: unknown,
      @CurrentToken() token?: JwtContext,
    ) {
      return [identity, sub, user, name, token?.type];
    }
  }

  /** A resolver or gateway, on whose class or method these decorators stand. */
  function resolverWith(handler: Decorator[], type: Decorator[] = []): Type<Resolvers> {
    class Own extends Resolvers {
      override read(...args: Parameters<Resolvers['read']>) {
        return super.read(...args);
      }
    }
    const parameters: unknown = Reflect.getMetadata('__routeArguments__', Resolvers, 'read');
    Reflect.defineMetadata('__routeArguments__', parameters, Own, 'read');
    const read = Object.getOwnPropertyDescriptor(Own.prototype, 'read') as PropertyDescriptor;
    for (const decorate of [...handler, UseGuards(SlowGuard)])
      decorate(Own.prototype, 'read', read);
    for (const decorate of type) decorate(Own);
    return Own;
  }

  type Call = (...args: unknown[]) => Promise<unknown>;

  /** Calls the method as Nest's GraphQL module and its gateways do. */
  async function start(
    types: readonly Type<Resolvers>[],
    transport: string,
    providers: Provider[] = [],
  ): Promise<{ app: RunningApp; calls: Call[] }> {
    const app = await createApp('express', {
      providers: [...types, ...providers],
      options: {
        locations: ['cookies'],
        csrf: { protect: false },
        loaders: { userLookup: ({ identity }) => ({ name: identity.toUpperCase() }) },
      },
    });
    const creator = app.get(ExternalContextCreator);
    const calls = types.map((type) => {
      const instance = app.get(type);
      const factory = { exchangeKeyForValue: () => undefined };
      const parts = { guards: true, interceptors: false, filters: false };
      return creator.create(
        instance,
        instance.read as never,
        'read',
        '__routeArguments__',
        factory,
        undefined,
        undefined,
        parts,
        transport,
      ) as Call;
    });
    return { app, calls };
  }

  /** A request with the cookies of two users. */
  const requestOf = (access: string, refresh = access) => ({
    method: 'POST',
    headers: {
      cookie: [
        `access_token_cookie=${forgeToken(accessClaims({ sub: access }))}`,
        `refresh_token_cookie=${forgeToken(accessClaims({ sub: refresh, type: 'refresh' }))}`,
      ].join('; '),
    },
  });
  const field = (call: Call | undefined, req: object) =>
    call?.(undefined, {}, { req }, { fieldName: 'me' });
  const valuesOf = (id: string, type = 'access') => [
    id,
    id,
    { name: id.toUpperCase() },
    id.toUpperCase(),
    type,
  ];

  const APP: Provider = { provide: APP_GUARD, useClass: OwnAccessGuard };
  const own = UseGuards(OwnAccessGuard);
  it.each<[string, Type<Resolvers>, Provider[]]>([
    ['on the method', resolverWith([own]), []],
    ['on the class', resolverWith([], [own]), []],
    ['in anyOf', resolverWith([UseGuards(anyOf(RefusingGuard, OwnAccessGuard))]), []],
    ['in @JwtRequired', resolverWith([JwtRequired({ guard: OwnAccessGuard })]), []],
    ['on the application', resolverWith([]), [APP]],
    ['on the application and on the method', resolverWith([own]), [APP]],
  ])('%s, for concurrent calls too', async (_title, type, providers) => {
    const { app, calls } = await start([type], 'graphql', providers);
    const [call] = calls;
    const users = ['ada', 'bob', 'eve'];
    const answers = await Promise.all(users.map((user) => field(call, requestOf(user))));
    expect(answers).toEqual(users.map((user) => valuesOf(user)));
    await app.close();
  });

  it('for fields of one operation that require different tokens', async () => {
    const refresh = resolverWith([UseGuards(OwnRefreshGuard)]);
    // NestJS 11 tells the classes of such handlers apart by their names.
    Object.defineProperty(refresh, 'name', { value: 'OwnRefresh' });
    const { app, calls } = await start([resolverWith([own]), refresh], 'graphql');
    const req = requestOf('ada', 'bob');
    const answers = await Promise.all([...calls, ...calls].map((call) => field(call, req)));
    const each = [valuesOf('ada'), valuesOf('bob', 'refresh')];
    expect(answers).toEqual([...each, ...each]);
    await app.close();
  });

  it('and nothing if a guard of another kind let the call in', async () => {
    const either = resolverWith([UseGuards(anyOf(OwnAccessGuard, OpenGuard))]);
    const { app, calls } = await start([either], 'ws');
    const nothing = Array(5).fill(undefined);
    const client = { req: requestOf('ada') };
    expect(await calls[0]?.(client, 'text')).toEqual(valuesOf('ada'));
    client.req = { method: 'POST', headers: { cookie: '' } };
    expect(await calls[0]?.(client, 'text')).toEqual(nothing);
    await app.close();
  });

  it.each<[string, unknown]>([
    ['an object', { text: 'hello' }],
    ['text', 'hello'],
    ['nothing', undefined],
  ])(
    'for each message of a socket, with %s, which is authenticated by itself',
    async (_title, data) => {
      const { app, calls } = await start([resolverWith([own])], 'ws');
      const req = requestOf('ada');
      const [call] = calls;
      expect(await call?.({ req }, data, 'chat')).toEqual(valuesOf('ada'));
      const client = { req };
      expect(await call?.(client, data, 'chat')).toEqual(valuesOf('ada'));
      await app.get(BlocklistService).revokeAllFor('ada');
      await expect(call?.(client, data, 'chat')).rejects.toThrow('Token has been revoked');
      await app.close();
    },
  );

  it('in an HTTP request too, beside the request of the route', async () => {
    @Injectable()
    class ForwardedGuard extends AccessGuard {
      protected override getRequest(context: ExecutionContext): unknown {
        const { headers } = context.switchToHttp().getRequest<HttpRequest>();
        return { method: 'GET', headers: { authorization: headers['x-forwarded-token'] } };
      }
    }
    @Controller()
    class OwnController {
      @UseGuards(ForwardedGuard)
      @Get()
      me(@CurrentIdentity() id: string) {
        return id;
      }

      @UseGuards(AccessGuard, ForwardedGuard)
      @Get('both')
      both(@CurrentIdentity() id: string) {
        return id;
      }
    }
    const app = await createApp('express', { controllers: [OwnController] });
    const token = forgeToken(accessClaims());
    const headers = { 'x-forwarded-token': `Bearer ${token}` };
    expect((await app.send('GET', '/', { headers })).body).toBe('alice');
    expect((await app.send('GET', '/both', { headers })).status).toBe(401);
    expect((await app.send('GET', '/both', { token })).status).toBe(401);
    expect((await app.send('GET', '/both', { token, headers })).body).toBe('alice');
    await app.close();
  });
});
