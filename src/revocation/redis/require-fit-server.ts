import { randomUUID } from 'node:crypto';
import type { BlocklistStore, SessionRecords } from '../../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import { faultMessage } from '../../common/fault-message.js';

/** What waiting does not mend: commands that the server does not know yet, or that the client's user may not use. */
const REFUSALS = /^NOPERM|^ERR (syntax|unknown)|ACL failure|can't run this command/;

/** So long ago that nothing which is written here stays. */
const LONG_AGO = new Date(0);

/**
 * Does once what a store does later, where nobody sees it.
 *
 * @throws JwtExtendedConfigError - where the server is too old, or forbids something; any other error as it is
 */
export async function requireFitServer(
  store: BlocklistStore & { readonly sessions: SessionRecords },
): Promise<void> {
  const name = `check:${randomUUID()}`;
  try {
    await store.add(name, '', LONG_AGO);
    await store.raise(name, 0, LONG_AGO);
    await store.get([name]);
    await store.delete(name);
    await store.sessions.put(name, name, '', LONG_AGO);
    await store.sessions.list(name);
    await store.sessions.remove(name, name);
  } catch (error) {
    const words = faultMessage(error);
    if (!REFUSALS.test(words)) throw error;
    throw new JwtExtendedConfigError(
      `RedisBlocklistStore: the server refuses what a store must do (${words}); give it Redis 6.2 or newer, and the client a user that may read, write and EVAL under the prefix`,
      { cause: error },
    );
  }
}
