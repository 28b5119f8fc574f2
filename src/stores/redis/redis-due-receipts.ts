import type { ScriptClient } from './redis-client.js';
import { entryText, type IndexEntry, readEntry } from './redis-index-entry.js';
import { listReply, RedisScript } from './redis-script.js';

// The due receipts are one sorted set. The score of an entry is a time in milliseconds since 1970. From this time on, `due`
// reads the key. Normally, the score is the `receiptDueAt` of the key, or the end of its claim. The score of a valid entry is
// never later than the later one of these two times. An earlier score is harmless, because `due` reads `receiptDueAt` before it
// returns a key.
//
// While a key keeps its entry, its `receiptDueAt` only becomes later. If a key gets its first date or an earlier date, it also
// gets a new entry. A process can therefore always set the score to a date that it wrote or read. This is safe even if another
// process has written a later date in the meantime.

/** Adds an entry, or moves it to an earlier time. */
const ADD = new RedisScript(`
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(ARGV[2]) < tonumber(score) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
return 1`);

const RESCHEDULE = new RedisScript(`
return redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])`);

/** Moves entries to a later time. Entries that another process has removed, or claimed for longer, do not change. */
const POSTPONE = new RedisScript(`
for index = 1, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[index])
  if score and tonumber(score) < tonumber(ARGV[index + 1]) then redis.call('ZADD', KEYS[1], ARGV[index + 1], ARGV[index]) end
end
return 1`);

const REMOVE = new RedisScript(`
return redis.call('ZREM', KEYS[1], unpack(ARGV))`);

const CLAIM = new RedisScript(`
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, entry in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[3], entry) end
return due`);

/** An entry with the `receiptDueAt` of its key, in milliseconds since 1970. */
export interface DueEntry {
  readonly entry: IndexEntry;
  readonly dueAt: number;
}

/** The keys that have a `receiptDueAt`. */
export class RedisDueReceipts {
  readonly #client: ScriptClient;
  readonly #key: string;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#key = `${prefix}due-receipts`;
  }

  /** Adds an entry. Call this method before the date is stored in the key. */
  async add(entry: IndexEntry, dueAt: number): Promise<void> {
    await ADD.run(this.#client, this.#key, entryText(entry), dueAt);
  }

  /** Ends the claim of an entry. Call this method after the date was stored in the key. */
  async reschedule(entry: IndexEntry, dueAt: number): Promise<void> {
    await RESCHEDULE.run(this.#client, this.#key, entryText(entry), dueAt);
  }

  async postpone(entries: readonly DueEntry[]): Promise<void> {
    const parameters = entries.flatMap(({ entry, dueAt }) => [entryText(entry), dueAt]);
    if (parameters.length > 0) await POSTPONE.run(this.#client, this.#key, ...parameters);
  }

  async remove(entries: readonly IndexEntry[]): Promise<void> {
    if (entries.length > 0) await REMOVE.run(this.#client, this.#key, ...entries.map(entryText));
  }

  /**
   * Claims entries, the earliest first. No other call returns these entries until `claimedUntil`, unless `saveReceipt` ends
   * the claim before.
   */
  async claim(date: number, limit: number, claimedUntil: number): Promise<IndexEntry[]> {
    const entries = listReply(await CLAIM.run(this.#client, this.#key, date, limit, claimedUntil));
    return entries.map((text) => readEntry(String(text)));
  }
}
