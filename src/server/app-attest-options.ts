import { randomBytes } from 'node:crypto';
import { type ExtensionPolicy, keepExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { keepTrustAnchors } from '../certificates/trust-anchors.js';
import { AppAttestError } from '../errors.js';
import { type AppId, readAppIds } from '../options/app-id.js';
import { type Environment, readEnvironments } from '../options/environment.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readSeconds } from '../options/seconds.js';
import type { ReadChallenge } from './challenge.js';
import type { ChallengeStore } from './challenge-store.js';
import { type ClientDataForm, readClientDataForm } from './client-data-form.js';
import { MAX_COUNTER_WINDOW } from './counter-window.js';
import {
  type AcceptedEvidence,
  type FormatVerifier,
  type FormatVerifiers,
  type NoFormats,
  readFormats,
} from './formats.js';
import { type KeyCacheOptions, readKeyCacheOptions } from './key-cache.js';
import type { KeyStore } from './key-store.js';
import { memoryStores } from './memory/memory-stores.js';
import { readClock, type ServerClock } from './server-clock.js';
import { areSigned, type SignedChallenges, signedChallenges } from './signed-challenges.js';

/** Options of {@link createAppAttest}. */
export interface AppAttestOptions<Formats extends FormatVerifiers = NoFormats> {
  /** The accepted apps. If an app is later removed from the list, the registered keys of that app are rejected. */
  appId: AppId | readonly AppId[];
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /**
   * Requirements for the extensions that iOS 27 and later sign. They apply to each registration and each request. No
   * requirements by default.
   */
  policy?: ExtensionPolicy;
  /**
   * The store for challenges, or the result of `signedChallenges`. If both `challenges` and `keys` are absent, the server keeps
   * keys in memory, and issues challenges that are signed with a random secret of this process.
   */
  challenges?: ChallengeStore | SignedChallenges;
  /** The store for keys and counters. Pass `challenges` and `keys` together, or omit both options. */
  keys?: KeyStore;
  /** How long a challenge is valid, in seconds, at most 86 400 (a day). 300 by default. */
  challengeTtl?: number | undefined;
  /**
   * How far a new counter may be below the highest accepted counter, 0 to 64. Apps that sign requests in parallel need a value
   * above 0, because their requests can arrive out of order. The default is 0. Each counter must then be higher than all
   * accepted counters.
   */
  counterWindow?: number | undefined;
  /**
   * Finds the challenge in the client data, which consists of the bytes that the app attested or signed. By default,
   * the client data must be the challenge, or JSON with a top-level field `challenge`. The function must be
   * synchronous. If the client data contains no challenge, the function must return `undefined` or throw an error.
   * `authenticate` calls the function for every payload, unless `authenticate` has an option `readChallenge` of its own.
   * `register` calls the function only if the client data is not the challenge itself. With `signed: 'request'`, the
   * HTTP handler `protect` never calls the function. The handlers `assertion` and `session` then call it only for
   * payloads in the plugin's JSON that do not begin with the method and target.
   */
  readChallenge?: ReadChallenge | undefined;
  /**
   * How the app computes the `clientDataHash` that it passes to `attestKey` and `generateAssertion`. The client data is
   * the `challenge` of a registration or the `payload` of a request:
   *
   * - `'sha256'`, the default: SHA-256 of the UTF-8 bytes of the client data. `@capgo/capacitor-app-attest` does this.
   * - `'sha256-decoded'`: The client data is base64 or base64url, with or without padding. The app decodes the client
   *   data and passes SHA-256 of the decoded bytes.
   * - `'raw'`: The app passes the UTF-8 bytes without hashing them, at most 64 KiB in a registration. The server then
   *   rejects evidence with an extension map if the flag ED (extension data) is not set.
   *
   * If your code passes client data as bytes, the server never decodes the bytes. It hashes them unless the form is
   * `'raw'`.
   */
  clientData?: ClientDataForm | undefined;
  /**
   * Whether `register` also verifies Apple's receipt in the attestation. Apple must have issued the receipt for this key and
   * this challenge, at most five minutes ago. `false` by default, because the check takes a few milliseconds. You can verify
   * stored receipts later with `verifyReceipt`.
   */
  verifyReceipts?: boolean;
  /**
   * Functions that verify evidence of other formats. The name of each property is a value of the field `format` in the body. On
   * Android, `@capgo/capacitor-app-attest` sends `'google-play-integrity-standard'`. The server first takes the challenge, and
   * then calls the function. The object that the function returns is the result of `register` or `authenticate`. The server
   * neither stores nor looks up a key for such evidence. By default, the server rejects all formats except
   * `'apple-app-attest'`, which must not be in this option.
   *
   * The function accepts the evidence by returning an object, or a promise of one. It rejects the evidence by throwing an
   * `AppAttestError`. Any other error counts as the failure of a store: the HTTP handlers respond with status 503.
   *
   * @example
   * ```ts
   * formats: {
   *   'google-play-integrity-standard': async ({ body, challenge, payload }) => {
   *     const verdict = await decodeIntegrityToken(body.token);
   *     if (verdict.requestHash !== hash(challenge ?? payload)) {
   *       throw new AppAttestError('nonce_mismatch', 'the token was requested for other data');
   *     }
   *     return { platform: 'android' };
   *   },
   * },
   * ```
   */
  formats?: Formats | undefined;
  /**
   * Keeps keys in the memory of this process. A request with a cached key needs one round trip to the stores instead of two.
   * `max` is the maximum number of keys, and `ttl` is the time in seconds for which a key is kept after it was read.
   * Off by default.
   *
   * The server verifies the signature with the cached key. Then it takes the challenge and stores the counter, both at
   * the same time. So a request with an invalid signature does not use up its challenge. The store still decides about
   * each request: a key that was revoked, deleted, bound or registered again is not accepted from the cache. In the
   * result, `extensions`, `riskMetric` and `receiptDueAt` of the key can be up to `ttl` seconds old. `docs/keys.md`
   * describes the details.
   *
   * @example
   * ```ts
   * keyCache: { max: 100_000, ttl: 300 },
   * ```
   */
  keyCache?: KeyCacheOptions | undefined;
  /** Trusted root certificates for attestations, PEM text or DER bytes. They replace Apple's root. Only for tests. */
  trustAnchors?: readonly (string | Uint8Array)[] | undefined;
  /** Trusted root certificates for receipts. They replace Apple Root CA - G3. Only for tests. */
  receiptTrustAnchors?: readonly (string | Uint8Array)[] | undefined;
  /**
   * A function that returns the current time, or a fixed `Date`. The system clock by default. `createAppAttest` calls the
   * function once to check the result. Only for tests.
   */
  now?: Date | (() => Date) | undefined;
}

/** The checked options. Lists, the policy and certificates are copied, so that the caller cannot change them later. */
export interface Configuration<Result extends AcceptedEvidence = AcceptedEvidence> {
  readonly appIds: readonly string[];
  readonly environments: readonly Environment[];
  readonly policy: Readonly<ExtensionPolicy> | undefined;
  readonly verifyReceipts: boolean;
  /** DER. */
  readonly trustAnchors: readonly Uint8Array[] | undefined;
  /** DER. */
  readonly receiptTrustAnchors: readonly Uint8Array[] | undefined;
  readonly challenges: ChallengeStore | SignedChallenges;
  readonly keys: KeyStore;
  /** Milliseconds. */
  readonly challengeLifetime: number;
  readonly counterWindow: number;
  readonly readChallenge: ReadChallenge | undefined;
  readonly clientData: ClientDataForm;
  readonly formats: ReadonlyMap<string, FormatVerifier<Result>>;
  readonly keyCache: KeyCacheOptions | undefined;
  readonly clock: ServerClock;
}

const KNOWN: KnownOptions<AppAttestOptions<FormatVerifiers>> = {
  appId: 'never undefined',
  environment: 'may be undefined',
  policy: 'never undefined',
  // If both stores could be `undefined`, the server would silently use memory. A restart would then lose keys and revocations.
  challenges: 'never undefined',
  keys: 'never undefined',
  challengeTtl: 'may be undefined',
  counterWindow: 'may be undefined',
  readChallenge: 'may be undefined',
  clientData: 'may be undefined',
  verifyReceipts: 'never undefined',
  formats: 'may be undefined',
  keyCache: 'may be undefined',
  trustAnchors: 'may be undefined',
  receiptTrustAnchors: 'may be undefined',
  now: 'may be undefined',
};

const KEY_STORE_METHODS = [
  'insert',
  'find',
  'advance',
  'revoke',
  'bind',
  'list',
  'remove',
  'receipt',
  'saveReceipt',
  'due',
] as const satisfies readonly (keyof KeyStore)[];

const DEFAULT_CHALLENGE_TTL = 300;
const MAX_CHALLENGE_TTL = 86_400;

/**
 * Checks the options once, at server start.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readOptions<Result extends AcceptedEvidence>(
  passed: AppAttestOptions<FormatVerifiers<Result>>,
): Configuration<Result> {
  if (typeof passed === 'string') throw invalid('pass the App ID as an option: createAppAttest({ appId })');
  const options = readKnownOptions<AppAttestOptions<FormatVerifiers<Result>>>('createAppAttest', passed, KNOWN);
  const { challengeTtl = DEFAULT_CHALLENGE_TTL } = options;
  return {
    appIds: readAppIds(options.appId),
    environments: readEnvironments(options.environment),
    policy: keepExtensionPolicy(options.policy),
    verifyReceipts: readVerifyReceipts(options.verifyReceipts),
    trustAnchors: keepTrustAnchors(options.trustAnchors),
    receiptTrustAnchors: keepTrustAnchors(options.receiptTrustAnchors),
    ...readStores(options),
    challengeLifetime: readSeconds('challengeTtl', challengeTtl, MAX_CHALLENGE_TTL) * 1000,
    counterWindow: readCounterWindow(options.counterWindow),
    readChallenge: readReadChallenge(options.readChallenge),
    clientData: readClientDataForm(options.clientData),
    formats: readFormats(options.formats),
    keyCache: readKeyCacheOptions(options.keyCache),
    clock: readClock(options.now),
  };
}

function readStores({
  challenges,
  keys,
}: Pick<AppAttestOptions, 'challenges' | 'keys'>): Pick<Configuration, 'challenges' | 'keys'> {
  if (challenges === undefined && keys === undefined) return signedMemoryStores();
  if (challenges === undefined || keys === undefined) {
    const missing = keys === undefined ? 'keys' : 'challenges';
    throw invalid(`pass challenges and keys together, or omit both: ${missing} is missing`);
  }
  assertChallenges(challenges);
  assertMethods('keys must be a KeyStore', keys, KEY_STORE_METHODS);
  return { challenges, keys };
}

function signedMemoryStores(): Pick<Configuration, 'challenges' | 'keys'> {
  const { challenges: used, keys } = memoryStores();
  return { challenges: signedChallenges({ secrets: [randomBytes(32)], used }), keys };
}

/** @throws AppAttestError `invalid_argument` */
function assertChallenges(challenges: ChallengeStore | SignedChallenges): void {
  const isObject = typeof challenges === 'object' && challenges !== null;
  if (isObject && areSigned(challenges)) {
    assertMethods('challenges must be signedChallenges', challenges, ['issue', 'namesUser', 'read', 'spend']);
  } else {
    assertMethods('challenges must be a ChallengeStore', challenges, ['put', 'take']);
  }
}

/** @throws AppAttestError `invalid_argument` */
function assertMethods<Store extends object>(
  requirement: string,
  store: Store,
  names: readonly (keyof Store & string)[],
): void {
  const isObject = typeof store === 'object' && store !== null;
  const missing = names.find((name) => !isObject || typeof store[name] !== 'function');
  if (missing !== undefined) throw invalid(`${requirement}: it has no method ${missing}`);
}

function readCounterWindow(window = 0): number {
  if (Number.isInteger(window) && window >= 0 && window <= MAX_COUNTER_WINDOW) return window;
  throw invalid(`counterWindow must be an integer from 0 to ${MAX_COUNTER_WINDOW}`);
}

function readVerifyReceipts(verifyReceipts = false): boolean {
  if (typeof verifyReceipts === 'boolean') return verifyReceipts;
  throw invalid('verifyReceipts must be true or false');
}

/** @throws AppAttestError `invalid_argument` */
export function readReadChallenge(readChallenge: ReadChallenge | undefined): ReadChallenge | undefined {
  if (readChallenge === undefined || typeof readChallenge === 'function') return readChallenge;
  throw invalid('readChallenge must be a function');
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
