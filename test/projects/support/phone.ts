import { inject } from 'vitest';
import type { VirtualDevice } from '../../../src/testing/index.js';
import { loadVirtualApple } from '../../../src/testing/saved-virtual-apple.js';
import { type Answer, answerOf, Client } from '../../support/http-client.js';

/** The app of all projects. */
const APP_ID = 'TEAMID1234.com.example.app';

/** A virtual device of the virtual Apple that the packed package trusts. */
export async function createTrustedDevice(appId = APP_ID): Promise<VirtualDevice> {
  const apple = await loadVirtualApple(inject('virtualApple'));
  return apple.createDevice({ appId });
}

/** An app on a virtual device, which sends requests to a project. */
export class Phone {
  readonly #base: string;
  readonly #prefix: string;
  readonly #client: Client;

  /** @param prefix The first part of each path */
  constructor(url: string, prefix: string, device: VirtualDevice) {
    this.#base = url + prefix;
    this.#prefix = prefix;
    this.#client = new Client(`${this.#base}/app-attest`, device);
  }

  get keyId(): string {
    return this.#client.keyId;
  }

  register(): Promise<Answer> {
    return this.#client.register();
  }

  /**
   * Returns the headers of a signed request with a fresh challenge.
   *
   * @param target Path and query without the prefix
   */
  sign(method: 'GET' | 'POST', target: string, body?: string): Promise<Record<string, string>> {
    return this.#client.sign(method, this.#prefix + target, body);
  }

  async send(method: 'GET' | 'POST', target: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers: { ...type, ...headers }, ...(body !== undefined && { body }) };
    return answerOf(await fetch(this.#base + target, init));
  }
}
