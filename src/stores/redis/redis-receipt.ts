import { encodeBase64 } from '../../encoding/base64.js';
import type { ReceiptUpdate } from '../../server/key-store.js';
import type { ScriptClient } from './redis-client.js';
import type { DueEntry } from './redis-due-receipts.js';
import { type IndexEntry, newTag } from './redis-index-entry.js';
import { listReply, optionalListReply, RedisScript, textReply } from './redis-script.js';

// `dueTag` is the tag of the key's entry in the due receipts. A first or an earlier `receiptDueAt` needs a new entry, which
// must be in the index before the date is stored. Until then, the tag of the new entry is `nextDueTag`, and the old entry stays
// valid. If a process crashes before it stores the date, the next process uses the same `nextDueTag`.

const RECEIPT = new RedisScript(`
return redis.call('HGET', KEYS[1], 'receipt')`);

/**
 * ARGV: receiptDueAt, the tag that was added to the index, a random tag, receipt, riskMetric. An absent value is an empty text.
 */
const SAVE = new RedisScript(`
local registration, dueAt, dueTag, nextDueTag =
  unpack(redis.call('HMGET', KEYS[1], 'registration', 'receiptDueAt', 'dueTag', 'nextDueTag'))
if not registration then return false end
local isEarlier = ARGV[1] ~= '' and (not dueAt or tonumber(ARGV[1]) < tonumber(dueAt))
if isEarlier and (not nextDueTag or nextDueTag ~= ARGV[2]) then
  if not nextDueTag then redis.call('HSET', KEYS[1], 'nextDueTag', ARGV[3]) end
  return {'add', nextDueTag or ARGV[3]}
end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'receipt', ARGV[4]) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'riskMetric', ARGV[5]) end
if ARGV[1] == '' then
  redis.call('HDEL', KEYS[1], 'receiptDueAt', 'dueTag', 'nextDueTag')
  return {'saved', false, dueTag, nextDueTag}
end
redis.call('HSET', KEYS[1], 'receiptDueAt', ARGV[1])
if not isEarlier then return {'saved', dueTag} end
redis.call('HSET', KEYS[1], 'dueTag', nextDueTag)
redis.call('HDEL', KEYS[1], 'nextDueTag')
return {'saved', nextDueTag, dueTag}`);

const DUE_STATE = new RedisScript(`
return redis.call('HMGET', KEYS[1], 'dueTag', 'nextDueTag', 'reserved:' .. ARGV[1], 'revokedAt', 'receiptDueAt')`);

/**
 * `add`: the caller must add the entry, and then call `save` again. `saved`: the update is stored, and the entries in
 * `replaced` are no longer valid.
 */
export type SavedReceipt =
  | ({ readonly outcome: 'add' } & DueEntry)
  | { readonly outcome: 'saved'; readonly current?: DueEntry; readonly replaced: readonly IndexEntry[] };

/**
 * `pending`: the entry was added, but the date is not stored in the key yet. `stale`: the entry is not valid and never becomes
 * valid.
 */
export type DueState = 'pending' | 'stale' | { readonly dueAt: number };

/** Reads and writes the receipts and their due dates in the hashes of keys. */
export class RedisReceipt {
  readonly #client: ScriptClient;
  readonly #prefix: string;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async find(keyId: string): Promise<Uint8Array | undefined> {
    const base64 = textReply(await RECEIPT.run(this.#client, this.#prefix + keyId));
    return base64 === undefined ? undefined : new Uint8Array(Buffer.from(base64, 'base64'));
  }

  /**
   * Returns `undefined` if the key does not exist.
   *
   * @param addedTag The tag of the entry that the caller added after an earlier call returned `add`
   */
  async save(keyId: string, update: ReceiptUpdate, addedTag = ''): Promise<SavedReceipt | undefined> {
    const dueAt = update.receiptDueAt?.getTime();
    const receipt = update.receipt ? encodeBase64(update.receipt) : '';
    const parameters = [dueAt ?? '', addedTag, newTag(), receipt, update.riskMetric ?? ''];
    const reply = optionalListReply(await SAVE.run(this.#client, this.#prefix + keyId, ...parameters));
    if (!reply) return undefined;
    const [outcome, tag, ...replacedTags] = reply;
    const current = tag === undefined || dueAt === undefined ? undefined : { entry: { keyId, tag }, dueAt };
    if (outcome === 'add' && current) return { outcome, ...current };
    if (outcome !== 'saved') throw new Error('Redis sent an unknown reply to the update of a receipt');
    const replaced = replacedTags.flatMap((old) => (old === undefined ? [] : [{ keyId, tag: old }]));
    return { outcome, ...(current && { current }), replaced };
  }

  /** Returns the state of an entry in the due receipts. */
  async dueState(keyId: string, tag: string): Promise<DueState> {
    const reply = listReply(await DUE_STATE.run(this.#client, this.#prefix + keyId, tag), 5);
    const [dueTag, nextDueTag, reservation, revokedAt, dueAt] = reply;
    if (reservation !== undefined || nextDueTag === tag) return 'pending';
    if (dueTag !== tag || revokedAt !== undefined) return 'stale';
    if (dueAt === undefined) throw new Error('Redis has an attested key with a dueTag but without a receiptDueAt');
    return { dueAt: Number(dueAt) };
  }
}
