import { describe, it } from '@jest/globals';
import { MemoryBlocklistStore } from '../../../src/index.js';
import { blocklistStoreContract } from '../../../src/testing/index.js';

describe('MemoryBlocklistStore', () => {
  const open = () => {
    const store = new MemoryBlocklistStore();
    return { store, close: () => store.onModuleDestroy() };
  };

  it.each(blocklistStoreContract(open, { outages: false }))('$name', ({ run }) => run());
});
