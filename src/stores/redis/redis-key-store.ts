import type { AuthenticatorExtensions } from '../../authenticator-data/authenticator-extensions.js';
import { MAX_COUNTER_WINDOW } from '../../server/counter-window.js';
import type { KeyStore } from '../../server/key-store.js';
import type { StoredKey } from '../../server/stored-key.js';
import { extensionsJson, keyRecord, readStoredKey } from '../key-record.js';
import { StoredRecord } from '../stored-record.js';
import type { ScriptClient } from './redis-client.js';
import { isYes, RedisScript } from './redis-script.js';

// Each attested key is a Redis hash that never expires. It has the fields of KeyRecord, `revokedAt`, and two fields for the
// counter window. `counter` is the highest accepted counter. `seen` is a text of 64 digits: digit n is 1 if the counter
// `counter - n` was accepted. `seen` is text because numbers in Lua are doubles, which cannot hold 64 bits exactly.

const INSERT = new RedisScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'seen', string.rep('1', ${MAX_COUNTER_WINDOW}), unpack(ARGV))
return 1`);

const FIND = new RedisScript(`
return redis.call('HGETALL', KEYS[1])`);

/** The same algorithm as the function `acceptCounter`, as a script that runs atomically in Redis. */
const ADVANCE = new RedisScript(`
local highest, seen, revokedAt = unpack(redis.call('HMGET', KEYS[1], 'counter', 'seen', 'revokedAt'))
if not highest or not seen or revokedAt then return 0 end
local ahead = tonumber(ARGV[1]) - tonumber(highest)
if ahead > 0 then
  local skipped = string.rep('0', math.min(ahead - 1, ${MAX_COUNTER_WINDOW}))
  redis.call('HSET', KEYS[1], 'counter', ARGV[1], 'seen', string.sub(skipped .. '1' .. seen, 1, ${MAX_COUNTER_WINDOW}))
  return 1
end
local behind = -ahead
if behind == 0 or behind > tonumber(ARGV[2]) or string.sub(seen, behind, behind) ~= '0' then return 0 end
redis.call('HSET', KEYS[1], 'seen', string.sub(seen, 1, behind - 1) .. '1' .. string.sub(seen, behind + 1))
return 1`);

/** Sets a field of an existing attested key, if the field is not set yet. */
const SET_ONCE = new RedisScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return 1`);

export class RedisKeyStore implements KeyStore {
  readonly #client: ScriptClient;
  readonly #prefix: string;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#prefix = `${prefix}key:`;
  }

  async insert(key: StoredKey): Promise<boolean> {
    const entries = Object.entries({ ...keyRecord(key), counter: key.counter });
    const present = entries.flatMap(([name, value]) => (value === null ? [] : [name, value]));
    return isYes(await INSERT.run(this.#client, this.#key(key.keyId), ...present));
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    const entries = pairs(await FIND.run(this.#client, this.#key(keyId)));
    return entries.length === 0 ? undefined : readStoredKey(new StoredRecord(Object.fromEntries(entries)));
  }

  async advance(keyId: string, counter: number, window: number): Promise<boolean> {
    return isYes(await ADVANCE.run(this.#client, this.#key(keyId), counter, window));
  }

  async revoke(keyId: string, revokedAt = new Date()): Promise<boolean> {
    return isYes(await SET_ONCE.run(this.#client, this.#key(keyId), 'revokedAt', revokedAt.getTime()));
  }

  async recordExtensions(keyId: string, extensions: AuthenticatorExtensions): Promise<void> {
    await SET_ONCE.run(this.#client, this.#key(keyId), 'extensions', extensionsJson(extensions));
  }

  #key(keyId: string): string {
    return this.#prefix + keyId;
  }
}

/** Splits a reply into pairs. Redis returns names and values as one flat list. */
function pairs(reply: unknown): [string, string][] {
  if (!Array.isArray(reply)) throw new Error('Redis must reply with a list, but sent another reply');
  const entries: [string, string][] = [];
  for (let index = 0; index < reply.length; index += 2) entries.push([String(reply[index]), String(reply[index + 1])]);
  return entries;
}
