import { requestChallenge } from './challenge-supply.js';
import { problemOf } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { callDevice } from './device-calls.js';
import { postJson } from './exchange.js';
import { exclusively } from './exclusive.js';
import { createPatience, patiently } from './waiting.js';

/** The key of this installation of the app. */
export interface InstalledKey {
  /** Returns the identifier of the registered key. If the app has no key, creates and registers one. */
  current(): Promise<string>;
  /**
   * Replaces a key that cannot be used: creates and registers a new key. If the key has already been replaced, nothing happens. If
   * the key itself replaced another key, and the server has not accepted a request with it yet, the key is not replaced. The cause
   * is then probably not the key.
   *
   * @param error Why the key cannot be used. Thrown if the key is not replaced because it is itself a replacement
   */
  replace(keyId: string, error: unknown): Promise<void>;
  /** Must be called when the server has accepted a request with the key. */
  accepted(keyId: string): void;
  /** Forgets the key. */
  forget(): Promise<void>;
}

const NAME = 'app-attest';

/**
 * The stored text starts with this prefix until the server confirms the registration of the key. If the confirmation is lost, the
 * app attests and registers the same key again, and does not create another key.
 */
const UNCONFIRMED = '?';

/** The registration fails with these codes if this key can never be registered for this user. */
const UNUSABLE = /^key_(lost|revoked|already_registered)$/;

export function createInstalledKey(settings: ClientSettings): InstalledKey {
  const { device, storage } = settings;
  const inLock = exclusively();
  let enrolling: Promise<string> | undefined;
  /**
   * The latest call of `generateKey`. If it took too long, or if `storage.set` failed, the next attempt uses the result of this
   * call.
   */
  let generating: Promise<string> | undefined;
  /** The key that replaced another key, until the server accepts a request with it. */
  let replacement: string | undefined;

  async function generateKey(): Promise<string> {
    const keyId = await callDevice(settings, () => {
      generating ??= device.generateKey().catch((error: unknown) => {
        generating = undefined;
        throw error;
      });
      return generating;
    });
    await storage.set(NAME, UNCONFIRMED + keyId);
    generating = undefined;
    return keyId;
  }

  async function registerKey(keyId: string): Promise<string> {
    const patience = createPatience(settings);
    const register = () => {
      return patiently(patience, async () => {
        const challenge = await requestChallenge(settings, 'attestation');
        const token = await callDevice(settings, () => device.attest(keyId, challenge));
        await postJson(settings, settings.paths.registration, { keyId, challenge, token }, 'keyId');
      });
    };
    await register().catch((error: unknown) => {
      if (!/^challenge_/.test(problemOf(error))) throw error;
      return register();
    });
    await storage.set(NAME, keyId);
    return keyId;
  }

  /** Runs in the lock, so that only one tab or request creates a key. */
  async function enroll(unusable?: string): Promise<string> {
    const stored = await storage.get(NAME);
    if (stored?.startsWith(UNCONFIRMED)) {
      const keyId = stored.slice(UNCONFIRMED.length);
      try {
        return await registerKey(keyId);
      } catch (error) {
        if (replacement || !UNUSABLE.test(problemOf(error))) throw error;
      }
    } else if (stored && stored !== unusable) {
      // Another tab has already replaced the key. This tab must not create a further key.
      if (unusable) replacement = stored;
      return stored;
    }
    const keyId = await generateKey();
    if (stored) replacement = keyId;
    return registerKey(keyId);
  }

  /** All requests of this client wait for the same registration. */
  function enrollOnce(unusable?: string): Promise<string> {
    enrolling ??= inLock(() => enroll(unusable)).finally(() => {
      enrolling = undefined;
    });
    return enrolling;
  }

  return {
    async current() {
      const before = replacement;
      const stored = await storage.get(NAME);
      if (!stored || stored.startsWith(UNCONFIRMED) || enrolling) return enrollOnce();
      // Another tab may have replaced the replacement. Without this line, two tabs would replace each other's keys forever.
      if (before && before === replacement) replacement = stored;
      return stored;
    },
    async replace(keyId, error) {
      if (keyId === replacement) throw error;
      await enrollOnce(keyId);
    },
    accepted(keyId) {
      if (keyId === replacement) replacement = undefined;
    },
    async forget() {
      await inLock(() => storage.remove(NAME));
      replacement = undefined;
    },
  };
}
