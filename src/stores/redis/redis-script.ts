import { createHash } from 'node:crypto';
import type { ScriptClient } from './redis-client.js';

/**
 * One operation of a store, in Lua. Redis runs each script atomically. In a cluster, all Redis keys of a script must be in
 * one hash slot, so each script uses only one Redis key.
 */
export class RedisScript {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha = createHash('sha1').update(source).digest('hex');
  }

  async run(client: ScriptClient, key: string, ...parameters: readonly (string | number)[]): Promise<unknown> {
    const texts = parameters.map(String);
    try {
      return await client.bySha(this.#sha, key, texts);
    } catch (error) {
      // After a restart, or on another node of a cluster, Redis does not have the script. The script has not run yet.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.byText(this.#source, key, texts);
    }
  }
}

/** Reads the reply of a script that returns 1 or 0. Throws an error for any other reply. */
export function isYes(reply: unknown): boolean {
  const answer = String(reply);
  if (answer !== '1' && answer !== '0') throw new Error('Redis must reply with 1 or 0, but sent another reply');
  return answer === '1';
}

/** Reads the reply of a script that returns text. Returns `undefined` if the script returned nil. */
export function textReply(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : String(reply);
}

/**
 * Reads the reply of a script that returns a list of texts. An element is `undefined` if the script returned nil.
 *
 * @param length The number of elements, if the script always returns the same number
 */
export function listReply(reply: unknown, length?: number): (string | undefined)[] {
  if (!Array.isArray(reply)) throw new Error('Redis must reply with a list, but sent another reply');
  if (length !== undefined && reply.length !== length)
    throw new Error(`Redis must reply with a list of length ${length}, but sent a list of length ${reply.length}`);
  return reply.map(textReply);
}

/** Like {@link listReply}, but returns `undefined` if the script returned nil instead of a list. */
export function optionalListReply(reply: unknown): (string | undefined)[] | undefined {
  return reply === null || reply === undefined ? undefined : listReply(reply);
}
