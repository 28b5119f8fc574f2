import { createChallengeSupply } from './challenge-supply.js';
import { AppAttestClientError } from './client-error.js';
import { type ClientOptions, readClientOptions, type UnsupportedReason } from './client-options.js';
import { callDevice } from './device-calls.js';
import { createInstalledKey } from './installed-key.js';
import { type AttestedRequestInit, type OutgoingRequest, prepareRequest } from './outgoing-request.js';
import { sessionFetch } from './session-fetch.js';
import { createSessionTokens } from './session-token.js';
import { createSignedFetch } from './signed-fetch.js';
import { unsignedFetch } from './unsigned-fetch.js';
import { throwIfAborted, untilAborted } from './waiting.js';

/** How a request proves that it comes from the app. */
export interface FetchOptions {
  /**
   * - `'assertion'`, the default: the key of the app signs this request. The server accepts it once.
   * - `'session'`: a token that the server issued for an assertion. It proves nothing about this request.
   */
  with?: 'assertion' | 'session' | undefined;
}

/** The app's half of App Attest. */
export interface AppAttestClient {
  /**
   * Sends a request that proves that it comes from the app. Creates and registers a key if there is none.
   *
   * @param target The path and the query below `baseUrl`, such as `'/orders?page=2'`
   * @returns The response of the application, with any status
   * @throws AppAttestClientError with any of the codes of `ClientErrorCode`
   */
  fetch(target: string, init?: AttestedRequestInit, options?: FetchOptions): Promise<Response>;
  /**
   * Creates and registers a key, unless there is one. An app may call this at its start, so that the first request is faster.
   *
   * @throws AppAttestClientError all codes except `answer_lost`
   */
  register(): Promise<{ keyId: string }>;
  /** Forgets the key, the challenges and the session. The next request creates a new key, which raises the risk metric. */
  reset(): Promise<void>;
}

/**
 * Creates a client. Create one client at the start of the app, and use it for all requests.
 *
 * @example
 * ```ts
 * const attested = createClient({ device: capacitor(AppAttest), baseUrl: 'https://api.example.com', storage });
 * const response = await attested.fetch('/orders', { method: 'POST', body: { item: 'coffee' } });
 * ```
 */
export function createClient(options: ClientOptions): AppAttestClient {
  const settings = readClientOptions(options);
  const { device, onUnsupported } = settings;
  const key = createInstalledKey(settings);
  const challenges = createChallengeSupply(settings);
  const signedFetch = createSignedFetch(settings, key, challenges);
  const tokens = createSessionTokens(settings, signedFetch);
  let support: Promise<boolean> | undefined;

  /** @throws AppAttestClientError `device_failed`, `unsupported` */
  async function assertSupported(): Promise<void> {
    support ??= callDevice(settings, () => device.isSupported());
    const isSupported = await support.catch((error: unknown) => {
      support = undefined;
      throw error;
    });
    if (!isSupported) throw new AppAttestClientError('unsupported', 'no App Attest');
  }

  async function sendUnsupported(request: OutgoingRequest, error: AppAttestClientError): Promise<Response> {
    // Only an error of the device has a cause. Without one, isSupported stated that there is no App Attest.
    const reason: UnsupportedReason = error.cause === undefined ? 'not_supported' : 'feature_unsupported';
    if ((await onUnsupported(reason)) === 'throw') throw error;
    return unsignedFetch(settings, request, ['X-App-Attest-Unsupported', reason]);
  }

  return {
    async fetch(target, init, { with: proof = 'assertion' } = {}) {
      const request = await prepareRequest(settings, target, init);
      throwIfAborted(request.signal);
      const send = async (): Promise<Response> => {
        try {
          await assertSupported();
          return await (proof === 'session' ? sessionFetch(settings, tokens, request) : signedFetch(request));
        } catch (error) {
          if (!(error instanceof AppAttestClientError) || error.code !== 'unsupported') throw error;
          return sendUnsupported(request, error);
        }
      };
      return untilAborted(send(), request.signal);
    },
    async register() {
      await assertSupported();
      return { keyId: await key.current() };
    },
    async reset() {
      challenges.clear();
      tokens.discard();
      await key.forget();
    },
  };
}
