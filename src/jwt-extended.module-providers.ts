import type { Provider } from '@nestjs/common';
import { Authenticator } from './authentication/authenticator.js';
import { Refusals } from './authentication/refusals.js';
import { EventEmitterBridge, EventPublisher } from './events/security-event-publisher.js';
import { COOKIE_PROVIDERS } from './jwt-extended.module-cookies.js';
import { ModuleSettings } from './jwt-extended.module-settings.js';
import { REVOCATION_PROVIDERS } from './jwt-extended.module-revocation.js';
import { BlocklistService } from './revocation/blocklist.service.js';
import { RevocationCheck } from './revocation/revocation-check.js';
import { SessionRegistry } from './revocation/session-registry.js';
import { SessionService } from './revocation/session.service.js';
import { TokenRotation } from './revocation/refresh-rotation.js';
import { AccessGuard, FreshGuard, RefreshGuard } from './route/token.guards.js';
import { CookieRenewal, SlidingSessionInterceptor } from './route/sliding-session.interceptor.js';
import { JwtExceptionFilter } from './route/jwt-exception.filter.js';
import { RouteAuthenticator } from './route/route-authenticator.js';
import { RoutePolicies } from './route/route.js';
import { RouteScan } from './route/route-scan.js';
import { TokenService } from './token.service.js';
import { KeyRing } from './keys/key-ring.js';
import { LoaderCalls } from './tokens/loaders.js';
import { RecentCutOffs } from './tokens/recent-cut-offs.js';
import { TokenKeys } from './tokens/token-keys.js';
import { TokenMint } from './tokens/token-mint.js';
import { TokenReader } from './tokens/token-reader.js';
import { TokenCookies } from './http/token-cookies.js';

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
    useFactory: ({ options }: ModuleSettings, keys: TokenKeys, refusals: Refusals) =>
      new TokenReader(options.token, keys, options.clock, refusals),
    inject: [ModuleSettings, TokenKeys, Refusals],
  },
  {
    provide: TokenMint,
    useFactory: (
      { options }: ModuleSettings,
      keys: TokenKeys,
      loaders: LoaderCalls,
      refusals: Refusals,
      cutOffs: RecentCutOffs,
    ) => new TokenMint(options.token, keys, loaders, options.clock, refusals, cutOffs),
    inject: [ModuleSettings, TokenKeys, LoaderCalls, Refusals, RecentCutOffs],
  },
  {
    provide: Authenticator,
    useFactory: (
      { options }: ModuleSettings,
      reader: TokenReader,
      revocations: RevocationCheck,
      loaders: LoaderCalls,
      refusals: Refusals,
      events: EventPublisher,
    ) => new Authenticator(options, reader, revocations, loaders, refusals, events),
    inject: [ModuleSettings, TokenReader, RevocationCheck, LoaderCalls, Refusals, EventPublisher],
  },
  {
    provide: TokenService,
    useFactory: (
      { options, longestLife }: ModuleSettings,
      mint: TokenMint,
      reader: TokenReader,
      revocations: RevocationCheck,
      rotation: TokenRotation,
      sessions: SessionRegistry,
      blocklist: BlocklistService,
      events: EventPublisher,
      origin: Refusals,
    ): TokenService => {
      const { sessionLifetime } = options.rotation;
      const made = { mint, reader, revocations, rotation, sessions, blocklist, events, origin };
      return new TokenService({ ...made, sessionLifetime, longestLife });
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
