import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import driver from 'libsql';
import { SQLITE_FILE } from './sqlite-file.js';
import { StoreModule as SqliteModule } from './sqlite.module.js';

/** The store has a connection of its own to TypeORM's file, because TypeORM uses one connection for all transactions. */
@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      driver,
      database: SQLITE_FILE,
      enableWAL: true,
    }),
    SqliteModule,
  ],
  exports: [SqliteModule],
})
export class StoreModule {}
