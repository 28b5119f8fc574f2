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

/** The third argument of `AppAttestClient.fetch`. */
export interface FetchOptions {
  /**
   * How the request proves that it comes from the app.
   *
   * - `'assertion'`, the default: the key of the app signs the request. The server accepts the request once.
   * - `'session'`: the request contains a session token. The token proves nothing about the content of the request.
   */
  with?: 'assertion' | 'session' | undefined;
}

/** A client that registers the key of the app, and signs its requests. Created by `createClient`. */
export interface AppAttestClient {
  /**
   * Sends a request with proof that it comes from the app. If the app has no key, first creates and registers one.
   *
   * @param target The path and the query below `baseUrl`, such as `'/orders?page=2'`
   * @returns The response of the application, even if its status is an error. Three kinds of responses are thrown as errors
   * instead: rejections by the handlers of this package, redirects, and a status 429 or 503 with `Retry-After`
   * @throws AppAttestClientError with any of the codes of `ClientErrorCode`
   */
  fetch(target: string, init?: AttestedRequestInit, options?: FetchOptions): Promise<Response>;
  /**
   * Creates and registers a key, unless the app has one. An app may call this method at its start, so that the first request is
   * faster.
   *
   * @throws AppAttestClientError all codes except `answer_lost` and `invalid_argument`
   */
  register(): Promise<{
    /** The key identifier, base64. */
    keyId: string;
  }>;
  /** Forgets the key, the challenges and the session. The next request creates a new key, which raises the risk metric. */
  reset(): Promise<void>;
}

/**
 * Creates a client. Create one client at the start of the app, and use it for all requests.
 *
 * @throws AppAttestClientError `invalid_argument` if an option is missing or not valid. The message contains the pattern that the
 * option must match, and the value of the option
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
