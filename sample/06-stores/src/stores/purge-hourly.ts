import { Logger } from '@nestjs/common';
import type { SqlBlocklistStore } from 'nestjs-jwt-extended';

/** Expired rows only take up space, so a purge that fails is made up for by the next one. */
export function purgeHourly(store: SqlBlocklistStore): void {
  const logger = new Logger('Purge');
  setInterval(() => void store.purge().catch((error) => logger.warn(error)), 3_600_000).unref();
}
