import type { VirtualDevice } from '../../src/testing/index.js';
import { base64, sha256 } from './backend.js';
import { signedHeaders } from './signed-headers.js';

/** The response of a server. */
export interface Answer {
  status: number;
  headers: Headers;
  body: {
    challenge?: string;
    expiresAt?: string;
    keyId?: string;
    error?: string;
    path?: string;
    text?: string;
    length?: number;
  };
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  try {
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  } catch {
    return { status: response.status, headers: response.headers, body: { text } };
  }
}

export async function postJson(url: string, json: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return answerOf(await fetch(url, { method: 'POST', headers, body: JSON.stringify(json) }));
}

/** Requests a challenge from a server. */
export async function challengeFrom(origin: string, purpose: 'attestation' | 'assertion'): Promise<string> {
  const { body } = await postJson(`${origin}/challenge`, { purpose });
  return String(body.challenge);
}

/** A device with an app that sends requests to a server. */
export class Client {
  readonly origin: string;
  readonly device: VirtualDevice;
  keyId = '';

  constructor(origin: string, device: VirtualDevice) {
    this.origin = origin;
    this.device = device;
  }

  challenge(): Promise<string> {
    return challengeFrom(this.origin, 'assertion');
  }

  async register(): Promise<Answer> {
    this.keyId = await this.device.generateKey();
    const challenge = await challengeFrom(this.origin, 'attestation');
    return postJson(
      `${this.origin}/registration`,
      await this.device.capacitor.createAttestation({ keyId: this.keyId, challenge }),
    );
  }

  /** The headers of a signed request with a fresh challenge. */
  async sign(method: string, target: string, body?: string | Uint8Array): Promise<Record<string, string>> {
    return signedHeaders(this.device, this.keyId, { method, target, body, challenge: await this.challenge() });
  }

  /** The headers of a request with a signature over the given bytes. */
  async headers(signed: string | Uint8Array): Promise<Record<string, string>> {
    const assertion = base64(await this.device.generateAssertion(this.keyId, sha256(signed)));
    return { 'x-app-attest-key-id': this.keyId, 'x-app-attest-assertion': assertion };
  }

  /** The body that the Capacitor plugin creates for a payload. */
  body(payload: string) {
    return this.device.capacitor.createAssertion({ keyId: this.keyId, payload });
  }

  async post(path: string, body: string | Uint8Array, headers: Record<string, string>): Promise<Answer> {
    const contentType = { 'content-type': 'application/json' };
    return answerOf(await fetch(this.origin + path, { method: 'POST', headers: { ...contentType, ...headers }, body }));
  }

  async get(path: string, headers: Record<string, string>): Promise<Answer> {
    return answerOf(await fetch(this.origin + path, { headers }));
  }
}
