// Applications that are set up wrongly, and what the person who starts one reads.
import {
  type CanActivate,
  Controller,
  type DynamicModule,
  forwardRef,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, ModuleRef, NestFactory, REQUEST } from '@nestjs/core';
import {
  AccessGuard,
  anyOf,
  BlocklistService,
  FreshGuard,
  JwtExceptionFilter,
  JwtExtendedModule,
  type JwtExtendedModuleAsyncOptions,
  type JwtExtendedOptions,
  JwtRequired,
  KeyRing,
  LogoutGuard,
  RefreshGuard,
  SessionService,
  SlidingSessionInterceptor,
  TokenCookies,
  TokenService,
} from 'nestjs-jwt-extended';

type Imported = Type | DynamicModule;

const secret = 'q7Vn2xKp9RtLw4ZbYc6HsDf8JmGa1QeU';
const otherSecret = 'Zt5mWk8RyPb3NcXq6VhLd9FsGj2TaEu4';

/** An application of these parts. Each has classes of its own, since decorators change classes. */
function appOf(parts: Parameters<typeof Module>[0]): Type {
  @Module(parts)
  class AppModule {}
  return AppModule;
}

function routeWith(...decorators: readonly ClassDecorator[]): Type {
  class AccountController {
    me() {
      return {};
    }
  }
  const me = Object.getOwnPropertyDescriptor(AccountController.prototype, 'me');
  Get()(AccountController.prototype, 'me', me!);
  for (const decorate of [...decorators, Controller('account')]) decorate(AccountController);
  return AccountController;
}

function serviceWith(dependency: Type): Type {
  class AccountService {}
  Inject(dependency)(AccountService, undefined, 0);
  Injectable()(AccountService);
  return AccountService;
}

@Injectable()
class KeyGuard implements CanActivate {
  canActivate() {
    return false;
  }
}

@Injectable()
class TenantGuard extends AccessGuard {}

@Injectable()
class OwnBlocklist extends BlocklistService {}

const USES: Record<string, () => Parameters<typeof Module>[0]> = {
  AccessGuard: () => ({ controllers: [routeWith(UseGuards(AccessGuard))] }),
  FreshGuard: () => ({ controllers: [routeWith(UseGuards(FreshGuard))] }),
  RefreshGuard: () => ({ controllers: [routeWith(UseGuards(RefreshGuard))] }),
  LogoutGuard: () => ({ controllers: [routeWith(UseGuards(LogoutGuard))] }),
  'a subclass of AccessGuard': () => ({ controllers: [routeWith(UseGuards(TenantGuard))] }),
  '@JwtRequired()': () => ({ controllers: [routeWith(JwtRequired())] }),
  anyOf: () => ({ controllers: [routeWith(UseGuards(anyOf(AccessGuard, KeyGuard)))] }),
  SlidingSessionInterceptor: () => ({
    controllers: [routeWith(UseInterceptors(SlidingSessionInterceptor))],
  }),
  JwtExceptionFilter: () => ({ controllers: [routeWith(UseFilters(JwtExceptionFilter))] }),
  'a global guard': () => ({ providers: [{ provide: APP_GUARD, useClass: AccessGuard }] }),
  'an existing global guard': () => ({
    providers: [{ provide: APP_GUARD, useExisting: AccessGuard }],
  }),
  'a subclass of BlocklistService': () => ({ providers: [OwnBlocklist] }),
  ...Object.fromEntries(
    [TokenService, TokenCookies, BlocklistService, SessionService, KeyRing].map((service) => [
      service.name,
      () => ({ providers: [serviceWith(service)] }),
    ]),
  ),
};

@Injectable({ scope: Scope.REQUEST })
class Visit {}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {}

@Injectable({ scope: Scope.TRANSIENT })
class Settings {
  constructor(@Inject(REQUEST) readonly request: unknown) {}
}

@Injectable()
class VisitReader {
  constructor(@Inject(Visit) readonly visit: Visit) {}
}

@Module({ providers: [Visit, Tenant, Settings], exports: [Visit, Tenant, Settings] })
class VisitsModule {}

@Module({ imports: [VisitsModule], providers: [VisitReader], exports: [VisitReader] })
class ReadersModule {}

const SCOPED: Record<string, Type> = {
  'a request-scoped provider': Visit,
  'a durable provider': Tenant,
  'a transient provider of the request': Settings,
  'a provider that injects a request-scoped one': VisitReader,
};

const EXTRAS: Record<string, Partial<JwtExtendedModuleAsyncOptions>> = {
  'the defaults': {},
  globalGuard: { globalGuard: true },
  'registerFilter: false': { registerFilter: false },
  endpoints: { registerFilter: false, endpoints: { refresh: true, jwks: true } },
  'isGlobal: false': { isGlobal: false },
};

function scopedApp(dependency: Type, extras: Partial<JwtExtendedModuleAsyncOptions>): Type {
  const jwt = JwtExtendedModule.forRootAsync({
    imports: [VisitsModule, ReadersModule],
    inject: [dependency],
    useFactory: () => ({ secret }),
    ...extras,
  } as JwtExtendedModuleAsyncOptions);
  return appOf({ imports: [jwt], controllers: [routeWith(UseGuards(AccessGuard))] });
}

const WAYS = [
  ...(['directly', 'by forwardRef', 'by forwardRef on both sides'] as const),
  ...(['through a service', 'in a circle of modules'] as const),
];

/** A service that creates tokens and that the options need: each waits for the other. */
function circularApp(way: (typeof WAYS)[number]): Type {
  @Injectable()
  class LoginService {
    @Inject(way === 'by forwardRef on both sides' ? forwardRef(() => TokenService) : TokenService)
    readonly tokens!: TokenService;
  }
  @Injectable()
  class UserService {
    constructor(@Inject(LoginService) readonly login: LoginService) {}
  }
  const token = way === 'through a service' ? UserService : LoginService;
  const isCircleOfModules = way === 'in a circle of modules';
  const jwt: DynamicModule = JwtExtendedModule.forRootAsync({
    imports: [forwardRef(() => UsersModule)],
    inject: [way.startsWith('by forwardRef') ? forwardRef(() => token) : token],
    useFactory: () => ({ secret }),
    isGlobal: !isCircleOfModules,
  } as JwtExtendedModuleAsyncOptions);

  @Module({
    imports: isCircleOfModules ? [jwt] : [],
    providers: [LoginService, UserService],
    exports: [LoginService, UserService],
  })
  class UsersModule {}
  return appOf({ imports: [UsersModule, jwt] });
}

const CONSTRUCTED: Record<string, (login: Type) => Partial<JwtExtendedModuleAsyncOptions>> = {
  'TokenService itself': () => ({ inject: [TokenService], useFactory: () => ({ secret }) }),
  'a service': (login) => ({ inject: [login], useFactory: () => ({ secret }) }),
  'a service by forwardRef': (login) => ({
    inject: [forwardRef(() => login) as never],
    useFactory: () => ({ secret }),
  }),
  'a service through another': (login) => ({
    inject: [serviceWith(login)],
    useFactory: () => ({ secret }),
  }),
  'TokenService in useClass': () => ({ useClass: factoryWith(TokenService) }),
  'a service in useClass': (login) => ({ useClass: factoryWith(login) }),
  'TokenService in useExisting': () => ({ useExisting: factoryWith(TokenService) }),
};

@Injectable()
class NoFactory {}

const NO_FACTORIES: Record<string, object> = {
  useClass: { useClass: NoFactory },
  useExisting: {
    useExisting: NoFactory,
    imports: [appOf({ providers: [NoFactory], exports: [NoFactory] })],
  },
};

const CREATED: Record<string, Type> = {
  'on a controller': routeWith(UseGuards(new AccessGuard())),
  'of a class that extends a guard': routeWith(UseGuards(new TenantGuard())),
  'on a handler': routeWith(onHandler(UseGuards(new AccessGuard()))),
};

function onHandler(decorate: MethodDecorator): ClassDecorator {
  return ({ prototype }) => {
    const me = Object.getOwnPropertyDescriptor(prototype, 'me');
    decorate(prototype as object, 'me', me!);
  };
}

function factoryWith(dependency: Type): Type {
  class OptionsFactory {
    createJwtExtendedOptions() {
      return { secret };
    }
  }
  Inject(dependency)(OptionsFactory, undefined, 0);
  Injectable()(OptionsFactory);
  return OptionsFactory;
}

/** A circle by the arguments of constructors. */
function constructedCircle(options: (login: Type) => Partial<JwtExtendedModuleAsyncOptions>): Type {
  const login = serviceWith(TokenService);
  const given = options(login);
  const injected = [...(given.inject ?? []), given.useExisting ?? []].flat();
  const others = injected.filter((each) => each !== TokenService && typeof each === 'function');
  const services = [...new Set([login, ...others])] as Type[];
  const jwt = JwtExtendedModule.forRootAsync({
    imports: [appOf({ providers: services, exports: services })],
    ...given,
  } as JwtExtendedModuleAsyncOptions);
  return appOf({ imports: [jwt] });
}

/** What the message about such a circle says to do: the service is asked for in the loader. */
function brokenCircle(): Type {
  @Injectable()
  class LoginService {
    constructor(@Inject(TokenService) readonly tokens: TokenService) {}
  }
  const jwt = JwtExtendedModule.forRootAsync({
    inject: [ModuleRef],
    useFactory: (modules: ModuleRef) => ({
      secret,
      loaders: {
        userLookup: ({ identity }) =>
          modules.get(LoginService, { strict: false }).tokens instanceof TokenService && identity,
      },
    }),
  });
  @Injectable()
  class SelfTest {
    @Inject(TokenService)
    private readonly tokens!: TokenService;

    async onApplicationBootstrap() {
      const token = await this.tokens.createAccessToken('ada');
      const { user } = await this.tokens.authenticate(token);
      if (user !== 'ada') throw new Error('The loader did not get the service');
    }
  }
  return appOf({ imports: [jwt], providers: [LoginService, SelfTest] });
}

function withOwnModule(isGlobal: boolean, own: JwtExtendedOptions = { secret: otherSecret }): Type {
  @Module({ imports: [JwtExtendedModule.forRoot({ ...own, isGlobal })] })
  class FeatureModule {}
  return FeatureModule;
}

const local = JwtExtendedModule.forRoot({ secret, isGlobal: false });

function featureApp(imported: Imported): Type {
  const feature = appOf({ imports: [imported], controllers: [routeWith(UseGuards(AccessGuard))] });
  return appOf({ imports: [local, feature] });
}

const ours = JwtExtendedModule.forRoot({ secret });
const twins = 'two JwtExtendedModules have the same key';
const missing = 'JwtExtendedModule.forRoot';
const requestScoped =
  ', which is request-scoped, but options are read once, at start: inject other';
const circle = 'LoginService, which needs TokenService, which needs these options: a circle';

export interface App {
  readonly title: string;
  readonly module: () => Imported;
  /** Part of what is logged; absent if nothing is. */
  readonly says?: string;
}

export const APPS: readonly App[] = [
  ...Object.entries(USES).flatMap(([name, use]): App[] => [
    { title: `${name} without the module`, module: () => appOf(use()), says: missing },
    {
      title: `${name} and the module without forRoot`,
      module: () => appOf({ ...use(), imports: [JwtExtendedModule] }),
      says: missing,
    },
    {
      title: `${name} in a module that does not import the one of isGlobal: false`,
      module: () =>
        appOf({
          imports: [JwtExtendedModule.forRoot({ secret, isGlobal: false }), appOf(use())],
        }),
      says: missing,
    },
  ]),
  {
    title: 'the module without forRoot',
    module: () => appOf({ imports: [JwtExtendedModule] }),
    says: missing,
  },
  {
    title: 'the module of isGlobal: false, and in a feature the module without forRoot',
    module: () => featureApp(JwtExtendedModule),
    says: 'With isGlobal: false they do: share one const jwt',
  },
  {
    title: 'one module of isGlobal: false, shared with a feature',
    module: () => featureApp(local),
  },
  {
    title: 'one module of isGlobal: false, which a feature gets from a module that exports it',
    module: () => featureApp(appOf({ imports: [local], exports: [JwtExtendedModule] })),
  },
  ...Object.entries(SCOPED).flatMap(([name, dependency]) =>
    Object.entries(EXTRAS).map(([extra, extras]) => ({
      title: `${name} in the factory, with ${extra}`,
      module: () => scopedApp(dependency, extras),
      says: requestScoped,
    })),
  ),
  ...WAYS.map((way) => ({
    title: `a service that creates tokens in the factory, ${way}`,
    module: () => circularApp(way),
    says: circle,
  })),
  ...Object.entries(CONSTRUCTED).map(([name, options]) => ({
    title: `a circle by constructors: ${name}`,
    module: () => constructedCircle(options),
    says: 'TokenService, which needs these options: a circle',
  })),
  ...Object.entries(NO_FACTORIES).map(([way, options]) => ({
    title: `${way} without the method`,
    module: () => appOf({ imports: [JwtExtendedModule.forRootAsync(options)] }),
    says: `${way} was given a class without the method createJwtExtendedOptions()`,
  })),
  ...Object.entries(CREATED).map(([where, controller]) => ({
    title: `a guard that was created with new, ${where}`,
    module: () => appOf({ imports: [ours], controllers: [controller] }),
    says: 'a guard that the container did not create: write @UseGuards(',
  })),
  {
    title: 'a service that creates tokens, which a loader asks for',
    module: brokenCircle,
  },
  {
    title: 'two modules with isGlobal: true',
    module: () => appOf({ imports: [ours, withOwnModule(true)] }),
    says: 'JwtExtendedConfigError: two JwtExtendedModules have isGlobal: true',
  },
  {
    title: 'one global module and one of a feature',
    module: () => appOf({ imports: [ours, withOwnModule(false)] }),
  },
  {
    title: 'two modules with one secret',
    module: () => appOf({ imports: [ours, withOwnModule(false, { secret })] }),
    says: twins,
  },
  {
    title: 'two modules with one secret, of which one has an audience',
    module: () =>
      appOf({ imports: [ours, withOwnModule(false, { secret, decodeAudience: 'shop' })] }),
    says: twins,
  },
  {
    title: 'two modules with one secret and audiences of their own',
    module: () =>
      appOf({
        imports: ['shop', 'staff'].map((audience) =>
          withOwnModule(false, { secret, encodeAudience: audience, decodeAudience: audience }),
        ),
      }),
  },
  {
    title: 'one module that is imported twice',
    module: () => appOf({ imports: [ours, appOf({ imports: [ours] })] }),
  },
];

/** Starts an application, and returns what it logs as errors and warnings. */
export async function logOf(module: Imported): Promise<string> {
  const lines: string[] = [];
  const note = (...message: unknown[]) => void lines.push(message.map(String).join('\n'));
  const logger = { error: note, fatal: note, warn: note, log() {}, debug() {}, verbose() {} };
  try {
    const app = await NestFactory.create(module as Type, { logger, abortOnError: false });
    await app.init();
    await app.close();
  } catch (error) {
    lines.push(`thrown: ${String(error)}`);
  }
  return lines.join('\n');
}
