import { type AppId, readAppIds } from '../app-id.js';
import { type ExtensionPolicy, keepExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { keepTrustAnchors } from '../certificates/trust-anchors.js';
import { type Environment, readEnvironments } from '../environment.js';
import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readSeconds } from '../options/seconds.js';
import { memoryStores } from '../stores/memory/memory-stores.js';
import type { ReadChallenge } from './challenge.js';
import type { ChallengeStore } from './challenge-store.js';
import { type ClientDataForm, readClientDataForm } from './client-data-form.js';
import { MAX_COUNTER_WINDOW } from './counter-window.js';
import type { KeyStore } from './key-store.js';
import { ServerClock } from './server-clock.js';

/** Options of {@link createAppAttest}: the apps, and where their state is kept. */
export interface AppAttestOptions {
  /** The app, or the apps, whose keys are accepted. A key of an app that is no longer among them is refused. */
  appId: AppId | readonly AppId[];
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /** What iOS 27 and later must say about the running app, at registration and in each request. Nothing by default. */
  policy?: ExtensionPolicy;
  /** Where challenges are kept. With `keys` left out too: in the memory of this process, as `memoryStores()` does. */
  challenges?: ChallengeStore;
  /** Where keys and counters are kept. */
  keys?: KeyStore;
  /** How long a challenge lives, in seconds, up to a day. 300 by default. */
  challengeTtl?: number | undefined;
  /**
   * How far behind the highest counter a request may be that was not seen before, 0 to 64: for apps that sign requests
   * in parallel. 0 by default: each counter must be higher than all before.
   */
  counterWindow?: number | undefined;
  /**
   * Finds the challenge in the bytes that the app hashed, in place of looking for JSON with an entry `challenge`.
   * Synchronous; `undefined`, or an exception, where there is none. It reads the payload of every request, and the
   * `challenge` of a registration unless that is an issued challenge and nothing else.
   */
  readChallenge?: ReadChallenge | undefined;
  /**
   * What the app hands to `attestKey` and `generateAssertion`, from the text that it was given (the `challenge` of a
   * registration, the `payload` of a request):
   *
   * - `'sha256'`, the default: SHA-256 of its UTF-8 bytes, as `@capgo/capacitor-app-attest` does
   * - `'sha256-decoded'`: SHA-256 of the bytes that the text stands for: base64 or base64url, padded or not
   * - `'raw'`: the UTF-8 bytes themselves, without a hash; at most 64 KiB of a registration. Evidence with a map that the
   *   flags do not announce (no ED) is then malformed
   *
   * Bytes in place of the text stand for themselves: they are never decoded, and hashed unless the form is `'raw'`.
   */
  clientData?: ClientDataForm | undefined;
  /**
   * Whether a registration needs a genuine receipt of its key, less than five minutes old, as Apple recommends. `false` by
   * default: it costs a few milliseconds, and receipts can be verified later, with `verifyReceipt`.
   */
  verifyReceipts?: boolean;
  /** The roots to trust in place of Apple's, PEM text or DER bytes. For tests. */
  trustAnchors?: readonly (string | Uint8Array)[] | undefined;
  /** The same for receipts, in place of Apple Root CA - G3. For tests. */
  receiptTrustAnchors?: readonly (string | Uint8Array)[] | undefined;
  /** The clock, called once at the start as well; the system's by default. A `Date` stands still. For tests. */
  now?: Date | (() => Date) | undefined;
}

/** Options whose form has been checked. Of what their owner can change, these are copies. */
export interface Configuration {
  readonly appIds: readonly string[];
  readonly environments: readonly Environment[];
  readonly policy: Readonly<ExtensionPolicy> | undefined;
  readonly verifyReceipts: boolean;
  readonly trustAnchors: readonly (string | Uint8Array)[] | undefined;
  readonly receiptTrustAnchors: readonly (string | Uint8Array)[] | undefined;
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
  // Keys that were meant for a database would be forgotten at the next start, and the revoked ones with them.
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
 * Checks the options once, when the server starts.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readOptions(passed: AppAttestOptions): Configuration {
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
