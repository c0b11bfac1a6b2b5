import type { Cluster } from 'node:cluster';
import { Inject, Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { plainNameOf } from '../common/describe.js';
import { isDevelopment, isProduction, isTest } from '../common/environment.js';
import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation } from '../contracts/token.js';
import { JWKS_PATH } from '../endpoints/jwks.controller.js';
import { LogoutEndpoint } from '../endpoints/logout.controller.js';
import { RefreshEndpoint } from '../endpoints/refresh.controller.js';
import { TokenDelivery } from '../endpoints/token-delivery.js';
import { ownMethods } from '../options/csrf-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { classOf, guardKindOf, memberKinds } from '../route/policy-level.js';
import { GlobalGuard } from '../route/token.guards.js';
import { MemoryBlocklistStore } from '../stores/memory-blocklist.store.js';
import { ModuleSettings } from './module-settings.js';
import { mountedRoutes, type NestModule } from './mounted-routes.js';

/**
 * Logs what a module understood, unless `NODE_ENV` names another environment than development, and in production that its
 * store does not suffice. No line has a key, a secret or a token.
 */
@Injectable()
export class StartupReport implements OnModuleInit {
  readonly #logger = new Logger('JwtExtendedModule');

  constructor(
    @Inject(ModuleSettings) private readonly settings: ModuleSettings,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly application: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** Global guards, global prefix and versions are known now. */
  onModuleInit(): void {
    const { options } = this.settings;
    if (!options.report || isTest()) return;
    if (isDevelopment()) this.#summarize();
    if (isProduction() && keepsInMemory(options)) this.#logger.warn(memoryWarning(this.#place()));
  }

  #summarize(): void {
    const { settings, application, host } = this;
    const { options } = settings;
    const module = this.#module();
    // A standalone application context, and a microservice, have no routes.
    const adapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    const endpoints = adapter ? endpointsOf(module, this.modules, application) : [];
    const lines = {
      Keys: keysIn(settings),
      Locations: locationsIn(options, module),
      Lifetimes: lifetimesIn(options),
      Store: storeIn(options),
      Routes: `${guardsIn(module, application)}; ready-made endpoints: ${endpoints.join(', ') || 'none'}`,
    };
    const place = this.#place();
    for (const [name, text] of Object.entries(lines))
      this.#logger.log(`${name}${place}: ${text}`.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' '));
  }

  /** Which of several modules it is, for a line. */
  #place(): string {
    const all = [...this.modules.values()];
    if (all.filter(({ providers }) => providers.has(StartupReport)).length === 1) return '';
    const module = this.#module();
    // Nest imports a global module into all others.
    if (module.isGlobal) return ' of the global module';
    const importers = all.filter(({ imports }) => imports.has(module));
    return ` in ${importers.map(({ metatype }) => metatype.name).join(' and ')}`;
  }

  #module(): NestModule {
    const isOwn = ({ providers }: NestModule) => providers.get(StartupReport)?.instance === this;
    return [...this.modules.values()].find(isOwn) as NestModule;
  }
}

function keepsInMemory({ blocklist: { isOn, store } }: ResolvedOptions): boolean {
  return isOn && (store === undefined || store instanceof MemoryBlocklistStore);
}

function memoryWarning(place: string): string {
  const more = otherProcesses();
  return (
    `blocklist.store${place} is the memory store, which forgets at a restart what was revoked, and knows of no other process` +
    `${more === undefined ? '' : ` (${more}, so there seem to be others)`}: give a RedisBlocklistStore, a SqlBlocklistStore ` +
    "or your own (guide: sample/06-stores). If this is no production, set NODE_ENV to 'development'; if one process that " +
    'forgets is enough, set report to false'
  );
}

/** Why there seem to be more processes of this application. */
function otherProcesses(): string | undefined {
  // Without an import, which would load it for every application.
  const cluster = process.getBuiltinModule('node:cluster') as unknown as Cluster;
  if (cluster.isWorker) return 'this is a worker of a cluster';
  // PM2 numbers processes from 0 on.
  const lowest = { NODE_APP_INSTANCE: 1, pm_id: 1, WEB_CONCURRENCY: 2 };
  const found = Object.entries(lowest).find(([name, least]) => Number(process.env[name]) >= least);
  return found && `${found[0]} is ${Number(process.env[found[0]])}`;
}

function keysIn({ ring, options }: ModuleSettings): string {
  const { encodeKey, decodeKey } = options.loaders;
  const { current, algorithms } = ring.contents;
  const signing = encodeKey
    ? `${current?.algorithm} and the key of loaders.encodeKey`
    : current?.signingKey && current.algorithm + kidOf(current);
  const own = ring.contents
    .live(options.clock())
    .filter(({ verificationKey }) => verificationKey)
    .map((key) => key.algorithms.join(' or ') + kidOf(key));
  const verifying = decodeKey
    ? [`${algorithms.join(' or ')} and the key of loaders.decodeKey`]
    : own;
  const foreign = options.issuers.map(({ issuer, audience, algorithms: accepted, tokens }) => {
    const meant = audience === false ? 'any audience' : `audience ${audience.join(' or ')}`;
    return `${tokens === 'id' ? 'ID' : 'access'} tokens of ${issuer} (${accepted.join(' or ')}, ${meant})`;
  });
  const verified = [...verifying, ...foreign].join(', ');
  return `signs with ${signing ?? 'nothing'}; verifies ${verified || 'nothing'}`;
}

function kidOf({ kid }: { readonly kid: string | undefined }): string {
  return kid === undefined ? '' : ` (kid ${kid})`;
}

function locationsIn(options: ResolvedOptions, module: NestModule): string {
  const textOf = (locations: ResolvedOptions['locations']) =>
    locations.map((location) => locationText(location, options)).join(', ');
  const { plan } = module.providers.get(TokenDelivery)?.instance as TokenDelivery;
  const atEndpoints = new Set([
    ...(hasEndpoint(module, RefreshEndpoint) ? plan.refreshLocations : []),
    ...(hasEndpoint(module, LogoutEndpoint) ? plan.logoutLocations : []),
  ]);
  const added = [...atEndpoints].filter((location) => !options.locations.includes(location));
  const more = added.length > 0 ? `; at the endpoints also ${textOf(added)}` : '';
  return textOf(options.locations) + more;
}

function hasEndpoint({ controllers }: NestModule, endpoint: Type): boolean {
  return [...controllers.values()].some(({ metatype }) => metatype?.prototype instanceof endpoint);
}

function locationText(location: TokenLocation | TokenExtractor, options: ResolvedOptions): string {
  const { header, queryString, carriers, cookies, csrf } = options;
  const { access, refresh } = carriers;
  if (typeof location === 'function') return 'a function';
  if (location === 'headers') return `headers (${header.name}: ${`${header.type} `.trimStart()}…)`;
  if (location === 'query_string') return `query_string (?${queryString.name}=…)`;
  if (location === 'json') return `json (${access.jsonKey}, ${refresh.jsonKey})`;
  const names = [access, refresh].map(({ cookie }) => `${cookie.name} at ${cookie.path}`);
  const attributes = `${cookies.secure ? 'Secure' : 'not Secure'}, SameSite=${cookies.sameSite}`;
  const headers = new Set([access.csrfHeaderName, refresh.csrfHeaderName]);
  const methods = ownMethods(csrf);
  const protection = csrf.protect
    ? `CSRF value in ${[...headers].join(' or ')}${methods ? ` for ${methods.join(' and ')}` : ''}`
    : 'no CSRF protection';
  return `cookies (${[...names, attributes, protection].join(', ')})`;
}

function lifetimesIn({ token, sessions }: ResolvedOptions): string {
  const { access, refresh } = token.expires;
  const ofSessions =
    sessions.lifetime === undefined ? 'as long as they are refreshed' : spanOf(sessions.lifetime);
  return `access tokens ${spanOf(access)}, refresh tokens ${spanOf(refresh)}, sessions ${ofSessions}; leeway ${spanOf(token.leeway)}`;
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
] as const;

/** As an option takes it; exact, unlike what `ms` writes. */
function spanOf(seconds: number | false): string {
  if (seconds === false) return 'for ever';
  const [length, unit] = UNITS.find(([each]) => seconds > 0 && seconds % each === 0) ?? [1, 's'];
  return `${seconds / length}${unit}`;
}

function storeIn(options: ResolvedOptions): string {
  const { blocklist, rotation, sessions } = options;
  const { isOn, store, checks } = blocklist;
  if (!isOn) return 'none, so that tokens are neither revoked nor rotated';
  const name = keepsInMemory(options)
    ? 'memory of this process, until it ends'
    : classNameOf(store);
  const asked = checks.size > 0 ? `asked about ${[...checks].join(' and ')} tokens` : 'never asked';
  const rotated =
    store?.isAtomic === false
      ? 'no rotation, for which it is not atomic'
      : `rotation with a grace of ${spanOf(rotation.graceMs / 1000)}`;
  const listed = sessions.list
    ? `sessions are listed, ${sessions.max} an identity`
    : 'sessions are not listed';
  return `${name}, ${asked}; ${rotated}; ${listed}`;
}

function classNameOf(store: object | undefined): string {
  const { name = '' } = (store as { constructor?: { name?: string } }).constructor ?? {};
  return name === 'Object' || name === '' ? 'an object of your own' : name.replace(/^_/, '');
}

function guardsIn(module: NestModule, application: ApplicationConfig): string {
  const scoped = application.getGlobalRequestGuards().map(({ metatype }) => metatype as Type);
  const guard = [...application.getGlobalGuards(), ...scoped].find(
    (each) => (guardKindOf(each) ?? memberKinds(each)[0]) && isOf(module, each),
  );
  if (!guard) return 'open unless they name a guard, since none is global';
  const name = guard instanceof GlobalGuard ? 'AccessGuard' : plainNameOf(classOf(guard) ?? Object);
  return `closed by the global ${name} unless @Public() opens them`;
}

/** Whether the guard is one of this module; the container does not know where an application got one of its own. */
function isOf({ providers }: NestModule, guard: object): boolean {
  const own: unknown = providers.get(classOf(guard) ?? '')?.instance;
  return (
    typeof guard === 'function' ||
    own === guard ||
    (own === undefined && !(guard instanceof GlobalGuard))
  );
}

function endpointsOf(
  module: NestModule,
  modules: ModulesContainer,
  application: ApplicationConfig,
): readonly string[] {
  const posts = mountedRoutes(modules, application)
    .filter((route) => route.module === module)
    .flatMap(({ paths }) => paths.map((path) => `POST ${path}`));
  const jwks = module.providers.get(JWKS_PATH)?.instance as string | undefined;
  return jwks === undefined ? posts : [...posts, `GET ${jwks}`];
}
