import { createHash } from 'node:crypto';
import type { ScriptClient } from './redis-client.js';

/**
 * One operation of a store, in Lua. Redis runs a script without interleaving other commands. Each script uses one Redis
 * key, so that it has one hash slot in a cluster, regardless of the prefix.
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
      // A restarted server, or another node of the cluster, does not know the script. It did not run.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.byText(this.#source, key, texts);
    }
  }
}

/** The reply of a script that returns 1 or 0. Any other reply is a failure of the store, not a no. */
export function isYes(reply: unknown): boolean {
  const answer = String(reply);
  if (answer !== '1' && answer !== '0') throw new Error('Redis replied with something other than 1 or 0');
  return answer === '1';
}

/** The reply of a script that returns text; `undefined` for nil. */
export function textReply(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : String(reply);
}
