import type { VirtualDevice } from '../testing/device/virtual-device.js';
import type { BackendConnection, BackendRequest, BackendResponse } from './backend-connection.js';

/** The request targets of two routes of the backend. */
export interface BackendRoutes {
  readonly challenge: string;
  readonly registration: string;
}

/** The response to a request for a challenge has no challenge. */
export class NoChallengeError extends Error {
  override readonly name = 'NoChallengeError';
  readonly response: BackendResponse;

  constructor(response: BackendResponse) {
    super('the response has no challenge');
    this.response = response;
  }
}

/** The app on a virtual device. It sends the same requests as an app with the Capacitor plugin. */
export class VirtualApp {
  readonly #device: VirtualDevice;
  readonly #backend: BackendConnection;
  readonly #routes: BackendRoutes;

  constructor(device: VirtualDevice, backend: BackendConnection, routes: BackendRoutes) {
    this.#device = device;
    this.#backend = backend;
    this.#routes = routes;
  }

  /** @throws NoChallengeError */
  async fetchChallenge(purpose: 'attestation' | 'assertion'): Promise<string> {
    const response = await this.#post(this.#routes.challenge, { purpose });
    const challenge = challengeIn(response);
    if (challenge === undefined) throw new NoChallengeError(response);
    return challenge;
  }

  /** Generates a key, attests it and registers it. */
  async register(challenge: string): Promise<BackendResponse> {
    const keyId = await this.#device.generateKey();
    return this.#post(this.#routes.registration, await this.#device.capacitor.createAttestation({ keyId, challenge }));
  }

  /** Attests a key without registering it. Later requests are signed with this key. */
  async attestOnly(challenge: string): Promise<void> {
    const keyId = await this.#device.generateKey();
    await this.#device.capacitor.createAttestation({ keyId, challenge });
  }

  /**
   * Signs a request with a fresh challenge.
   *
   * @param hasOldCounter Whether the assertion has the same counter as the previous assertion
   */
  async sign({ method, target, body }: BackendRequest, hasOldCounter = false): Promise<BackendRequest> {
    const challenge = await this.fetchChallenge('assertion');
    this.#device.misbehave({ standingCounter: hasOldCounter });
    const headers = await this.#device.signRequest({ method, target, body, challenge });
    return { method, target, body, headers: { ...contentTypeOf(body), ...headers } };
  }

  #post(target: string, json: object): Promise<BackendResponse> {
    const body = JSON.stringify(json);
    return this.#backend.send({ method: 'POST', target, headers: contentTypeOf(body), body });
  }
}

/** The content type is not signed. Most backends use it to choose a body parser. */
export function contentTypeOf(body: string | undefined): Record<string, string> {
  if (body === undefined) return {};
  try {
    JSON.parse(body);
    return { 'Content-Type': 'application/json' };
  } catch {
    return { 'Content-Type': 'text/plain' };
  }
}

function challengeIn({ status, body }: BackendResponse): string | undefined {
  if (status < 200 || status > 299) return undefined;
  try {
    const json: unknown = JSON.parse(body);
    const challenge = typeof json === 'object' && json !== null && 'challenge' in json ? json.challenge : undefined;
    return typeof challenge === 'string' && challenge !== '' ? challenge : undefined;
  } catch {
    return undefined;
  }
}
