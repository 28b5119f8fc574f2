import type { Sha256 } from './body-digest.js';
import { AppAttestClientError } from './client-error.js';
import type { Device } from './device.js';
import type { Storage } from './storage.js';

/**
 * The reason why a device cannot use App Attest.
 *
 * - `not_supported`: `isSupported` of the device returned `false`.
 * - `feature_unsupported`: `isSupported` returned `true`, but a call failed with `featureUnsupported`.
 */
export type UnsupportedReason = 'not_supported' | 'feature_unsupported';

/** The paths of the routes for App Attest, below `baseUrl`. */
export interface ClientPaths {
  /** The route that issues challenges. `'/app-attest/challenge'` by default. */
  challenge?: string;
  /** The route that registers keys. `'/app-attest/registration'` by default. */
  registration?: string;
  /** The route that issues session tokens. `'/app-attest/session'` by default. */
  session?: string;
}

/** Options of `createClient`. */
export interface ClientOptions {
  /** App Attest on this device: `capacitor(AppAttest)`, `expo(AppIntegrity)`, or an object with the four methods. */
  device: Device;
  /**
   * The address of the server, such as `'https://api.example.com'`. If it contains a path, the client puts this path before each
   * target.
   */
  baseUrl: string;
  /** Keeps the key identifier while the app does not run. */
  storage: Storage;
  /** Sends a request. The function has the arguments and the result of `fetch`. The global `fetch` by default. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Computes the SHA-256 hash of a body. `crypto.subtle.digest` by default, which React Native does not have. With `expo-crypto`:
   * `(bytes) => Crypto.digest(Crypto.CryptoDigestAlgorithm.SHA256, bytes)`.
   */
  sha256?: Sha256;
  /** The paths of the routes for App Attest. */
  paths?: ClientPaths;
  /**
   * Decides about each request on a device without App Attest. If the function returns `'send'` or `undefined`, the client sends
   * the request without evidence, with the reason in the header `X-App-Attest-Unsupported`. If it returns `'throw'`, the client
   * throws `unsupported`. By default, the client sends the request.
   */
  onUnsupported?: (reason: UnsupportedReason) => 'send' | 'throw' | undefined | Promise<'send' | 'throw' | undefined>;
  /**
   * Whether the client signs and sends several requests at the same time. With `false`, the default, the client signs a request
   * when the previous request has a response, so the counters arrive in order. Use `true` only if the server has a
   * `counterWindow`.
   */
  parallel?: boolean;
  /**
   * The number of challenges that the client requests in advance. 0 by default. With a small number such as 2, most requests need
   * not wait for a challenge.
   */
  challengesAhead?: number;
  /**
   * How often the client tries again for one request, after a pause, if the server or Apple is busy or if the network fails. 3 by
   * default.
   */
  retries?: number;
  /**
   * The longest waiting time before one attempt, in seconds, without the random part. 30 by default. If `Retry-After` is longer,
   * the client does not try again.
   */
  maxDelay?: number;
  /** The longest time for one call of the device, and for the response to one request, in seconds. 60 by default. */
  timeout?: number;
}

/** Options with their defaults. */
export type ClientSettings = Required<ClientOptions> & { readonly paths: Required<ClientPaths> };

/**
 * Checks the options, and fills in the defaults.
 *
 * @throws AppAttestClientError `invalid_argument`
 */
export function readClientOptions(options: ClientOptions): ClientSettings {
  const { device, storage, baseUrl, paths: passed }: ClientOptions = Object(options);
  const defaults: ClientSettings = {
    device,
    storage,
    baseUrl: '',
    paths: {
      challenge: '/app-attest/challenge',
      registration: '/app-attest/registration',
      session: '/app-attest/session',
    },
    // In a browser engine, fetch throws an error if it is called as a method of an object other than the window.
    fetch: (url, init) => fetch(url, init),
    sha256: (bytes) => crypto.subtle.digest('SHA-256', bytes),
    onUnsupported: () => 'send',
    parallel: false,
    challengesAhead: 0,
    retries: 3,
    maxDelay: 30,
    timeout: 60,
  };
  const paths = { ...defaults.paths, ...passed };
  const settings = { ...defaults, ...options, baseUrl: String(baseUrl).replace(/\/+$/, ''), paths };
  expect(device, 'isSupported generateKey attest assert', /^function/);
  expectKnown(options, defaults);
  expectKnown(paths, defaults.paths);
  expect(storage, 'get set remove', /^function/);
  expect(settings, 'fetch sha256 onUnsupported', /^function/);
  expect(settings, 'baseUrl', /^string https?:\/\/[^?#]+$/);
  expect(paths, 'challenge registration session', /^string \//);
  expect(settings, 'parallel', /^boolean/);
  expect(settings, 'timeout maxDelay retries challengesAhead', /^number \d{1,4}(\.|$)/);
  return settings;
}

/** A misspelt option would otherwise be ignored. */
function expectKnown(passed: object, known: object): void {
  expect(passed, `${Object.keys(passed).find((name) => !(name in known))}`, /^undefined/);
}

/**
 * @param pattern The pattern for the type and the value, for example `number 5`
 * @throws AppAttestClientError `invalid_argument`
 */
export function expect(values: object, names: string, pattern: RegExp): void {
  for (const name of names.split(' ')) {
    const value: unknown = Object(values)[name];
    const found = `${typeof value} ${String(value)}`;
    if (!pattern.test(found)) {
      throw new AppAttestClientError('invalid_argument', `${name} must match ${pattern}, but is ${found}`);
    }
  }
}
