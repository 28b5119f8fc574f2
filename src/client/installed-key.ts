import { requestChallenge } from './challenge-supply.js';
import { AppAttestClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { callDevice, isKeyLost } from './device-calls.js';
import { postJson } from './exchange.js';
import { exclusivelyFor } from './exclusive.js';
import { patiently } from './waiting.js';

/** The key of this installation of the app. */
export interface InstalledKey {
  /** Returns the identifier of the registered key. Creates and registers a key if there is none. */
  current(): Promise<string>;
  /**
   * Creates and registers a key in place of one that cannot be used. If the key was already replaced, nothing happens. A key that
   * replaced another one, and was never accepted itself, is not replaced: the cause is then not the key.
   *
   * @param error Thrown if the key is not replaced
   */
  replace(keyId: string, error: unknown): Promise<void>;
  /** Notes that the server accepted a request of a key. */
  accepted(keyId: string): void;
  /** Forgets the key. */
  forget(): Promise<void>;
}

const NAME = 'app-attest';

/**
 * Precedes the identifier of a key until the server confirms its registration. If the confirmation is lost, the app attests and
 * registers the same key again, and creates no other.
 */
const UNCONFIRMED = '?';

/** The server rejects a registration with these codes if this key can never be registered for this user. */
const UNUSABLE = /^key_(already_registered|revoked)$/;

export function createInstalledKey(settings: ClientSettings): InstalledKey {
  const { device, storage, baseUrl, retries, maxDelay } = settings;
  const exclusively = exclusivelyFor(storage, NAME + baseUrl);
  let enrolling: Promise<string> | undefined;
  /** If the device takes too long, or the identifier cannot be stored, the next attempt uses the same key. */
  let generating: Promise<string> | undefined;
  /** The key that replaced another one, until the server accepts it. */
  let replacement: string | undefined;

  async function generateKey(): Promise<string> {
    generating ??= device.generateKey();
    const pending = generating;
    pending.catch(() => {
      if (generating === pending) generating = undefined;
    });
    const keyId = await callDevice(settings, () => pending);
    await storage.set(NAME, UNCONFIRMED + keyId);
    generating = undefined;
    return keyId;
  }

  async function registerKey(keyId: string): Promise<void> {
    const patience = { left: retries, maxDelay };
    const attempt = async () => {
      const challenge = await requestChallenge(settings, 'attestation');
      const token = await callDevice(settings, () => device.attest(keyId, challenge));
      await postJson(settings, settings.paths.registration, { keyId, challenge, token }, 'keyId');
    };
    const patientAttempt = () => patiently(patience, attempt);
    try {
      await patientAttempt();
    } catch (error) {
      if (!serverCodeOf(error)?.startsWith('challenge_')) throw error;
      await patientAttempt();
    }
    await storage.set(NAME, keyId);
  }

  /** Runs in the lock, so that only one tab or request creates a key. */
  async function enroll(unusable: string | undefined): Promise<string> {
    const stored = await storage.get(NAME);
    const isConfirmed = stored !== null && !stored.startsWith(UNCONFIRMED);
    if (isConfirmed && stored !== unusable) return stored;
    if (stored !== null && !isConfirmed) {
      const keyId = stored.slice(UNCONFIRMED.length);
      try {
        await registerKey(keyId);
        return keyId;
      } catch (error) {
        const isUnusable = isKeyLost(error) || UNUSABLE.test(serverCodeOf(error) ?? '');
        if (!isUnusable || keyId === replacement) throw error;
      }
    }
    const keyId = await generateKey();
    if (stored !== null) replacement = keyId;
    await registerKey(keyId);
    return keyId;
  }

  /** All requests of this client wait for the same registration. */
  function enrollOnce(unusable?: string): Promise<string> {
    enrolling ??= exclusively(() => enroll(unusable)).finally(() => {
      enrolling = undefined;
    });
    return enrolling;
  }

  return {
    async current() {
      const stored = await storage.get(NAME);
      return stored === null || stored.startsWith(UNCONFIRMED) || enrolling ? enrollOnce() : stored;
    },
    async replace(keyId, error) {
      if (keyId === replacement) throw error;
      await enrollOnce(keyId);
    },
    accepted(keyId) {
      if (keyId === replacement) replacement = undefined;
    },
    async forget() {
      await exclusively(() => storage.remove(NAME));
      replacement = undefined;
    },
  };
}

export function serverCodeOf(error: unknown): string | undefined {
  return error instanceof AppAttestClientError && error.code === 'rejected' ? error.serverCode : undefined;
}
