import type { ChallengeFate, ChallengeRecord, ChallengeStore } from '../../server/challenge-store.js';
import {
  challengeLifetime,
  REMEMBERED_AFTER_END,
  readChallengeRecord,
  spentFor,
  storedChallenge,
} from '../challenge-record.js';
import { StoredRecord } from '../stored-record.js';
import type { ScriptClient } from './redis-client.js';
import { isYes, RedisScript, textReply } from './redis-script.js';

// Each challenge is a Redis key. Redis deletes the key of a stored challenge REMEMBERED_AFTER_END milliseconds after the challenge
// has expired. So the remaining time to live shows whether the challenge has expired. The value of a used challenge is empty.

/**
 * NX sets only a key that does not exist. A client may resend a command after its connection was lost, and this must not
 * restore a taken challenge.
 */
const PUT = new RedisScript(`
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')
return 1`);

const TAKE = new RedisScript(`
local record = redis.call('GET', KEYS[1])
if not record or record == '' or redis.call('PTTL', KEYS[1]) <= ${REMEMBERED_AFTER_END} then return false end
redis.call('SET', KEYS[1], '', 'KEEPTTL')
return record`);

/** The value is empty, as after `TAKE`. */
const SPEND = new RedisScript(`
return redis.call('SET', KEYS[1], '', 'PX', ARGV[1], 'NX') and 1 or 0`);

const FATE = new RedisScript(`
local record = redis.call('GET', KEYS[1])
if not record then return false end
if record == '' then return 'used' end
return redis.call('PTTL', KEYS[1]) <= ${REMEMBERED_AFTER_END} and 'expired'`);

export class RedisChallengeStore implements ChallengeStore {
  readonly #client: ScriptClient;
  readonly #prefix: string;

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client;
    this.#prefix = `${prefix}challenge:`;
  }

  async put(challenge: string, record: ChallengeRecord): Promise<void> {
    const kept = challengeLifetime(record) + REMEMBERED_AFTER_END;
    await PUT.run(this.#client, this.#key(challenge), JSON.stringify(storedChallenge(record)), kept);
  }

  async take(challenge: string): Promise<ChallengeRecord | undefined> {
    const json = textReply(await TAKE.run(this.#client, this.#key(challenge)));
    return json === undefined ? undefined : readChallengeRecord(new StoredRecord(JSON.parse(json)));
  }

  async fate(challenge: string): Promise<ChallengeFate | undefined> {
    const fate = textReply(await FATE.run(this.#client, this.#key(challenge)));
    return fate === 'used' || fate === 'expired' ? fate : undefined;
  }

  async spend(challenge: string, record: ChallengeRecord): Promise<boolean> {
    return isYes(await SPEND.run(this.#client, this.#key(challenge), spentFor(record)));
  }

  #key(challenge: string): string {
    return this.#prefix + challenge;
  }
}
