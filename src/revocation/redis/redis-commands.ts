/**
 * The commands that a store sends, whichever client sends them. A reply is whatever the client makes of it: it is for
 * the caller to read, and a refusal is the client's own error.
 */
export interface RedisCommands {
  /** `OK`, or `null` where the key is there already, of whatever type. */
  setIfAbsent(key: string, value: string, keptUntil: number | null): Promise<unknown>;
  /** Rejects where the key is not a string's. */
  get(key: string): Promise<unknown>;
  /** A list in one round trip; `null` for a key that is absent, and for one that may not be a string's. */
  getAll(keys: string[]): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Scripts of ours keep to one key, so that a cluster knows which of its nodes to ask. */
  run(script: string, key: string, ...args: string[]): Promise<unknown>;
  hashValues(key: string): Promise<unknown>;
  deleteField(key: string, field: string): Promise<unknown>;
}
