import { createHash } from 'node:crypto';
import type { ScriptClient } from './redis-client.js';

/**
 * One operation of a store, in Lua: Redis runs it whole or not at all, and nothing beside it. Each touches one Redis key,
 * so that in a cluster it has one slot, whatever the prefix.
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
      // A server that was restarted, or another one of the cluster, does not know the script: it was not run.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.byText(this.#source, key, texts);
    }
  }
}

/** The answer of a script that says 1 or 0. Anything else is a failure of the store, not a no. */
export function isYes(reply: unknown): boolean {
  const answer = String(reply);
  if (answer !== '1' && answer !== '0') throw new Error('Redis did not answer with 1 or 0');
  return answer === '1';
}

/** The answer of a script that returns text, `undefined` for nil. */
export function textReply(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : String(reply);
}
