import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Authenticator } from './authentication/authenticator.js';
import { Refusals } from './authentication/refusals.js';
import { ModuleSettings } from './jwt-extended.module-settings.js';
import { BlocklistAccess } from './revocation/blocklist-access.js';
import {
  BLOCKLIST_PARTS,
  type BlocklistParts,
  BlocklistService,
} from './revocation/blocklist.service.js';
import { MemoryBlocklistStore } from './revocation/memory-blocklist.store.js';
import { RevocationCheck } from './revocation/revocation-check.js';
import { AccessGuard } from './route/access.guard.js';
import { FreshGuard } from './route/fresh.guard.js';
import { JwtExceptionFilter } from './route/jwt-exception.filter.js';
import { RefreshGuard } from './route/refresh.guard.js';
import { RouteAuthenticator } from './route/route-authenticator.js';
import { RoutePolicies } from './route/route-policies.js';
import { RouteScan } from './route/route-scan.js';
import { TokenService } from './token.service.js';
import { KeyRing } from './tokens/keys/key-ring.js';
import { LoaderCalls } from './tokens/loader-calls.js';
import { TokenKeys } from './tokens/token-keys.js';
import { TokenMint } from './tokens/token-mint.js';
import { TokenReader } from './tokens/token-reader.js';
import { TokenCookies } from './transport/token-cookies.js';

/** How the parts are put together, from the settings up to what the application sees. */
export const PROVIDERS: Provider[] = [
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
    ) => new TokenMint(options.token, keys, loaders, options.clock, refusals),
    inject: [ModuleSettings, TokenKeys, LoaderCalls, Refusals],
  },
  {
    provide: MemoryBlocklistStore,
    useFactory: ({ options: { clock } }: ModuleSettings) => new MemoryBlocklistStore({ clock }),
    inject: [ModuleSettings],
  },
  {
    provide: BLOCKLIST_PARTS,
    useFactory: (
      { options: { blocklist, token } }: ModuleSettings,
      memory: MemoryBlocklistStore,
      reader: TokenReader,
      origin: Refusals,
    ): BlocklistParts => ({
      access: new BlocklistAccess(blocklist.store ?? memory, blocklist.timeoutMs),
      reader,
      leeway: token.leeway,
      origin,
    }),
    inject: [ModuleSettings, MemoryBlocklistStore, TokenReader, Refusals],
  },
  {
    provide: RevocationCheck,
    useFactory: ({ options }: ModuleSettings, blocklist: BlocklistService, loaders: LoaderCalls) =>
      new RevocationCheck(options.blocklist, blocklist, loaders),
    inject: [ModuleSettings, BlocklistService, LoaderCalls],
  },
  {
    provide: Authenticator,
    useFactory: (
      { options }: ModuleSettings,
      reader: TokenReader,
      revocations: RevocationCheck,
      loaders: LoaderCalls,
      refusals: Refusals,
    ) => new Authenticator(options, reader, revocations, loaders, refusals),
    inject: [ModuleSettings, TokenReader, RevocationCheck, LoaderCalls, Refusals],
  },
  {
    provide: TokenService,
    useFactory: (mint: TokenMint, reader: TokenReader, revocations: RevocationCheck) =>
      new TokenService(mint, reader, revocations),
    inject: [TokenMint, TokenReader, RevocationCheck],
  },
  {
    provide: TokenCookies,
    useFactory: ({ options }: ModuleSettings, reader: TokenReader, host: HttpAdapterHost) =>
      new TokenCookies(options, reader, host),
    inject: [ModuleSettings, TokenReader, HttpAdapterHost],
  },
  RoutePolicies,
  RouteScan,
  RouteAuthenticator,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  JwtExceptionFilter,
];

/** What other modules may ask for, and what guards and the filter need wherever they are built. */
export const EXPORTS = [
  TokenService,
  TokenCookies,
  KeyRing,
  BlocklistService,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  JwtExceptionFilter,
  RouteAuthenticator,
  Refusals,
];
