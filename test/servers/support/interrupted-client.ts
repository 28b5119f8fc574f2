import type { NodeRedisClient } from '../../../src/stores/redis/index.js';

/** What happens to the last script of a process that is killed. */
export type LastScript = 'is not sent' | 'runs, and its reply is lost';

/**
 * A client that runs so many scripts, and none after them: what Redis sees of a process that is killed between two steps of
 * a method. Calls after that reject.
 */
export class InterruptedClient implements NodeRedisClient {
  readonly #client: NodeRedisClient;
  readonly #last: LastScript;
  #left: number;
  isInterrupted = false;

  constructor(client: NodeRedisClient, scripts: number, last: LastScript) {
    this.#client = client;
    this.#left = scripts;
    this.#last = last;
  }

  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown> {
    return this.#run(() => this.#client.evalSha(sha, options));
  }

  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown> {
    return this.#run(() => this.#client.eval(script, options));
  }

  async #run(script: () => Promise<unknown>): Promise<unknown> {
    if (this.isInterrupted) throw new Error('interrupted');
    if (this.#left > 0) {
      this.#left -= 1;
      try {
        return await script();
      } catch (error) {
        this.#left += 1; // NOSCRIPT: sent again as text
        throw error;
      }
    }
    this.isInterrupted = true;
    if (this.#last === 'runs, and its reply is lost') await script();
    throw new Error('interrupted');
  }
}
