import { createChallengeSupply } from './challenge-supply.js';
import { AppAttestClientError, detailsOf } from './client-error.js';
import { type ClientOptions, readClientOptions, type UnsupportedReason } from './client-options.js';
import { callDevice } from './device-calls.js';
import { asItIs } from './exchange.js';
import { createInstalledKey } from './installed-key.js';
import { type AttestedRequestInit, prepareRequest } from './outgoing-request.js';
import { sendUnsigned } from './send-request.js';
import { sessionFetch } from './session-fetch.js';
import { createSessionTokens } from './session-token.js';
import { createSignedFetch } from './signed-fetch.js';
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
 * @throws AppAttestClientError `invalid_argument` if an option is unknown or has another type. The message states what was
 * expected, and what the option is
 *
 * @example
 * ```ts
 * const attested = createClient({ device: capacitor(AppAttest), baseUrl: 'https://api.example.com', storage });
 * const response = await attested.fetch('/orders', { method: 'POST', body: { item: 'coffee' } });
 * ```
 */
export function createClient(options: ClientOptions): AppAttestClient {
  const settings = readClientOptions(options);
  const key = createInstalledKey(settings);
  const challenges = createChallengeSupply(settings);
  const signedFetch = createSignedFetch(settings, key, challenges);
  const tokens = createSessionTokens(settings, signedFetch);
  let isSupported = false;

  /** @throws AppAttestClientError `device_failed`, `unsupported` */
  async function assertSupported(): Promise<void> {
    isSupported ||= await callDevice(settings, () => settings.device.isSupported());
    if (!isSupported) throw new AppAttestClientError('unsupported', 'not_supported');
  }

  return {
    async fetch(target, init, { with: proof = 'assertion' } = {}) {
      const request = await prepareRequest(settings, target, init);
      throwIfAborted(request.signal);
      const send = async (): Promise<Response> => {
        try {
          await assertSupported();
          return await (proof === 'session' ? sessionFetch(settings, tokens, request) : signedFetch(request, asItIs));
        } catch (error) {
          const { code, cause } = detailsOf(error);
          if (code !== 'unsupported') throw error;
          // Only an error of the device has a cause. Without one, isSupported stated that there is no App Attest.
          const reason: UnsupportedReason = cause ? 'feature_unsupported' : 'not_supported';
          if ((await settings.onUnsupported(reason)) === 'throw') throw error;
          return sendUnsigned(settings, request, { 'X-App-Attest-Unsupported': reason });
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
      tokens.clear();
      await key.forget();
    },
  };
}
