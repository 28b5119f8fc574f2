import type { NodeRedisClient } from '../../../src/stores/redis/index.js';

/** What happens to the last script of a process that is killed. */
export type LastScript = 'is not sent' | 'runs, and its reply is lost';

/**
 * A client that runs the given number of scripts, and then rejects all calls. `last` determines whether the script of the first
 * rejected call still runs. To Redis, the client looks like a process that is killed between two scripts of a method.
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
    if (this.isInterrupted) throw new Error('the client is interrupted');
    if (this.#left > 0) {
      this.#left -= 1;
      try {
        return await script();
      } catch (error) {
        this.#left += 1; // Redis did not know the hash. The client sends the script again as text.
        throw error;
      }
    }
    this.isInterrupted = true;
    if (this.#last === 'runs, and its reply is lost') await script();
    throw new Error('the client is interrupted');
  }
}
