import { LIFETIME, type StoresByHand } from './stores.js';

/** The part of a client of the package `redis` that the service uses. */
export interface RedisByHand {
  scriptLoad(script: string): Promise<string>;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

const PUT = `return redis.call('SET', KEYS[1], '1', 'EX', ARGV[1], 'NX')`;

const TAKE = `
if redis.call('GET', KEYS[1]) ~= '1' then return 0 end
redis.call('SET', KEYS[1], '', 'KEEPTTL')
return 1`;

const INSERT = `return redis.call('HSET', KEYS[1], 'publicKey', ARGV[1], 'counter', ARGV[2])`;

const FIND = `return redis.call('HMGET', KEYS[1], 'publicKey', 'counter')`;

const ADVANCE = `
local counter, revokedAt = unpack(redis.call('HMGET', KEYS[1], 'counter', 'revokedAt'))
if not counter or revokedAt or tonumber(ARGV[1]) <= tonumber(counter) then return 0 end
redis.call('HSET', KEYS[1], 'counter', ARGV[1], 'lastUsedAt', ARGV[2])
return 1`;

/** State in Redis. Each method is a Lua script that uses one Redis key. */
export async function inRedis(client: RedisByHand, prefix: string): Promise<StoresByHand> {
  const script = async (text: string) => {
    const sha = await client.scriptLoad(text);
    return (key: string, ...values: string[]) => client.evalSha(sha, { keys: [prefix + key], arguments: values });
  };
  const put = await script(PUT);
  const take = await script(TAKE);
  const insert = await script(INSERT);
  const find = await script(FIND);
  const advance = await script(ADVANCE);
  return {
    async put(challenge) {
      await put(`challenge:${challenge}`, String(LIFETIME));
    },
    async take(challenge) {
      return (await take(`challenge:${challenge}`)) === 1;
    },
    async insert({ keyId, publicKey, counter }) {
      await insert(`key:${keyId}`, publicKey, String(counter));
    },
    async find(keyId) {
      const fields = await find(`key:${keyId}`);
      if (!Array.isArray(fields) || typeof fields[0] !== 'string') return undefined;
      return { keyId, publicKey: fields[0], counter: Number(fields[1]) };
    },
    async advance(keyId, counter) {
      return (await advance(`key:${keyId}`, String(counter), String(Date.now()))) === 1;
    },
  };
}
