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
import type { KeyStore } from './key-store.js';
import { memoryStores } from './memory/memory-stores.js';
import { ServerClock } from './server-clock.js';

/** Options of {@link createAppAttest}. */
export interface AppAttestOptions {
  /** The app or apps whose keys are accepted. A key of an app that was removed from the list is rejected. */
  appId: AppId | readonly AppId[];
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /** What the extensions of iOS 27 and later must hold, at registration and in each request. Unchecked by default. */
  policy?: ExtensionPolicy;
  /** Where challenges are kept. In memory, by `memoryStores()`, if both `challenges` and `keys` are absent. */
  challenges?: ChallengeStore;
  /** Where keys and counters are kept. Pass it together with `challenges`, or pass neither. */
  keys?: KeyStore;
  /** How long a challenge is valid, in seconds, at most 86 400 (a day). 300 by default. */
  challengeTtl?: number | undefined;
  /**
   * For apps that sign requests in parallel: how far the counter of a new request may be behind the highest one, 0 to
   * 64. 0 by default: each counter must be higher than all before it.
   */
  counterWindow?: number | undefined;
  /**
   * Finds the challenge in the bytes that the app hashed. Replaces the search for JSON with an entry `challenge`. It
   * must be synchronous, and return `undefined` or throw if there is no challenge. It reads the payload of every
   * request, and the `challenge` of a registration unless that is a challenge and nothing else.
   */
  readChallenge?: ReadChallenge | undefined;
  /**
   * What the app passes to `attestKey` and `generateAssertion`, given the text of its client data (the `challenge` of a
   * registration, the `payload` of a request):
   *
   * - `'sha256'`, the default: SHA-256 of its UTF-8 bytes, as `@capgo/capacitor-app-attest` does
   * - `'sha256-decoded'`: SHA-256 of the decoded bytes; the text is base64 or base64url, with or without padding
   * - `'raw'`: the UTF-8 bytes themselves, without a hash; at most 64 KiB in a registration. Evidence with a map that the
   *   flags do not announce (no ED) is then malformed
   *
   * Client data that is given as bytes is never decoded. It is hashed unless the form is `'raw'`.
   */
  clientData?: ClientDataForm | undefined;
  /**
   * Whether a registration needs a genuine receipt for its key, less than five minutes old, as Apple recommends.
   * `false` by default: it costs a few milliseconds, and receipts can be verified later with `verifyReceipt`.
   */
  verifyReceipts?: boolean;
  /** Root certificates to trust in place of Apple's, PEM text or DER bytes. For tests. */
  trustAnchors?: readonly (string | Uint8Array)[] | undefined;
  /** The same for receipts, in place of Apple Root CA - G3. For tests. */
  receiptTrustAnchors?: readonly (string | Uint8Array)[] | undefined;
  /** The clock, called once when the server starts as well; the system clock by default. A `Date` is a clock that stands still. For tests. */
  now?: Date | (() => Date) | undefined;
}

/** Checked options. They are copies of everything that the caller could change. */
export interface Configuration {
  readonly appIds: readonly string[];
  readonly environments: readonly Environment[];
  readonly policy: Readonly<ExtensionPolicy> | undefined;
  readonly verifyReceipts: boolean;
  /** DER. */
  readonly trustAnchors: readonly Uint8Array[] | undefined;
  /** DER. */
  readonly receiptTrustAnchors: readonly Uint8Array[] | undefined;
  readonly challenges: ChallengeStore;
  readonly keys: KeyStore;
  /** Milliseconds. */
  readonly challengeLifetime: number;
  readonly counterWindow: number;
  readonly readChallenge: ReadChallenge | undefined;
  readonly clientData: ClientDataForm;
  readonly clock: ServerClock;
}

const KNOWN: KnownOptions<AppAttestOptions> = {
  appId: 'never undefined',
  environment: 'may be undefined',
  policy: 'never undefined',
  // An undefined store would silently become memory, which forgets keys and revocations at the next start.
  challenges: 'never undefined',
  keys: 'never undefined',
  challengeTtl: 'may be undefined',
  counterWindow: 'may be undefined',
  readChallenge: 'may be undefined',
  clientData: 'may be undefined',
  verifyReceipts: 'never undefined',
  trustAnchors: 'may be undefined',
  receiptTrustAnchors: 'may be undefined',
  now: 'may be undefined',
};

const DEFAULT_CHALLENGE_TTL = 300;
const MAX_CHALLENGE_TTL = 86_400;

/**
 * Checks the options once, at server start.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readOptions(passed: AppAttestOptions): Configuration {
  if (typeof passed === 'string') throw invalid('pass the App ID as an option: createAppAttest({ appId })');
  const options = readKnownOptions('createAppAttest', passed, KNOWN);
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
    clock: readClock(options.now),
  };
}

function readStores({ challenges, keys }: AppAttestOptions): Pick<Configuration, 'challenges' | 'keys'> {
  if (challenges === undefined && keys === undefined) return memoryStores();
  if (challenges === undefined || keys === undefined) {
    const missing = keys === undefined ? 'keys' : 'challenges';
    throw invalid(`pass challenges and keys together, or neither: ${missing} is missing`);
  }
  if (!hasMethods(challenges, ['put', 'take'])) throw invalid('challenges must be a ChallengeStore');
  if (!hasMethods(keys, ['insert', 'find', 'advance', 'revoke'])) throw invalid('keys must be a KeyStore');
  return { challenges, keys };
}

function hasMethods<Store extends object>(store: Store | undefined, names: readonly (keyof Store)[]): store is Store {
  return typeof store === 'object' && store !== null && names.every((name) => typeof store[name] === 'function');
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

/** Called once here, so that a server with a clock that shows no time does not start. */
function readClock(now: AppAttestOptions['now'] = () => new Date()): ServerClock {
  const clock = new ServerClock(typeof now === 'function' ? now : () => now);
  clock.now();
  return clock;
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
