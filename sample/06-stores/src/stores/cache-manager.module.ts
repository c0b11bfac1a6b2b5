import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import { KeyvBlocklistStore } from 'nestjs-jwt-extended';
import { STORE } from './store.js';

@Module({
  imports: [CacheModule.register()],
  providers: [
    {
      provide: STORE,
      inject: [CACHE_MANAGER],
      useFactory: (cache: Cache) => new KeyvBlocklistStore(cache),
    },
  ],
  exports: [STORE],
})
export class StoreModule {}
