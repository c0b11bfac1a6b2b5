import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Authenticator } from '../authentication/authenticator.js';
import { Refusals } from '../authentication/refusals.js';
import { EventEmitterBridge, EventPublisher } from '../events/security-event-publisher.js';
import { CookieWriter, TokenCookies } from '../http/token-cookies.js';
import { KeyRing } from '../keys/key-ring.js';
import { AccessRenewal } from '../revocation/access-renewal.js';
import {
  BLOCKLIST_PARTS,
  type BlocklistParts,
  BlocklistService,
} from '../revocation/blocklist.service.js';
import { CutOffs } from '../revocation/cut-offs.js';
import { TokenRotation } from '../revocation/refresh-rotation.js';
import { RevocationCheck } from '../revocation/revocation-check.js';
import { RevocationLedger } from '../revocation/revocation-ledger.js';
import { SessionRegistry } from '../revocation/session-registry.js';
import { SessionService } from '../revocation/session.service.js';
import { StoreHealth } from '../revocation/store-circuit.js';
import { StoreGateway } from '../revocation/store-gateway.js';
import { JwtExceptionFilter } from '../route/jwt-exception.filter.js';
import { RouteAuthenticator } from '../route/route-authenticator.js';
import { RouteScan } from '../route/route-scan.js';
import { RoutePolicies } from '../route/route.js';
import { CookieRenewal, SlidingSessionInterceptor } from '../route/sliding-session.interceptor.js';
import { AccessGuard, FreshGuard, RefreshGuard } from '../route/token.guards.js';
import { MemoryBlocklistStore } from '../stores/memory-blocklist.store.js';
import { TokenService } from '../token.service.js';
import { LoaderCalls } from '../tokens/loaders.js';
import { RecentCutOffs } from '../tokens/recent-cut-offs.js';
import { TokenKeys } from '../tokens/token-keys.js';
import { TokenMint } from '../tokens/token-mint.js';
import { TokenReader } from '../tokens/token-reader.js';
import { ModuleSettings } from './module-settings.js';

/** How tokens come into cookies, and how those are renewed. */
const COOKIE_PROVIDERS: Provider[] = [
  {
    provide: CookieWriter,
    useFactory: ({ options }: ModuleSettings, host: HttpAdapterHost) =>
      new CookieWriter(options, host),
    inject: [ModuleSettings, HttpAdapterHost],
  },
  {
    provide: TokenCookies,
    useFactory: (reader: TokenReader, writer: CookieWriter, renderer: Refusals) =>
      new TokenCookies(reader, writer, renderer),
    inject: [TokenReader, CookieWriter, Refusals],
  },
  {
    provide: AccessRenewal,
    useFactory: (
      { options, maxTokenLifetime }: ModuleSettings,
      mint: TokenMint,
      reader: TokenReader,
      keys: TokenKeys,
      check: RevocationCheck,
      sessions: SessionRegistry,
      loaders: LoaderCalls,
      events: EventPublisher,
    ): AccessRenewal => {
      const { sessionLifetime } = options.rotation;
      const parts = { mint, reader, keys, check, sessions, loaders, events, sessionLifetime };
      const within = options.cookies.renewWithin;
      return new AccessRenewal({ ...parts, options: options.token, within, maxTokenLifetime });
    },
    inject: [
      ModuleSettings,
      TokenMint,
      TokenReader,
      TokenKeys,
      RevocationCheck,
      SessionRegistry,
      LoaderCalls,
      EventPublisher,
    ],
  },
  {
    provide: CookieRenewal,
    useFactory: (
      { options }: ModuleSettings,
      renewal: AccessRenewal,
      writer: CookieWriter,
      host: HttpAdapterHost,
    ) => new CookieRenewal(options, renewal, writer, host),
    inject: [ModuleSettings, AccessRenewal, CookieWriter, HttpAdapterHost],
  },
];

/** How a token ends early: the store, what is written in it, and who asks. */
const REVOCATION_PROVIDERS: Provider[] = [
  {
    provide: MemoryBlocklistStore,
    useFactory: ({ options: { clock } }: ModuleSettings) => new MemoryBlocklistStore({ clock }),
    inject: [ModuleSettings],
  },
  {
    provide: StoreGateway,
    useFactory: async (
      { options: { blocklist } }: ModuleSettings,
      memory: MemoryBlocklistStore,
      events: EventPublisher,
    ): Promise<StoreGateway> => {
      const health = new StoreHealth(events);
      const access = new StoreGateway(blocklist.store ?? memory, blocklist.timeoutMs, health);
      await access.check();
      return access;
    },
    inject: [ModuleSettings, MemoryBlocklistStore, EventPublisher],
  },
  {
    provide: RevocationLedger,
    useFactory: ({ options: { rotation, clock } }: ModuleSettings, access: StoreGateway) =>
      new RevocationLedger(access, rotation.graceMs, clock),
    inject: [ModuleSettings, StoreGateway],
  },
  {
    provide: SessionRegistry,
    useFactory: ({ options }: ModuleSettings, access: StoreGateway) =>
      new SessionRegistry(
        access,
        options.rotation.maxSessions,
        options.token.leeway,
        options.clock,
      ),
    inject: [ModuleSettings, StoreGateway],
  },
  {
    provide: BLOCKLIST_PARTS,
    useFactory: (
      { options: { blocklist, token, clock }, maxTokenLifetime }: ModuleSettings,
      access: StoreGateway,
      ledger: RevocationLedger,
      sessions: SessionRegistry,
      reader: TokenReader,
      recent: RecentCutOffs,
      events: EventPublisher,
      renderer: Refusals,
    ): BlocklistParts => {
      const { store } = blocklist;
      const isShared = store !== undefined && !(store instanceof MemoryBlocklistStore);
      const cutOffs = new CutOffs(access, recent, clock, isShared);
      const { leeway } = token;
      const parts = { access, ledger, sessions, reader, cutOffs, events, renderer, clock };
      return { ...parts, leeway, maxTokenLifetime };
    },
    inject: [
      ModuleSettings,
      StoreGateway,
      RevocationLedger,
      SessionRegistry,
      TokenReader,
      RecentCutOffs,
      EventPublisher,
      Refusals,
    ],
  },
  {
    provide: RevocationCheck,
    useFactory: (
      { options }: ModuleSettings,
      blocklist: BlocklistService,
      ledger: RevocationLedger,
      loaders: LoaderCalls,
      events: EventPublisher,
    ) => new RevocationCheck(options.blocklist, blocklist, ledger, loaders, events),
    inject: [ModuleSettings, BlocklistService, RevocationLedger, LoaderCalls, EventPublisher],
  },
  {
    provide: TokenRotation,
    useFactory: (
      { options: { rotation, token, clock } }: ModuleSettings,
      mint: TokenMint,
      access: StoreGateway,
      ledger: RevocationLedger,
      check: RevocationCheck,
      sessions: SessionRegistry,
      loaders: LoaderCalls,
      events: EventPublisher,
    ): TokenRotation => {
      const { leeway } = token;
      const { sessionLifetime } = rotation;
      const parts = { mint, access, ledger, check, sessions, loaders, events, clock };
      return new TokenRotation({ ...parts, leeway, sessionLifetime });
    },
    inject: [
      ModuleSettings,
      TokenMint,
      StoreGateway,
      RevocationLedger,
      RevocationCheck,
      SessionRegistry,
      LoaderCalls,
      EventPublisher,
    ],
  },
  {
    provide: SessionService,
    useFactory: (
      access: StoreGateway,
      registry: SessionRegistry,
      blocklist: BlocklistService,
      renderer: Refusals,
    ) => new SessionService(access, registry, blocklist, renderer),
    inject: [StoreGateway, SessionRegistry, BlocklistService, Refusals],
  },
];

/** How the parts are put together, from the settings up to what the application sees. */
export const PROVIDERS: Provider[] = [
  { provide: EventPublisher, useFactory: () => new EventPublisher() },
  { provide: RecentCutOffs, useFactory: () => new RecentCutOffs() },
  EventEmitterBridge,
  ...REVOCATION_PROVIDERS,
  {
    provide: LoaderCalls,
    useFactory: ({ options }: ModuleSettings) =>
      new LoaderCalls(options.loaders, options.loaderTimeoutMs),
    inject: [ModuleSettings],
  },
  {
    provide: Refusals,
    useFactory: ({ options }: ModuleSettings) => new Refusals(options),
    inject: [ModuleSettings],
  },
  {
    provide: TokenKeys,
    useFactory: ({ ring, loadedKeys }: ModuleSettings, loaders: LoaderCalls) =>
      new TokenKeys(ring, loadedKeys, loaders),
    inject: [ModuleSettings, LoaderCalls],
  },
  { provide: KeyRing, useFactory: ({ ring }: ModuleSettings) => ring, inject: [ModuleSettings] },
  {
    provide: TokenReader,
    useFactory: ({ options }: ModuleSettings, keys: TokenKeys) =>
      new TokenReader(options.token, keys, options.clock),
    inject: [ModuleSettings, TokenKeys],
  },
  {
    provide: TokenMint,
    useFactory: (
      { options }: ModuleSettings,
      keys: TokenKeys,
      loaders: LoaderCalls,
      cutOffs: RecentCutOffs,
    ) => new TokenMint(options.token, keys, loaders, options.clock, cutOffs),
    inject: [ModuleSettings, TokenKeys, LoaderCalls, RecentCutOffs],
  },
  {
    provide: Authenticator,
    useFactory: (
      { options }: ModuleSettings,
      reader: TokenReader,
      revocations: RevocationCheck,
      loaders: LoaderCalls,
      events: EventPublisher,
    ) => new Authenticator(options, reader, revocations, loaders, events),
    inject: [ModuleSettings, TokenReader, RevocationCheck, LoaderCalls, EventPublisher],
  },
  {
    provide: TokenService,
    useFactory: (
      { options, maxTokenLifetime }: ModuleSettings,
      mint: TokenMint,
      reader: TokenReader,
      revocations: RevocationCheck,
      rotation: TokenRotation,
      sessions: SessionRegistry,
      blocklist: BlocklistService,
      events: EventPublisher,
      renderer: Refusals,
    ): TokenService => {
      const { sessionLifetime } = options.rotation;
      const made = { mint, reader, revocations, rotation, sessions, blocklist, events, renderer };
      return new TokenService({ ...made, sessionLifetime, maxTokenLifetime });
    },
    inject: [
      ModuleSettings,
      TokenMint,
      TokenReader,
      RevocationCheck,
      TokenRotation,
      SessionRegistry,
      BlocklistService,
      EventPublisher,
      Refusals,
    ],
  },
  ...COOKIE_PROVIDERS,
  RoutePolicies,
  RouteScan,
  RouteAuthenticator,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  SlidingSessionInterceptor,
  JwtExceptionFilter,
];

/**
 * What other modules may ask for, and what guards, interceptor, filter and an application's tests need wherever they are
 * built.
 */
export const EXPORTS = [
  TokenService,
  TokenCookies,
  KeyRing,
  BlocklistService,
  SessionService,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  SlidingSessionInterceptor,
  CookieRenewal,
  JwtExceptionFilter,
  RouteAuthenticator,
  Refusals,
  ModuleSettings,
  TokenKeys,
];
