import assert from 'node:assert/strict';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';

/** The records of an identity, sorted, since a store lists them in any order. */
export async function listed(store: BlocklistStore, identity: string): Promise<readonly string[]> {
  return [...(await sessionsOf(store).list(identity))].sort();
}

/** The sessions of a store that has any. */
export function sessionsOf({ sessions }: BlocklistStore): SessionRecords {
  assert.ok(sessions, 'the store has no sessions; tell the contract so: { sessions: false }');
  return sessions;
}
