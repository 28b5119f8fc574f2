import { MAX_COUNTER_WINDOW } from '../../server/counter-window.js';
import type { KeyPage, KeyRegistration, KeyStore, KeyUse, ReceiptUpdate } from '../../server/key-store.js';
import { LAST_USE_PRECISION } from '../../server/last-use.js';
import type { NewKey, StoredKey } from '../../server/stored-key.js';
import { extensionsJson } from '../key-record.js';
import { inBatches } from './in-batches.js';
import type { ScriptClient } from './redis-client.js';
import { type DueEntry, RedisDueReceipts } from './redis-due-receipts.js';
import { afterEntry, afterKey, FIRST_ENTRY, type IndexEntry, newTag } from './redis-index-entry.js';
import { RedisKeyRegistration } from './redis-key-registration.js';
import { RedisReceipt } from './redis-receipt.js';
import { isYes, RedisScript } from './redis-script.js';
import { RedisStoredKey } from './redis-stored-key.js';
import { RedisUserIndex } from './redis-user-index.js';

// Each attested key is a Redis hash that never expires. The hash has the fields of KeyRecord, the tags of the index
// entries (`registration`, `dueTag`, `nextDueTag`), and two fields for the counter window. `counter` is the highest
// accepted counter. `seen` is a text of 64 digits. Digit n, from 1 to 64, is 1 if the counter `counter - n` was
// accepted, or may have been used before the registration. `seen` is text because numbers in Lua are doubles, which
// cannot represent all 64-bit integers.
//
// There are two kinds of indexes: the keys of each user, and the due receipts. An entry is added before the hash is written,
// and removed after the hash was deleted. A crash between two steps can therefore leave entries that are not valid, but no key
// without its entries. `list` and `due` check each entry against the hash. They skip entries that are not valid, and remove
// entries that can no longer become valid.

/**
 * The same algorithm as the function `acceptCounter`, as a Redis script. The script also stores the use.
 *
 * ARGV: counter, window, usedAt, extensions, createdAt and subject. The last four are optional. An absent value is an empty text
 * if another value follows, and is omitted otherwise. Without `createdAt`, any registration is accepted.
 */
const ADVANCE = new RedisScript(`
local highest, seen, revokedAt, lastUsedAt, createdAt, subject =
  unpack(redis.call('HMGET', KEYS[1], 'counter', 'seen', 'revokedAt', 'lastUsedAt', 'createdAt', 'subject'))
if not highest or not seen or revokedAt then return 0 end
if ARGV[5] and (createdAt ~= ARGV[5] or (subject or nil) ~= ARGV[6]) then return 0 end
local ahead = tonumber(ARGV[1]) - tonumber(highest)
if ahead > 0 then
  local skipped = string.rep('0', math.min(ahead - 1, ${MAX_COUNTER_WINDOW}))
  redis.call('HSET', KEYS[1], 'counter', ARGV[1], 'seen', string.sub(skipped .. '1' .. seen, 1, ${MAX_COUNTER_WINDOW}))
else
  local behind = -ahead
  if behind == 0 or behind > tonumber(ARGV[2]) or string.sub(seen, behind, behind) ~= '0' then return 0 end
  redis.call('HSET', KEYS[1], 'seen', string.sub(seen, 1, behind - 1) .. '1' .. string.sub(seen, behind + 1))
end
if ARGV[3] and ARGV[3] ~= '' and (not lastUsedAt or tonumber(ARGV[3]) - tonumber(lastUsedAt) >= ${LAST_USE_PRECISION}) then
  redis.call('HSET', KEYS[1], 'lastUsedAt', ARGV[3])
end
if ARGV[4] and ARGV[4] ~= '' then redis.call('HSETNX', KEYS[1], 'extensions', ARGV[4]) end
return 1`);

/** ARGV: revokedAt, and the user that the key must belong to, if any. */
const REVOKE = new RedisScript(`
local registration, subject = unpack(redis.call('HMGET', KEYS[1], 'registration', 'subject'))
if not registration or ARGV[2] and subject ~= ARGV[2] then return 0 end
redis.call('HSETNX', KEYS[1], 'revokedAt', ARGV[1])
return 1`);

export class RedisKeyStore implements KeyStore {
  readonly #client: ScriptClient;
  readonly #prefix: string;
  readonly #registration: RedisKeyRegistration;
  readonly #stored: RedisStoredKey;
  readonly #receipt: RedisReceipt;
  readonly #users: RedisUserIndex;
  readonly #due: RedisDueReceipts;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#prefix = `${prefix}key:`;
    this.#registration = new RedisKeyRegistration(client, this.#prefix);
    this.#stored = new RedisStoredKey(client, this.#prefix);
    this.#receipt = new RedisReceipt(client, this.#prefix);
    this.#users = new RedisUserIndex(client, prefix);
    this.#due = new RedisDueReceipts(client, prefix);
  }

  async insert(key: NewKey): Promise<boolean> {
    const { keyId, subject, receiptDueAt } = key;
    while (true) {
      const tag = newTag();
      if (!(await this.#registration.reserve(keyId, tag))) return false;
      const entry = { keyId, tag };
      await Promise.all([
        subject !== undefined && this.#users.add(subject, entry),
        receiptDueAt && this.#due.add(entry, receiptDueAt.getTime()),
      ]);
      const outcome = await this.#registration.insert(key, tag);
      if (outcome === 'inserted') return true;
      await this.#removeEntries(keyId, subject, tag, receiptDueAt ? [tag] : []);
      if (outcome === 'exists') return false;
    }
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    return this.#stored.find(keyId);
  }

  async advance(
    keyId: string,
    counter: number,
    window: number,
    use?: KeyUse,
    registration?: KeyRegistration,
  ): Promise<boolean> {
    const extensions = use?.extensions ? extensionsJson(use.extensions) : undefined;
    const optional = [use?.usedAt.getTime(), extensions, registration?.createdAt.getTime(), registration?.subject];
    const last = optional.findLastIndex((value) => value !== undefined);
    const parameters = optional.slice(0, last + 1).map((value) => value ?? '');
    return isYes(await ADVANCE.run(this.#client, this.#prefix + keyId, counter, window, ...parameters));
  }

  /** Does not remove the entry in the due receipts. `due` removes it later. */
  async revoke(keyId: string, revokedAt = new Date(), subject?: string): Promise<boolean> {
    const user = subject === undefined ? [] : [subject];
    return isYes(await REVOKE.run(this.#client, this.#prefix + keyId, revokedAt.getTime(), ...user));
  }

  async bind(keyId: string, subject: string): Promise<boolean> {
    while (true) {
      const registration = await this.#registration.bindable(keyId, subject);
      if (registration === undefined) return false;
      const entry = { keyId, tag: registration };
      await this.#users.add(subject, entry);
      if (await this.#registration.bind(keyId, registration, subject)) return true;
      // In the meantime, the key was bound to another user, revoked or removed. This registration can no longer get this user.
      await this.#users.remove(subject, [entry]);
    }
  }

  async list(subject: string, { limit, after }: KeyPage): Promise<StoredKey[]> {
    // A map by identifier, because a key that is removed and registered again during the call has two entries.
    const keys = new Map<string, StoredKey>();
    let start = after === undefined ? FIRST_ENTRY : afterKey(after);
    while (true) {
      const wanted = limit - keys.size;
      const entries = await this.#users.entries(subject, start, wanted);
      const found = await inBatches(entries, ({ keyId, tag }) => this.#stored.listed(keyId, tag, subject));
      for (const key of found) if (typeof key === 'object') keys.set(key.keyId, key);
      await this.#users.remove(subject, withState(entries, found, 'stale'));
      const last = entries.at(-1);
      if (!last || entries.length < wanted || keys.size === limit) return [...keys.values()];
      start = afterEntry(last);
    }
  }

  async remove(keyId: string, subject?: string): Promise<boolean> {
    const removed = await this.#registration.remove(keyId, subject);
    if (!removed) return false;
    await this.#removeEntries(keyId, removed.subject, removed.registration, removed.dueTags);
    return true;
  }

  async receipt(keyId: string): Promise<Uint8Array | undefined> {
    return this.#receipt.find(keyId);
  }

  async saveReceipt(keyId: string, update: ReceiptUpdate): Promise<boolean> {
    let saved = await this.#receipt.save(keyId, update);
    while (saved?.outcome === 'add') {
      await this.#due.add(saved.entry, saved.dueAt);
      saved = await this.#receipt.save(keyId, update, saved.entry.tag);
    }
    if (!saved) return false;
    await Promise.all([
      saved.current && this.#due.reschedule(saved.current.entry, saved.current.dueAt),
      this.#due.remove(saved.replaced),
    ]);
    return true;
  }

  async due(date: Date, limit: number, claimedUntil: Date): Promise<string[]> {
    const due = new Map<string, number>();
    while (true) {
      const wanted = limit - due.size;
      const entries = await this.#due.claim(date.getTime(), wanted, claimedUntil.getTime());
      const states = await inBatches(entries, ({ keyId, tag }) => this.#receipt.dueState(keyId, tag));
      const later: DueEntry[] = [];
      for (const [index, entry] of entries.entries()) {
        const state = states[index];
        if (typeof state !== 'object') continue;
        if (state.dueAt > date.getTime()) later.push({ entry, dueAt: state.dueAt });
        else due.set(entry.keyId, state.dueAt);
      }
      await Promise.all([this.#due.postpone(later), this.#due.remove(withState(entries, states, 'stale'))]);
      // If claims end immediately, the next round would return the same keys again.
      if (entries.length < wanted || due.size === limit || claimedUntil <= date) break;
    }
    return [...due].sort(([, one], [, other]) => one - other).map(([keyId]) => keyId);
  }

  async #removeEntries(
    keyId: string,
    subject: string | undefined,
    tag: string,
    dueTags: readonly string[],
  ): Promise<void> {
    await Promise.all([
      subject !== undefined && this.#users.remove(subject, [{ keyId, tag }]),
      this.#due.remove(dueTags.map((dueTag) => ({ keyId, tag: dueTag }))),
    ]);
  }
}

function withState<State>(entries: readonly IndexEntry[], states: readonly State[], state: State): IndexEntry[] {
  return entries.filter((_, index) => states[index] === state);
}
