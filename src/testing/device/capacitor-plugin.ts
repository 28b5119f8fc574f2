import type { AppAttestService } from './app-attest-service.js';
import { sha256 } from './authenticator-data.js';

const ENVELOPE = { platform: 'ios', format: 'apple-app-attest' } as const;

interface Envelope {
  platform: 'ios';
  format: 'apple-app-attest';
  /** Base64. */
  keyId: string;
}

/** What an app sends to register its key. */
export interface CapacitorAttestation extends Envelope {
  /** The attestation object, base64. */
  token: string;
  challenge: string;
}

/** What an app sends with a protected request. */
export interface CapacitorAssertion extends Envelope {
  /** The assertion object, base64. */
  token: string;
  payload: string;
}

/**
 * The methods of `@capgo/capacitor-app-attest` on iOS. They return the plugin's JSON, with its entries in the same
 * order. The plugin hashes the UTF-8 bytes of the challenge or payload. The legacy methods add the entry of their own
 * name.
 *
 * @see https://github.com/Cap-go/capacitor-app-attest/blob/main/src/index.ts
 */
export class CapacitorPlugin {
  readonly #device: AppAttestService;

  /** @internal */
  constructor(device: AppAttestService) {
    this.#device = device;
  }

  async prepare(): Promise<Envelope> {
    return { ...ENVELOPE, keyId: await this.#device.generateKey() };
  }

  async createAttestation({ keyId, challenge }: { keyId: string; challenge: string }): Promise<CapacitorAttestation> {
    const token = base64(await this.#device.attestKey(keyId, sha256(challenge)));
    return { ...ENVELOPE, token, keyId, challenge };
  }

  async createAssertion({ keyId, payload }: { keyId: string; payload: string }): Promise<CapacitorAssertion> {
    const token = base64(await this.#device.generateAssertion(keyId, sha256(payload)));
    return { ...ENVELOPE, token, keyId, payload };
  }

  /** Legacy name of {@link prepare}. */
  generateKey(): Promise<Envelope> {
    return this.prepare();
  }

  /** Legacy name of {@link createAttestation}; adds `attestation`, equal to `token`. */
  async attestKey(options: {
    keyId: string;
    challenge: string;
  }): Promise<CapacitorAttestation & { attestation: string }> {
    const result = await this.createAttestation(options);
    return { ...result, attestation: result.token };
  }

  /** Legacy name of {@link createAssertion}; adds `assertion`, equal to `token`. */
  async generateAssertion(options: {
    keyId: string;
    payload: string;
  }): Promise<CapacitorAssertion & { assertion: string }> {
    const result = await this.createAssertion(options);
    return { ...result, assertion: result.token };
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
