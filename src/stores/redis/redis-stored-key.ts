import type { StoredKey } from '../../server/stored-key.js';
import { readStoredKey } from '../key-record.js';
import { StoredRecord } from '../stored-record.js';
import type { ScriptClient } from './redis-client.js';
import { listReply, RedisScript } from './redis-script.js';

/** The fields of a StoredKey. The hash also has the receipt, which no request needs, and fields that only the store uses. */
export const STORED_KEY_FIELDS = [
  'keyId',
  'publicKey',
  'counter',
  'appId',
  'appClipId',
  'environment',
  'subject',
  'device',
  'extensions',
  'createdAt',
  'lastUsedAt',
  'revokedAt',
  'riskMetric',
  'receiptDueAt',
] as const;

const QUOTED = STORED_KEY_FIELDS.map((name) => `'${name}'`).join(', ');

const FIND = new RedisScript(`
return redis.call('HMGET', KEYS[1], ${QUOTED})`);

const LISTED = new RedisScript(`
return redis.call('HMGET', KEYS[1], 'registration', 'reserved:' .. ARGV[1], ${QUOTED})`);

/**
 * The key of an entry in the index of a user. `pending`: the entry was added, but the hash does not contain the key or its user
 * yet. `stale`: the entry is not valid and never becomes valid.
 */
export type ListedKey = 'pending' | 'stale' | StoredKey;

/** Reads keys from their hashes. */
export class RedisStoredKey {
  readonly #client: ScriptClient;
  readonly #prefix: string;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    return storedKey(listReply(await FIND.run(this.#client, this.#prefix + keyId), STORED_KEY_FIELDS.length));
  }

  async listed(keyId: string, tag: string, subject: string): Promise<ListedKey> {
    const reply = listReply(await LISTED.run(this.#client, this.#prefix + keyId, tag), 2 + STORED_KEY_FIELDS.length);
    const [registration, reservation, ...values] = reply;
    if (reservation !== undefined) return 'pending';
    if (registration !== tag) return 'stale';
    const key = storedKey(values);
    // `bind` adds the entry before it sets the user.
    if (key?.subject === undefined) return 'pending';
    return key.subject === subject ? key : 'stale';
  }
}

/** Returns `undefined` if Redis has none of the fields. */
function storedKey(values: readonly (string | undefined)[]): StoredKey | undefined {
  if (values.every((value) => value === undefined)) return undefined;
  const fields = STORED_KEY_FIELDS.map((name, index) => [name, values[index]] as const);
  return readStoredKey(new StoredRecord(Object.fromEntries(fields)));
}
