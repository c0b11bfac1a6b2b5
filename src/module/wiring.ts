import type { Provider, Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Authenticator } from '../authentication/authenticator.js';
import { Refusals } from '../authentication/refusals.js';
import { NAME_HINT } from '../common/describe.js';
import { Outages } from '../events/outages.js';
import { EventPublisher } from '../events/security-event-publisher.js';
import { CookieWriter } from '../http/cookie-writer.js';
import { TokenCookies } from '../http/token-cookies.js';
import { KeyRing } from '../keys/key-ring.js';
import { AccessRenewal } from '../revocation/access-renewal.js';
import { BLOCKLIST_PARTS, BlocklistService } from '../revocation/blocklist.service.js';
import { CutOffs } from '../revocation/cut-offs.js';
import { TokenRotation } from '../revocation/refresh-rotation.js';
import { RevocationCheck } from '../revocation/revocation-check.js';
import { RevocationLedger } from '../revocation/revocation-ledger.js';
import { SessionRegistry } from '../revocation/session-registry.js';
import { SessionService } from '../revocation/session.service.js';
import { StoreGateway } from '../revocation/store-gateway.js';
import { TokenIssuer } from '../revocation/token-issuer.js';
import { JwtExceptionFilter } from '../route/jwt-exception.filter.js';
import { RouteAuthenticator } from '../route/route-authenticator.js';
import { RouteScan } from '../route/route-scan.js';
import { RoutePolicies } from '../route/route.js';
import { CookieRenewal, SlidingSessionInterceptor } from '../route/sliding-session.interceptor.js';
import { AccessGuard, FreshGuard, LogoutGuard, RefreshGuard } from '../route/token.guards.js';
import { MemoryBlocklistStore } from '../stores/memory-blocklist.store.js';
import { TokenService } from '../token.service.js';
import { ForeignIssuer } from '../tokens/foreign-issuer.js';
import { LoaderCalls } from '../tokens/loaders.js';
import { TokenKeys } from '../tokens/token-keys.js';
import { TokenMint } from '../tokens/token-mint.js';
import { TokenReader } from '../tokens/token-reader.js';
import { CheckedSettings } from './module-check.js';
import { ModuleSettings } from './module-settings.js';
import { StartupReport } from './startup-report.js';

type Core = Awaited<ReturnType<typeof buildCore>>;
type Services = ReturnType<typeof buildServices>;

const CORE = Symbol('nestjs-jwt-extended:core');
const SERVICES = Symbol('nestjs-jwt-extended:services');

/** Builds what works without `BlocklistService`, which an application may replace. */
async function buildCore(
  settings: ModuleSettings,
  memory: MemoryBlocklistStore,
  host: HttpAdapterHost,
) {
  const { options, ring, loadedKeys, maxTokenLifetime, outages } = settings;
  const { token, blocklist, rotation, clock } = options;
  const { leeway, verifySub } = token;
  const { lifetime: sessionLifetime, list: isListed, max: maxSessions } = options.sessions;

  const events = new EventPublisher(options.events);
  const renderer = new Refusals(options, outages);
  const loaders = new LoaderCalls(options.loaders, options.loaderTimeoutMs, outages);
  const keys = new TokenKeys(ring, loadedKeys, loaders);
  const issuers = settings.issuers.map((each) => new ForeignIssuer(each, token));
  const reader = new TokenReader(token, keys, issuers, clock);

  const given = blocklist.isOn ? (blocklist.store ?? memory) : undefined;
  const store = new StoreGateway(given, blocklist.timeoutMs, events, outages);
  await store.check();
  const ledger = new RevocationLedger(store, rotation.graceMs, clock);
  const limits = { leeway, verifySub, sessionLifetime, maxTokenLifetime, clock };
  const sessions = new SessionRegistry({ ...limits, store, ledger, isListed, maxSessions });
  const cutOffs = new CutOffs(ledger, clock);

  const mint = new TokenMint(token, keys, loaders, clock);
  const writer = new CookieWriter(options, host);
  const cookies = new TokenCookies(reader, writer, renderer, mint);
  const parts = { mint, reader, keys, loaders, store, ledger, sessions, events, outages };
  return {
    ...parts,
    ...limits,
    options,
    tokenOptions: token,
    host,
    ring,
    renderer,
    cutOffs,
    writer,
    cookies,
  };
}

/** Builds what calls `BlocklistService`. */
function buildServices(core: Core, blocklist: BlocklistService) {
  const { options, renderer, reader, ledger, sessions, loaders, events, outages } = core;
  const check = new RevocationCheck(options.blocklist, blocklist, ledger, loaders, events, outages);
  const authenticator = new Authenticator(
    options,
    reader,
    check,
    loaders,
    events,
    outages,
    renderer,
  );
  const rotation = new TokenRotation({ ...core, check });
  const issuer = new TokenIssuer({ ...core, blocklist, check });
  const tokens = new TokenService({ ...core, authenticator, issuer, rotation });
  const sessionService = new SessionService(sessions, blocklist, renderer, core.verifySub);

  const within = options.cookies.renewWithin;
  const renewal = new AccessRenewal({ ...core, check, within });
  const cookieRenewal = new CookieRenewal(options, renewal, core.writer);
  return { authenticator, tokens, sessionService, cookieRenewal };
}

/** The providers of a module. Their parts come from the two functions above. */
export const PROVIDERS: Provider[] = [
  CheckedSettings,
  {
    provide: ModuleSettings,
    useFactory: ({ settings }: CheckedSettings) => settings,
    inject: [CheckedSettings],
  },
  {
    // A provider, so that Nest calls its onModuleDestroy when the application closes.
    provide: MemoryBlocklistStore,
    useFactory: ({ options: { clock } }: ModuleSettings) => new MemoryBlocklistStore({ clock }),
    inject: [ModuleSettings],
  },
  {
    provide: CORE,
    useFactory: (...given: Parameters<typeof buildCore>) => buildCore(...given),
    inject: [ModuleSettings, MemoryBlocklistStore, HttpAdapterHost],
  },
  {
    provide: SERVICES,
    useFactory: (...given: Parameters<typeof buildServices>) => buildServices(...given),
    inject: [CORE, BlocklistService],
  },
  { provide: BLOCKLIST_PARTS, useExisting: CORE },
  // A provider, so that Nest calls its onApplicationShutdown.
  fromCore(Outages, ({ outages }) => outages),
  fromCore(Refusals, ({ renderer }) => renderer),
  fromCore(LoaderCalls, ({ loaders }) => loaders),
  fromCore(TokenKeys, ({ keys }) => keys),
  fromCore(KeyRing, ({ ring }) => ring),
  fromCore(TokenCookies, ({ cookies }) => cookies),
  fromServices(Authenticator, ({ authenticator }) => authenticator),
  fromServices(TokenService, ({ tokens }) => tokens),
  fromServices(SessionService, ({ sessionService }) => sessionService),
  fromServices(CookieRenewal, ({ cookieRenewal }) => cookieRenewal),
  RoutePolicies,
  RouteScan,
  RouteAuthenticator,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  LogoutGuard,
  SlidingSessionInterceptor,
  JwtExceptionFilter,
  StartupReport,
];

/** What other modules may inject, and what Nest injects into guards, interceptor and filter in other modules. */
export const EXPORTS = [
  TokenService,
  TokenCookies,
  KeyRing,
  BlocklistService,
  SessionService,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  LogoutGuard,
  SlidingSessionInterceptor,
  CookieRenewal,
  JwtExceptionFilter,
  RouteAuthenticator,
  Refusals,
  ModuleSettings,
  TokenKeys,
];

/**
 * Nest's message about a missing dependency has little room for a hint: it names the class that it cannot find. So each
 * class that the module provides has a name that says so, without the underscore that a compiler may put before it.
 */
for (const type of EXPORTS)
  Object.defineProperty(type, 'name', { value: type.name.replace(/^_/, '') + NAME_HINT });

export function fromCore<T>(provide: Type<T>, useFactory: (core: Core) => T): Provider {
  return { provide, useFactory, inject: [CORE] };
}

function fromServices<T>(provide: Type<T>, useFactory: (services: Services) => T): Provider {
  return { provide, useFactory, inject: [SERVICES] };
}
