import { assertEnvironment } from '../authenticator-data/aaguid.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import { assertCounterIsZero } from '../authenticator-data/counter.js';
import { assertExtensions, type ExtensionPolicy, readExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { assertAppId } from '../authenticator-data/rp-id-hash.js';
import { APPLE_APP_ATTESTATION_ROOT_CA } from '../certificates/apple-roots.js';
import { verifyCertificateChain } from '../certificates/certificate-chain.js';
import { readTrustAnchors } from '../certificates/trust-anchors.js';
import { encodeBase64 } from '../encoding/base64.js';
import { type VerifyEcdsa, verifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import { pemOfPoint } from '../keys/public-key.js';
import { type AppId, readAppIds } from '../options/app-id.js';
import { readClientDataHash } from '../options/client-data-hash.js';
import { type Environment, readEnvironments } from '../options/environment.js';
import { readEvidence } from '../options/evidence.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readVerificationDate } from '../options/verification-date.js';
import { CallingThread } from '../runtime/calling-thread.js';
import { threadPoolSize } from '../runtime/thread-pool.js';
import { Turnstile } from '../runtime/turnstile.js';
import { assertAccessControlList } from './access-control-list.js';
import { asAttestation, decodeAttestationObject, MAX_ATTESTATION_LENGTH } from './attestation-object.js';
import { type AttestedDevice, readAttestedDevice } from './attested-device.js';
import { assertCertifiedAppId, readCertifiedAppId } from './certified-app-id.js';
import { assertSamePublicKey, readCertifiedKey } from './certified-key.js';
import { assertCredentialId, assertKeyIdentifier, readKeyIdentifier } from './key-identifier.js';
import { assertNonce } from './nonce.js';

/** Options of {@link verifyAttestation}: the evidence from the app, and the values that the server expects. */
export interface VerifyAttestationOptions {
  /** The attestation object from `attestKey`: base64 or base64url text, or bytes. At most 64 KiB. */
  attestation: string | Uint8Array;
  /** The key identifier from `generateKey`: base64 or base64url text. */
  keyId: string;
  /**
   * The one-time challenge that this server issued, exactly as the app hashed it: text (hashed as UTF-8) or bytes. The
   * server must find the challenge in its own store and delete it there. A challenge that only the client knows proves
   * nothing.
   */
  challenge?: string | Uint8Array | undefined;
  /** Instead of `challenge`: the bytes that the app passed to `attestKey` as `clientDataHash`. At most 64 KiB. */
  clientDataHash?: Uint8Array | undefined;
  /** The app or apps whose keys are accepted. */
  appId: AppId | readonly AppId[];
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /** Requirements for the extensions, which describe the running app (iOS 27 and later). No requirements by default. */
  policy?: ExtensionPolicy;
  /** The time at which the certificates must be valid. Now by default. For recorded evidence, pass the time of recording. */
  date?: Date | undefined;
  /** For tests only: the root certificates that replace Apple's root certificate, as PEM text or DER bytes. */
  trustAnchors?: readonly (string | Uint8Array)[] | undefined;
}

const KNOWN_OPTIONS: KnownOptions<VerifyAttestationOptions> = {
  attestation: 'never undefined',
  keyId: 'never undefined',
  challenge: 'may be undefined',
  clientDataHash: 'may be undefined',
  appId: 'never undefined',
  environment: 'may be undefined',
  policy: 'never undefined',
  date: 'may be undefined',
  trustAnchors: 'may be undefined',
};

/** An attested key with its details. Store `keyId`, `publicKey`, `counter`, `appId`, `environment` and `receipt`. */
export interface VerifiedAttestation {
  /** The key identifier in base64 with padding, even if the option `keyId` was base64url or had no padding. */
  keyId: string;
  /** The attested P-256 key: SubjectPublicKeyInfo as PEM. Pass it to `verifyAssertion`. */
  publicKey: string;
  /** The counter of a new key. Pass it to `verifyAssertion` with the first assertion. */
  counter: 0;
  /**
   * The App ID of the accepted app that generated the key. If an App Clip generated the key, this is the App ID of the full
   * app.
   */
  appId: string;
  /** The App ID of the App Clip that generated the key. Absent if the certificate contains no App ID of an App Clip. */
  appClipId?: string;
  /** The environment in which the key was attested. */
  environment: Environment;
  /**
   * Apple's receipt, CMS (Cryptographic Message Syntax) in BER. `verifyAttestation` does not verify the receipt. Pass it to
   * `verifyReceipt`.
   */
  receipt: Uint8Array;
  /** The device, as Apple certified it. In the recorded attestations of iOS 14, it contains only `osVersion`. */
  device: AttestedDevice;
  /**
   * The extensions, which describe the running app. iOS 27 and later sign them. Absent if the flag ED (extension data) is
   * not set in authenticator data, because an app can then forge extensions.
   */
  extensions?: AuthenticatorExtensions;
  /**
   * The validity of the credential certificate. In recorded attestations, the validity is one day to one year long. The
   * key itself does not expire.
   */
  certificate: {
    /** The certificate is valid from this time on. */
    notBefore: Date;
    /** The certificate is valid until this time, inclusive. */
    notAfter: Date;
  };
}

/**
 * The number of concurrent verifications is the number of threads in the pool. So each running verification has its own
 * thread. A waiting verification starts in a later iteration of the event loop. See docs/performance.md.
 *
 * Each waiting attestation uses at most 64 KiB of memory, so 512 waiting attestations use at most 32 MiB. With the longest
 * `clientDataHash`, the memory doubles.
 */
const turnstile = new Turnstile({ width: threadPoolSize(), waiting: 512, patience: 5 });

/** Verifying two P-384 signatures blocks the event loop for less than two milliseconds. */
const callingThread = new CallingThread(2);

/**
 * Verifies the signature of the leaf certificate. The calling thread is faster than the pool, and is used if no other
 * attestation is in progress and {@link callingThread} has time.
 */
async function verifyLeaf(...signature: Parameters<VerifyEcdsa>): Promise<boolean> {
  const isAlone = !turnstile.isShared && (await callingThread.hasTime()) && !turnstile.isShared;
  return isAlone ? verifyEcdsa(...signature) : verifyEcdsaInPool(...signature);
}

/**
 * Verifies that a key is in the Secure Enclave of a genuine Apple device. Also verifies that a genuine copy of your app
 * attested the key for the challenge that you issued. Call this function once per key, then store the result.
 *
 * The step numbers below are the attestation steps on Apple's page.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: the options are wrong, not the evidence
 * - `overloaded`: 512 attestations are already waiting, or this attestation waited for five seconds. The
 *   attestation was not verified. Try again after `retryAfter` seconds
 * - `malformed_attestation`, `unsupported_format`: `attestation` is not an App Attest attestation object
 * - `untrusted_certificate`, `certificate_expired`: step 1
 * - `nonce_mismatch`: step 4, for example if the attestation was made for another challenge
 * - `access_control_mismatch`: step 4, for a Mac on which Full Security or System Integrity Protection is
 *   turned off
 * - `key_id_mismatch`: step 5
 * - `app_id_mismatch`: step 6
 * - `counter_not_zero`: step 7
 * - `environment_mismatch`: step 8, for example if the app was started from Xcode
 * - `credential_id_mismatch`: step 9
 * - `public_key_mismatch`: authenticator data and certificate contain different keys, or the key is not on P-256
 * - `extension_missing`, `extension_rejected`: the evidence does not meet `policy`
 *
 * @example
 * ```ts
 * const key = await verifyAttestation({
 *   attestation: body.token,
 *   keyId: body.keyId,
 *   challenge, // issued by this server, and deleted from its store
 *   appId: 'TEAMID1234.com.example.app',
 * });
 * await database.insertKey(key);
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
 */
export async function verifyAttestation(options: VerifyAttestationOptions): Promise<VerifiedAttestation> {
  const expected = readOptions(options);
  return turnstile.pass(() => verify(expected));
}

/**
 * Checks and copies the options, so that later changes by the caller have no effect. Rejects a malformed key identifier, and
 * evidence that is too long or not base64, before the attestation has to wait.
 */
function readOptions(passed: VerifyAttestationOptions) {
  const options = readKnownOptions('verifyAttestation', passed, KNOWN_OPTIONS);
  return {
    appIds: readAppIds(options.appId),
    environments: readEnvironments(options.environment),
    policy: readExtensionPolicy(options.policy),
    date: readVerificationDate(options.date),
    anchors: readTrustAnchors(options.trustAnchors, APPLE_APP_ATTESTATION_ROOT_CA),
    clientDataHash: readClientDataHash('challenge', options.challenge, options.clientDataHash),
    attestation: asAttestation(() => readEvidence(options.attestation, 'attestation', MAX_ATTESTATION_LENGTH)),
    keyId: readKeyIdentifier(options.keyId),
  };
}

async function verify({
  appIds,
  environments,
  policy,
  date,
  anchors,
  clientDataHash,
  attestation,
  keyId,
}: ReturnType<typeof readOptions>): Promise<VerifiedAttestation> {
  const { x5c, receipt, authenticatorData } = decodeAttestationObject(attestation);

  // 1. The certificate chain ends in Apple's root.
  const credCert = await verifyCertificateChain(x5c, anchors, date, verifyLeaf);

  // 2. to 4. The certificate was issued for this authenticator data and this challenge.
  assertNonce(credCert, authenticatorData.bytes, clientDataHash);

  // 4., on a Mac: the key can be used only with Full Security and System Integrity Protection (SIP).
  const device = asAttestation(() => readAttestedDevice(credCert));
  assertAccessControlList(credCert, device.platform);

  // 5. The key identifier from the client belongs to the certified key.
  const certifiedKey = readCertifiedKey(credCert);
  assertKeyIdentifier(certifiedKey, keyId);

  // 6. The key belongs to an accepted app. Additional check: the certificate belongs to the same app.
  const certifiedAppId = asAttestation(() => readCertifiedAppId(credCert));
  const appId = assertAppId(authenticatorData.rpIdHash, appIds, certifiedAppId);
  const appClipId = assertCertifiedAppId(certifiedAppId, appId);

  // 7. The key has not been used yet.
  assertCounterIsZero(authenticatorData.counter);

  // 8. The key comes from an accepted environment.
  const environment = assertEnvironment(authenticatorData.aaguid, environments);

  // 9. Authenticator data contains the same key identifier. Additional check: it contains the same public key.
  assertCredentialId(authenticatorData.credentialId, keyId);
  assertSamePublicKey(authenticatorData.credentialPublicKey, certifiedKey);

  // Additional check: the policy accepts the running app.
  const { extensions } = authenticatorData;
  assertExtensions(extensions, policy);

  return {
    keyId: encodeBase64(keyId),
    publicKey: pemOfPoint(certifiedKey),
    counter: 0,
    appId,
    ...(appClipId !== undefined && { appClipId }),
    environment,
    receipt: new Uint8Array(receipt),
    device,
    ...(extensions && { extensions }),
    certificate: { notBefore: credCert.notBefore, notAfter: credCert.notAfter },
  };
}
