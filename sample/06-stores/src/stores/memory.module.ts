import { Module } from '@nestjs/common';
import { MemoryBlocklistStore } from 'nestjs-jwt-extended';
import { STORE } from './store.js';

@Module({
  providers: [{ provide: STORE, useFactory: () => new MemoryBlocklistStore() }],
  exports: [STORE],
})
export class StoreModule {}
