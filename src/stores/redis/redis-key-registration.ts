import { MAX_COUNTER_WINDOW } from '../../server/counter-window.js';
import type { NewKey } from '../../server/stored-key.js';
import { keyRecord } from '../key-record.js';
import type { ScriptClient } from './redis-client.js';
import { isYes, optionalListReply, RedisScript, textReply } from './redis-script.js';

// Each attested key is a Redis hash. The indexes are other Redis keys. In a cluster, these Redis keys may be on different nodes,
// so one script cannot write them all. An insertion therefore has three steps: it reserves a tag in the Redis hash, adds entries
// with this tag to the indexes, and writes the fields of the key. The last step fails if the reservation no longer exists. An
// entry whose tag is not in the Redis hash therefore never becomes valid, even if a step takes long. Such an entry can be removed
// at any time.

/** The lifetime of a Redis hash that has only reservations, in milliseconds. It is longer than an insertion usually takes. */
const RESERVED_FOR = 60_000;

const RESERVE = new RedisScript(`
if redis.call('HEXISTS', KEYS[1], 'registration') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'reserved:' .. ARGV[1], '')
redis.call('PEXPIRE', KEYS[1], ${RESERVED_FOR})
return 1`);

/**
 * Writes the fields of a key. Deletes all reservations, including those of other servers. The insertions of these servers then
 * find a registered key.
 */
const INSERT = new RedisScript(`
local registration = redis.call('HGET', KEYS[1], 'registration')
if registration then return registration == ARGV[1] and 'inserted' or 'exists' end
if redis.call('HEXISTS', KEYS[1], 'reserved:' .. ARGV[1]) == 0 then return 'expired' end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'registration', ARGV[1], 'seen', string.rep('1', ${MAX_COUNTER_WINDOW}), unpack(ARGV, 2))
return 'inserted'`);

/** ARGV: the user that the key must belong to, if any. */
const REMOVE = new RedisScript(`
local tags = redis.call('HMGET', KEYS[1], 'registration', 'subject', 'dueTag', 'nextDueTag')
if not tags[1] or ARGV[1] and tags[2] ~= ARGV[1] then return false end
redis.call('DEL', KEYS[1])
return tags`);

const BINDABLE = new RedisScript(`
local registration, subject, revokedAt = unpack(redis.call('HMGET', KEYS[1], 'registration', 'subject', 'revokedAt'))
if revokedAt or subject and subject ~= ARGV[1] then return false end
return registration`);

/**
 * The registration must have the tag of the index entry. If the key already has this user, the script returns 1, even if the
 * key is revoked.
 */
const BIND = new RedisScript(`
local registration, subject, revokedAt = unpack(redis.call('HMGET', KEYS[1], 'registration', 'subject', 'revokedAt'))
if registration ~= ARGV[1] then return 0 end
if subject then return subject == ARGV[2] and 1 or 0 end
if revokedAt then return 0 end
redis.call('HSET', KEYS[1], 'subject', ARGV[2])
return 1`);

/** The index entries of a removed key. */
export interface RemovedKey {
  readonly registration: string;
  readonly subject: string | undefined;
  readonly dueTags: readonly string[];
}

/** Writes and deletes the hashes of registered keys. */
export class RedisKeyRegistration {
  readonly #client: ScriptClient;
  readonly #prefix: string;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** Returns `false` if the key is registered. */
  async reserve(keyId: string, tag: string): Promise<boolean> {
    return isYes(await RESERVE.run(this.#client, this.#prefix + keyId, tag));
  }

  /**
   * Returns `'expired'` if the reservation no longer exists, because the key was registered and removed in the meantime, or
   * because this insertion took too long.
   */
  async insert(key: NewKey, tag: string): Promise<'inserted' | 'exists' | 'expired'> {
    const record = keyRecord(key);
    const fields = { ...record, counter: key.counter, dueTag: record.receiptDueAt === null ? null : tag };
    const present = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [name, value]));
    const outcome = textReply(await INSERT.run(this.#client, this.#prefix + key.keyId, tag, ...present));
    if (outcome === 'inserted' || outcome === 'exists' || outcome === 'expired') return outcome;
    throw new Error('Redis sent an unknown reply to the insertion of a key');
  }

  /** Returns `undefined` if the key is not registered, or does not belong to the given user. */
  async remove(keyId: string, subject?: string): Promise<RemovedKey | undefined> {
    const user = subject === undefined ? [] : [subject];
    const reply = optionalListReply(await REMOVE.run(this.#client, this.#prefix + keyId, ...user));
    if (!reply) return undefined;
    const [registration, owner, ...dueTags] = reply;
    if (registration === undefined) throw new Error('Redis removed a key whose hash has no field registration');
    return { registration, subject: owner, dueTags: dueTags.filter((tag) => tag !== undefined) };
  }

  /** Returns the registration tag of a key that can be bound to this user. */
  async bindable(keyId: string, subject: string): Promise<string | undefined> {
    return textReply(await BINDABLE.run(this.#client, this.#prefix + keyId, subject));
  }

  async bind(keyId: string, registration: string, subject: string): Promise<boolean> {
    return isYes(await BIND.run(this.#client, this.#prefix + keyId, registration, subject));
  }
}
