import type { SessionRecords } from '../../contracts/blocklist-store.js';
import { keptUntil } from './kept-until.js';
import type { RedisCommands } from './redis-commands.js';
import { malformed, readTexts, requireOk } from './redis-replies.js';
import { PUT_SESSION } from './redis-scripts.js';

const RECORD = /^\d*\|/;

/** The sessions of an identity: one hash, in which each has a field. */
export class RedisSessions implements SessionRecords {
  constructor(
    private readonly commands: RedisCommands,
    private readonly prefix: string,
  ) {}

  async put(
    identity: string,
    sessionId: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<void> {
    const until = keptUntil(expiresAt)?.toString() ?? '';
    requireOk(
      await this.commands.run(PUT_SESSION, this.prefix + identity, sessionId, value, until),
    );
  }

  async list(identity: string): Promise<readonly string[]> {
    return readTexts(await this.commands.hashValues(this.prefix + identity)).map(valueOf);
  }

  async remove(identity: string, sessionId: string): Promise<void> {
    await this.commands.deleteField(this.prefix + identity, sessionId);
  }
}

function valueOf(record: string): string {
  if (!RECORD.test(record)) throw malformed();
  return record.slice(record.indexOf('|') + 1);
}
