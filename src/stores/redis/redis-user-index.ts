import { createHash } from 'node:crypto';
import type { ScriptClient } from './redis-client.js';
import { entryText, type IndexEntry, type RangeStart, readEntry } from './redis-index-entry.js';
import { listReply, RedisScript } from './redis-script.js';

// The index of each user is a sorted set. All scores are 0, so Redis sorts the entries by their bytes.

const ADD = new RedisScript(`
return redis.call('ZADD', KEYS[1], 0, ARGV[1])`);

const REMOVE = new RedisScript(`
return redis.call('ZREM', KEYS[1], unpack(ARGV))`);

const ENTRIES = new RedisScript(`
return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])`);

/**
 * The keys of each user. The index may contain entries that are not valid. A reader checks each entry against the hash of the
 * key.
 */
export class RedisUserIndex {
  readonly #client: ScriptClient;
  readonly #prefix: string;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#prefix = `${prefix}user:`;
  }

  async add(subject: string, entry: IndexEntry): Promise<void> {
    await ADD.run(this.#client, this.#key(subject), entryText(entry));
  }

  async remove(subject: string, entries: readonly IndexEntry[]): Promise<void> {
    if (entries.length > 0) await REMOVE.run(this.#client, this.#key(subject), ...entries.map(entryText));
  }

  async entries(subject: string, start: RangeStart, limit: number): Promise<IndexEntry[]> {
    return listReply(await ENTRIES.run(this.#client, this.#key(subject), start, limit)).map((text) =>
      readEntry(String(text)),
    );
  }

  /**
   * Returns the name of the Redis key. It contains a SHA-256 digest, so it has a fixed length and does not contain the user.
   */
  #key(subject: string): string {
    return this.#prefix + createHash('sha256').update(subject).digest('base64url');
  }
}
