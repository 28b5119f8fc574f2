import { createHash } from 'node:crypto';
import type { VirtualDevice } from 'app-attest/testing';

/** A response of the service. */
export interface Answer {
  status: number;
  body: unknown;
}

/** A signed request. The example can change the request or send it twice, as an attacker would. */
export interface SignedRequest {
  method: string;
  target: string;
  headers: Record<string, string>;
  body?: string;
}

/** The app of the coffee shop, on a virtual device. It sends the same requests as an app on an iPhone. */
export class App {
  /** The origin of the service. */
  origin: string;
  readonly #device: VirtualDevice;
  #keyId = '';

  constructor(origin: string, device: VirtualDevice) {
    this.origin = origin;
    this.#device = device;
  }

  /** Generates a key and registers it with the service, once per installation. */
  async register(): Promise<Answer> {
    this.#keyId = await this.#device.generateKey();
    const challenge = await this.#challenge('attestation');
    const body = await this.#device.capacitor.createAttestation({ keyId: this.#keyId, challenge });
    return this.#post('/app-attest/registration', body);
  }

  /** Requests a new challenge, and signs a request that contains the challenge. */
  async sign(method: string, target: string, json?: object): Promise<SignedRequest> {
    const challenge = await this.#challenge('assertion');
    const body = json && JSON.stringify(json);
    const contentDigest = `sha-256=:${sha256(body ?? '').toString('base64')}:`;
    const clientDataHash = sha256(`${method} ${target}\n${challenge}\n${contentDigest}`);
    const assertion = await this.#device.generateAssertion(this.#keyId, clientDataHash);
    const headers = {
      'content-type': 'application/json',
      'content-digest': contentDigest,
      'x-app-attest-key-id': this.#keyId,
      'x-app-attest-assertion': Buffer.from(assertion).toString('base64'),
      'x-app-attest-challenge': challenge,
    };
    return { method, target, headers, ...(body !== undefined && { body }) };
  }

  async send({ target, ...request }: SignedRequest): Promise<Answer> {
    // Each request has a connection of its own, because the example restarts the service.
    const headers = { ...request.headers, connection: 'close' };
    const response = await fetch(this.origin + target, { ...request, headers });
    return { status: response.status, body: await response.json() };
  }

  async #challenge(purpose: 'attestation' | 'assertion'): Promise<string> {
    const { body } = await this.#post('/app-attest/challenge', { purpose });
    if (typeof body === 'object' && body !== null && 'challenge' in body) return String(body.challenge);
    throw new Error(`the response has no challenge: ${JSON.stringify(body)}`);
  }

  #post(target: string, json: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    return this.send({ method: 'POST', target, headers, body: JSON.stringify(json) });
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
