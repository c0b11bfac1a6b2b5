import { describe, it } from '@jest/globals';
import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { KeyvBlocklistStore } from '../../../src/revocation/keyv/keyv-blocklist.store.js';
import { BulkBackend } from './keyv-backends.js';
import { type OpenedStore, blocklistStoreContract } from '../../../src/testing/index.js';

const OPENERS: Readonly<Record<string, () => OpenedStore | Promise<OpenedStore>>> = {
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
  'a backend that reads many at once': () => ({
    store: new KeyvBlocklistStore(new Keyv(new BulkBackend())),
  }),
  'the CACHE_MANAGER of a CacheModule': () => openCache({}),
  'the CACHE_MANAGER of a CacheModule with a lifetime and two tiers': () =>
    openCache({ ttl: 1, stores: [new BulkBackend(), new BulkBackend()] }),
};

describe.each(Object.entries(OPENERS))('KeyvBlocklistStore over %s', (_, open) => {
  it.each(blocklistStoreContract(open, { isAtomic: false, sessions: false }))('$name', ({ run }) =>
    run(),
  );
});

async function openCache(options: Parameters<typeof CacheModule.register>[0]) {
  const app = await Test.createTestingModule({
    imports: [CacheModule.register(options)],
  }).compile();
  return { store: new KeyvBlocklistStore(app.get<Cache>(CACHE_MANAGER)), close: () => app.close() };
}
