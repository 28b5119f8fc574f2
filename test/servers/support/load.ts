import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Random } from '../../support/random.js';
import { Client } from './device-requests.js';
import type { Outcome, WorkerProcess } from './worker-process.js';

/** A body that was sent, and the number of times that it was accepted. */
interface Sent {
  readonly method: 'register' | 'authenticate';
  readonly body: unknown;
  accepted: number;
}

const DEVICES = 4;

/**
 * Devices that register, request challenges and send requests to all servers in an endless loop. The class also checks the
 * responses. They must be correct even if servers or their store fail.
 */
export class Load {
  readonly #workers: WorkerProcess[];
  readonly #random: Random;
  readonly #sent: Sent[] = [];
  /** The highest counter in any response so far, by key. */
  readonly #counters = new Map<string, number>();
  readonly #loops: Promise<void>[];
  #isStopped = false;
  #accepted = 0;
  failures = 0;

  constructor(workers: WorkerProcess[], random: Random) {
    this.#workers = workers;
    this.#random = random;
    this.#loops = Array.from({ length: DEVICES }, () => this.#device());
  }

  /** Waits until the given number of further requests have been accepted. */
  async accepts(count: number): Promise<void> {
    const enough = this.#accepted + count;
    while (this.#accepted < enough) await setTimeout(5);
  }

  /** Registers a device, and returns valid bodies of its requests. The bodies are not sent yet. */
  async prepare(count: number): Promise<unknown[]> {
    let client = await this.#register();
    while (!client) client = await this.#register();
    const bodies: unknown[] = [];
    while (bodies.length < count) {
      const body = await this.#unlessFailed(client.request(this.#worker()));
      if (body) bodies.push(body);
    }
    return bodies;
  }

  /** Stops the load. Sends every body two more times, and checks that no body was accepted twice and no key was lost. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    for (const sent of this.#sent) {
      for (const _ of [1, 2]) {
        const wasAccepted = sent.accepted > 0;
        let outcome = await this.#send(sent);
        // On a busy machine, the store may exceed its time limit. The call is then repeated.
        while ('failed' in outcome) outcome = await this.#send(sent);
        // The server rejects the request because of its challenge, before it checks the key or the counter.
        if (wasAccepted) expect(outcome).toHaveProperty('refused', expect.stringMatching(/^challenge_(used|unknown)$/));
      }
    }
    expect(this.#sent.filter(({ accepted }) => accepted > 1)).toEqual([]);
    for (const keyId of this.#counters.keys()) {
      let outcome = await this.#worker().call('key', keyId);
      while ('failed' in outcome) outcome = await this.#worker().call('key', keyId);
      expect(outcome, 'the result for a registered key').toEqual({
        id: expect.any(Number),
        result: expect.any(Number),
      });
      this.#checkCounter(keyId, outcome);
    }
  }

  #worker(): WorkerProcess {
    return this.#random.pick(this.#workers);
  }

  async #device(): Promise<void> {
    while (!this.#isStopped) {
      const client = await this.#register();
      for (let request = 0; client && request < 20 && !this.#isStopped; request += 1) await this.#request(client);
    }
  }

  async #register(): Promise<Client | undefined> {
    const client = await Client.create();
    const body = await this.#unlessFailed(client.registration(this.#worker()));
    if (!body) return undefined;
    const outcome = await this.#send(this.#newlySent('register', body));
    if (!('result' in outcome)) return undefined;
    this.#counters.set(client.keyId, 0);
    return client;
  }

  async #request(client: Client): Promise<void> {
    const body = await this.#unlessFailed(client.request(this.#worker()));
    if (!body) return;
    const outcome = await this.#send(this.#newlySent('authenticate', body));
    if ('result' in outcome) this.#checkCounter(client.keyId, outcome);
    this.#checkCounter(client.keyId, await this.#worker().call('key', client.keyId));
  }

  #newlySent(method: Sent['method'], body: unknown): Sent {
    const sent = { method, body, accepted: 0 };
    this.#sent.push(sent);
    return sent;
  }

  async #send(sent: Sent): Promise<Outcome> {
    const outcome = await this.#worker().call(sent.method, sent.body);
    if ('result' in outcome) {
      sent.accepted += 1;
      this.#accepted += 1;
    }
    if ('failed' in outcome) this.failures += 1;
    return outcome;
  }

  /** Checks that the counter in a response is not less than the counter in an earlier response. */
  #checkCounter(keyId: string, outcome: Outcome): void {
    if (!('result' in outcome)) return;
    const counter = Number(outcome.result);
    expect(counter).toBeGreaterThanOrEqual(this.#counters.get(keyId) ?? 0);
    this.#counters.set(keyId, counter);
  }

  async #unlessFailed<Body>(body: Promise<Body>): Promise<Body | undefined> {
    return body.catch(async () => {
      this.failures += 1;
      await setTimeout(10);
      return undefined;
    });
  }
}
