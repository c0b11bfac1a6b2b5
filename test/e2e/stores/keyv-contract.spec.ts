import { describe, it } from '@jest/globals';
import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { KeyvBlocklistStore } from '../../../src/stores/keyv-blocklist.store.js';
import { Backend, BulkBackend } from './keyv-backends.js';
import { type OpenedStore, blocklistStoreContract } from '../../../src/testing/index.js';

type Openers = Readonly<Record<string, () => OpenedStore | Promise<OpenedStore>>>;

const IN_MEMORY: Openers = {
  'a Keyv in memory': () => ({ store: new KeyvBlocklistStore(new Keyv()) }),
  'a Keyv with a lifetime and a namespace of its own': () => ({
    store: new KeyvBlocklistStore(new Keyv({ ttl: 1, namespace: 'revocations' })),
  }),
  'a Keyv that compresses': () => ({
    store: new KeyvBlocklistStore(
      new Keyv({
        compression: {
          compress: async (value: unknown) => Buffer.from(String(value)).toString('base64'),
          decompress: async (value: unknown) => Buffer.from(String(value), 'base64').toString(),
        },
      } as object),
    ),
  }),
  'the CACHE_MANAGER of a CacheModule': () => openCache({}),
};

const OVER_BACKENDS: Openers = {
  'a backend that reads one at a time': () => openKeyv(new Backend()),
  'a backend that reads many at once': () => openKeyv(new BulkBackend()),
  'the CACHE_MANAGER of a CacheModule with a lifetime and two tiers': async () => {
    const last = new BulkBackend();
    const opened = await openCache({ ttl: 1, stores: [new BulkBackend(), last] });
    return { ...opened, takeDown: () => last.takeDown() };
  },
};

describe.each([
  ...Object.entries(IN_MEMORY).map(([over, open]) => ({ over, open, outages: false })),
  ...Object.entries(OVER_BACKENDS).map(([over, open]) => ({ over, open, outages: true })),
])('KeyvBlocklistStore over $over', ({ open, outages }) => {
  const features = { isAtomic: false, sessions: false, outages };

  it.each(blocklistStoreContract(open, features))('$name', ({ run }) => run());
});

function openKeyv(backend: Backend): OpenedStore {
  return {
    store: new KeyvBlocklistStore(new Keyv(backend)),
    takeDown: () => backend.takeDown(),
  };
}

async function openCache(options: Parameters<typeof CacheModule.register>[0]) {
  const app = await Test.createTestingModule({
    imports: [CacheModule.register(options)],
  }).compile();
  return { store: new KeyvBlocklistStore(app.get<Cache>(CACHE_MANAGER)), close: () => app.close() };
}
