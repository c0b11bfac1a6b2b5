import type { SessionRecords } from '../contracts/blocklist-store.js';
import type { RedisCommands } from './redis-client.js';
import { expiryOf, MARGIN_MS } from './store-rules.js';

/** When Redis removes an entry, in milliseconds since the epoch. Redis accepts positive numbers only. */
export function expireAt(expiresAt: Date | null): number | null {
  const expiry = expiryOf(expiresAt, 'RedisBlocklistStore');
  return expiry === null ? null : Math.max(1, expiry + MARGIN_MS);
}

/** Some clients are configured to return bytes. */
function readText(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  throw malformed();
}

/** The values of a number of keys. */
export function readValues(reply: unknown, count: number): readonly (string | null)[] {
  if (!Array.isArray(reply) || reply.length !== count) throw malformed();
  // Not with map, which skips the holes of an array.
  return Array.from(reply, (each) => (each === null ? null : readText(each)));
}

export function requireOk(reply: unknown): void {
  if (readText(reply) !== 'OK') throw malformed();
}

/** The message does not repeat the reply, which may hold anything. */
function malformed(): TypeError {
  return new TypeError('RedisBlocklistStore: the client returned an unexpected reply');
}

/**
 * Writes a value if the entry has the expected one. The server rejects a key of another type.
 *
 * `KEYS[1]` is the entry, `ARGV[1]` the expected value, `ARGV[2]` the new one, `ARGV[3]` when it is removed, or empty for
 * never.
 */
export const REPLACE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'DIFFERS' end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3]) end
return 'OK'`;

/** Whether {@link REPLACE} wrote the value. */
export function readReplaced(reply: unknown): boolean {
  const text = readText(reply);
  if (text !== 'OK' && text !== 'DIFFERS') throw malformed();
  return text === 'OK';
}

/**
 * Writes a session's record as `<removed at>|<text>`, and removes expired records of the same hash. The hash lives as
 * long as its longest record. If it has more than 64 records, the script reads them all in one of 16 calls only, which
 * would otherwise keep the server busy; the other calls never shorten the life of the hash.
 *
 * `KEYS[1]` is the hash, `ARGV[1]` the session's id, `ARGV[2]` the text, `ARGV[3]` when the record is removed or empty.
 */
const PUT_SESSION = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HLEN', KEYS[1]) > 64 and time[2] % 16 > 0 then
  local left = redis.call('PTTL', KEYS[1])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. '|' .. ARGV[2])
  if ARGV[3] == '' then redis.call('PERSIST', KEYS[1])
  elseif left >= 0 and now + left < tonumber(ARGV[3]) then redis.call('PEXPIREAT', KEYS[1], ARGV[3]) end
  return 'OK'
end
local records = redis.call('HGETALL', KEYS[1])
local latest, expired = ARGV[3], {}
for i = 1, #records, 2 do
  local ends = string.match(records[i + 1], '^(%d*)|')
  if not ends then return redis.error_reply('ERR a record of a session cannot be read') end
  if records[i] ~= ARGV[1] then
    if ends ~= '' and tonumber(ends) <= now then
      table.insert(expired, records[i])
    elseif latest ~= '' and (ends == '' or tonumber(ends) > tonumber(latest)) then
      latest = ends
    end
  end
end
for _, id in ipairs(expired) do redis.call('HDEL', KEYS[1], id) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. '|' .. ARGV[2])
if latest == '' then redis.call('PERSIST', KEYS[1])
else redis.call('PEXPIREAT', KEYS[1], latest) end
return 'OK'`;

/** The sessions of each identity: one hash, with a field for each session. */
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
    const until = expireAt(expiresAt)?.toString() ?? '';
    requireOk(
      await this.commands.run(PUT_SESSION, this.prefix + identity, sessionId, value, until),
    );
  }

  async get(identity: string, sessionId: string): Promise<string | null> {
    const record = await this.commands.field(this.prefix + identity, sessionId);
    return record === null ? null : valueOf(record);
  }

  async list(identity: string): Promise<readonly string[]> {
    const records = await this.commands.hashValues(this.prefix + identity);
    if (!Array.isArray(records)) throw malformed();
    return Array.from(records, valueOf);
  }

  async remove(identity: string, sessionId: string): Promise<void> {
    await this.commands.deleteField(this.prefix + identity, sessionId);
  }
}

function valueOf(record: unknown): string {
  const text = readText(record);
  if (!/^\d*\|/.test(text)) throw malformed();
  return text.slice(text.indexOf('|') + 1);
}
