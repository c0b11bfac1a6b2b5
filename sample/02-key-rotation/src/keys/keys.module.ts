import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { KeyFolder } from './key-folder.js';

@Module({
  providers: [
    {
      provide: KeyFolder,
      useFactory: () =>
        new KeyFolder(process.env.KEY_FOLDER ?? join(import.meta.dirname, '../../keys')),
    },
  ],
  exports: [KeyFolder],
})
export class KeysModule {}
