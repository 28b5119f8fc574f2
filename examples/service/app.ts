import {
  type AppAttestClient,
  AppAttestClientError,
  type AppAttestPlugin,
  type AttestedRequestInit,
  capacitor,
  createClient,
  type FetchOptions,
  type Storage,
} from 'app-attest/client';
import { type Answer, readAnswer } from './answer.js';
import { Network } from './network.js';

/** Options of {@link App}. */
interface AppOptions {
  /** Keeps the key identifier. In memory by default. */
  storage?: Storage;
  /** Whether the app belongs to an attacker. `false` by default. */
  isHostile?: boolean;
}

/** The app of the coffee shop. It runs in the browser page with the plugin of a virtual device, and also in Node.js. */
export class App {
  readonly network: Network;
  readonly #client: AppAttestClient;

  constructor(baseUrl: string, plugin: AppAttestPlugin, options: AppOptions = {}) {
    const { storage = createMemoryStorage(), isHostile = false } = options;
    this.network = new Network(isHostile);
    this.#client = createClient({ device: capacitor(plugin), baseUrl, storage, fetch: this.network.carry });
  }

  /** Generates a key and registers it with the service, as after an installation. */
  async install(): Promise<Answer> {
    await this.#client.reset();
    return answerTo(async () => Response.json(await this.#client.register(), { status: 201 }));
  }

  /** The identifier of the registered key. */
  async keyId(): Promise<string> {
    return (await this.#client.register()).keyId;
  }

  /** Orders something. The key of the app signs the order. */
  order(item: string): Promise<Answer> {
    return this.send('/orders', { method: 'POST', body: { item } });
  }

  /** Reads the stamps on the loyalty card, with a session token. */
  stamps(): Promise<Answer> {
    return this.send('/stamps', {}, { with: 'session' });
  }

  send(target: string, init: AttestedRequestInit = {}, options: FetchOptions = {}): Promise<Answer> {
    return answerTo(() => this.#client.fetch(target, init, options));
  }
}

/** Returns the response, also if it is a rejection. The client throws an error for a rejection. */
async function answerTo(request: () => Promise<Response>): Promise<Answer> {
  try {
    return await readAnswer(await request());
  } catch (error) {
    if (error instanceof AppAttestClientError && error.response) return readAnswer(error.response);
    throw error;
  }
}

function createMemoryStorage(): Storage {
  const values = new Map<string, string>();
  return {
    get: async (name) => values.get(name) ?? null,
    set: async (name, value) => void values.set(name, value),
    remove: async (name) => void values.delete(name),
  };
}
