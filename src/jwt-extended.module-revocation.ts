import type { Provider } from '@nestjs/common';
import { Refusals } from './authentication/refusals.js';
import { EventPublisher } from './events/security-event-publisher.js';
import { ModuleSettings } from './jwt-extended.module-settings.js';
import { BlocklistAccess } from './revocation/store-gateway.js';
import {
  BLOCKLIST_PARTS,
  type BlocklistParts,
  BlocklistService,
} from './revocation/blocklist.service.js';
import { CutOffMaker } from './revocation/cut-offs.js';
import { MemoryBlocklistStore } from './stores/memory-blocklist.store.js';
import { RevocationCheck } from './revocation/revocation-check.js';
import { RevocationLedger } from './revocation/revocation-ledger.js';
import { SessionRegistry } from './revocation/session-registry.js';
import { SessionService } from './revocation/session.service.js';
import { StoreHealth } from './revocation/store-circuit.js';
import { TokenRotation } from './revocation/refresh-rotation.js';
import { LoaderCalls } from './tokens/loaders.js';
import { RecentCutOffs } from './tokens/recent-cut-offs.js';
import { TokenMint } from './tokens/token-mint.js';
import { TokenReader } from './tokens/token-reader.js';

/** How a token ends early: the store, what is written in it, and who asks. */
export const REVOCATION_PROVIDERS: Provider[] = [
  {
    provide: MemoryBlocklistStore,
    useFactory: ({ options: { clock } }: ModuleSettings) => new MemoryBlocklistStore({ clock }),
    inject: [ModuleSettings],
  },
  {
    provide: BlocklistAccess,
    useFactory: async (
      { options: { blocklist } }: ModuleSettings,
      memory: MemoryBlocklistStore,
      events: EventPublisher,
    ): Promise<BlocklistAccess> => {
      const health = new StoreHealth(events);
      const access = new BlocklistAccess(blocklist.store ?? memory, blocklist.timeoutMs, health);
      await access.check();
      return access;
    },
    inject: [ModuleSettings, MemoryBlocklistStore, EventPublisher],
  },
  {
    provide: RevocationLedger,
    useFactory: ({ options: { rotation, clock } }: ModuleSettings, access: BlocklistAccess) =>
      new RevocationLedger(access, rotation.graceMs, clock),
    inject: [ModuleSettings, BlocklistAccess],
  },
  {
    provide: SessionRegistry,
    useFactory: ({ options }: ModuleSettings, access: BlocklistAccess) =>
      new SessionRegistry(
        access,
        options.rotation.maxSessions,
        options.token.leeway,
        options.clock,
      ),
    inject: [ModuleSettings, BlocklistAccess],
  },
  {
    provide: BLOCKLIST_PARTS,
    useFactory: (
      { options: { blocklist, token, clock }, longestLife }: ModuleSettings,
      access: BlocklistAccess,
      ledger: RevocationLedger,
      sessions: SessionRegistry,
      reader: TokenReader,
      recent: RecentCutOffs,
      events: EventPublisher,
      origin: Refusals,
    ): BlocklistParts => {
      const { store } = blocklist;
      const isShared = store !== undefined && !(store instanceof MemoryBlocklistStore);
      const cutOffs = new CutOffMaker(access, recent, clock, isShared);
      const { leeway } = token;
      const parts = { access, ledger, sessions, reader, cutOffs, events, origin, clock };
      return { ...parts, leeway, longestLife };
    },
    inject: [
      ModuleSettings,
      BlocklistAccess,
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
      access: BlocklistAccess,
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
      BlocklistAccess,
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
      access: BlocklistAccess,
      registry: SessionRegistry,
      blocklist: BlocklistService,
      origin: Refusals,
    ) => new SessionService(access, registry, blocklist, origin),
    inject: [BlocklistAccess, SessionRegistry, BlocklistService, Refusals],
  },
];
