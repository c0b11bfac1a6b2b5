import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { KeyRing } from 'nestjs-jwt-extended';
import { KeyFolder } from './key-folder.js';

/** Reads the folder of keys again on SIGHUP. The file `pid` in the folder has the process id. */
@Injectable()
export class KeyRotation implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('KeyRotation');
  private readonly pidFile: string;

  constructor(
    private readonly folder: KeyFolder,
    private readonly ring: KeyRing,
  ) {
    this.pidFile = join(folder.path, 'pid');
  }

  onApplicationBootstrap() {
    process.on('SIGHUP', this.rotate);
    writeFileSync(this.pidFile, `${process.pid}\n`);
  }

  onApplicationShutdown() {
    process.off('SIGHUP', this.rotate);
    rmSync(this.pidFile);
  }

  /** After a mistake in the folder, the application keeps running with the old keys. */
  private readonly rotate = async () => {
    try {
      const keys = this.folder.read();
      await this.ring.rotate(keys);
      this.logger.log(`The key that signs is ${keys.current.kid}`);
    } catch (error) {
      this.logger.error(`The keys are left as they are: ${(error as Error).message}`);
    }
  };
}
