import { readKnownOptions } from '../../options/known-options.js';
import type { AppAttestService } from './app-attest-service.js';
import { sha256 } from './authenticator-data.js';
import { readText } from './device-input.js';

const ENVELOPE = { platform: 'ios', format: 'apple-app-attest' } as const;

/** A key, in the format of `@capgo/capacitor-app-attest`. */
export interface CapacitorKey {
  /** The platform of the device. */
  platform: 'ios';
  /** The kind of evidence. */
  format: 'apple-app-attest';
  /** The key identifier, base64. */
  keyId: string;
}

/** Whether a device supports attestation, in the format of `@capgo/capacitor-app-attest`. */
export interface CapacitorSupport {
  /** The platform of the device. */
  platform: 'ios';
  /** The kind of evidence. */
  format: 'apple-app-attest';
  /** A virtual device always supports App Attest. */
  isSupported: true;
}

/** The JSON that an app sends to register its key. */
export interface CapacitorAttestation extends CapacitorKey {
  /** The attestation object, base64. */
  token: string;
  /** The challenge that the app passed to `createAttestation`. */
  challenge: string;
}

/** The JSON that an app sends with a protected request. */
export interface CapacitorAssertion extends CapacitorKey {
  /** The assertion object, base64. */
  token: string;
  /** The text that was signed. */
  payload: string;
}

/**
 * The methods of `@capgo/capacitor-app-attest` on iOS. They return the same JSON as the plugin, with properties in the same
 * order. Like the plugin, they hash the UTF-8 bytes of the challenge or payload.
 *
 * Methods with options throw an `AppAttestError` with the code `invalid_argument` if an option is missing, unknown or not
 * text. They throw a `DCError` in the same cases as the device.
 *
 * @see https://github.com/Cap-go/capacitor-app-attest/blob/main/src/index.ts
 */
export class CapacitorPlugin {
  readonly #device: AppAttestService;

  /** @internal */
  constructor(device: AppAttestService) {
    this.#device = device;
  }

  /** Returns that the device supports App Attest. */
  async isSupported(): Promise<CapacitorSupport> {
    return { ...ENVELOPE, isSupported: true };
  }

  /** Generates a key. */
  async prepare(): Promise<CapacitorKey> {
    return { ...ENVELOPE, keyId: await this.#device.generateKey() };
  }

  /** Lets Apple attest a key for a challenge from the server. */
  async createAttestation(options: { keyId: string; challenge: string }): Promise<CapacitorAttestation> {
    const passed = readKnownOptions<{ keyId: string; challenge: string }>('createAttestation', options, {
      keyId: 'never undefined',
      challenge: 'never undefined',
    });
    const keyId = readText('keyId of createAttestation', passed.keyId);
    const challenge = readText('challenge of createAttestation', passed.challenge);
    const token = base64(await this.#device.attestKey(keyId, sha256(challenge)));
    return { ...ENVELOPE, token, keyId, challenge };
  }

  /** Signs a payload with an attested key. */
  async createAssertion(options: { keyId: string; payload: string }): Promise<CapacitorAssertion> {
    const passed = readKnownOptions<{ keyId: string; payload: string }>('createAssertion', options, {
      keyId: 'never undefined',
      payload: 'never undefined',
    });
    const keyId = readText('keyId of createAssertion', passed.keyId);
    const payload = readText('payload of createAssertion', passed.payload);
    const token = base64(await this.#device.generateAssertion(keyId, sha256(payload)));
    return { ...ENVELOPE, token, keyId, payload };
  }

  /** Legacy name of {@link prepare}. */
  generateKey(): Promise<CapacitorKey> {
    return this.prepare();
  }

  /** Legacy name of {@link createAttestation}. The result also has `attestation`, which is equal to `token`. */
  async attestKey(options: { keyId: string; challenge: string }): Promise<
    CapacitorAttestation & {
      /** Equal to `token`. */
      attestation: string;
    }
  > {
    const result = await this.createAttestation(options);
    return { ...result, attestation: result.token };
  }

  /** Legacy name of {@link createAssertion}. The result also has `assertion`, which is equal to `token`. */
  async generateAssertion(options: { keyId: string; payload: string }): Promise<
    CapacitorAssertion & {
      /** Equal to `token`. */
      assertion: string;
    }
  > {
    const result = await this.createAssertion(options);
    return { ...result, assertion: result.token };
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
