import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { OPENED_STORE, type OpenedStore } from './opened-store.js';

const AN_HOUR_MS = 3_600_000;

/** Purges the store every hour, and closes it when the application ends. */
@Injectable()
export class StoreKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('StoreKeeper');
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(OPENED_STORE) private readonly opened: OpenedStore) {}

  onApplicationBootstrap() {
    this.timer = setInterval(() => void this.purge(), AN_HOUR_MS).unref();
  }

  async onApplicationShutdown() {
    clearInterval(this.timer);
    await this.opened.close();
  }

  /** If it fails, the expired entries stay for another hour, and only take up space. */
  private async purge() {
    try {
      await this.opened.purge?.();
    } catch (error) {
      this.logger.warn(`The store was not purged: ${(error as Error).message}`);
    }
  }
}
