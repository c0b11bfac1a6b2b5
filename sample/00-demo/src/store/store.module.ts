import { Module } from '@nestjs/common';
import { openStore } from './open-store.js';
import { OPENED_STORE } from './opened-store.js';
import { StoreKeeper } from './store-keeper.js';

@Module({
  providers: [{ provide: OPENED_STORE, useFactory: openStore }, StoreKeeper],
  exports: [OPENED_STORE],
})
export class StoreModule {}
