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

/** Options of {@link verifyAttestation}: the evidence from the app, and what the server knows about it. */
export interface VerifyAttestationOptions {
  /** The attestation object from `attestKey`: base64 or base64url text, or bytes. At most 64 KiB. */
  attestation: string | Uint8Array;
  /** The key identifier from `generateKey`: base64 or base64url text. */
  keyId: string;
  /**
   * The one-time challenge that this server issued, exactly as the app hashed it: text (hashed as UTF-8) or bytes. Take
   * it from where the server keeps its challenges and use it up; never take the client's word for it.
   */
  challenge?: string | Uint8Array | undefined;
  /** In place of `challenge`: what the app passed to `attestKey` as `clientDataHash`. At most 64 KiB. */
  clientDataHash?: Uint8Array | undefined;
  /** The app, or the apps, whose keys are accepted. */
  appId: AppId | readonly AppId[];
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /** What iOS 27 and later must say about the running app. Nothing by default. */
  policy?: ExtensionPolicy;
  /** When the certificates must be valid. Now by default; a recording needs the moment of its recording. */
  date?: Date | undefined;
  /** The roots to trust in place of Apple's, PEM text or DER bytes. For tests; never trust a test root in production. */
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

/** A key that Apple attested, and what came with it. Store `keyId`, `publicKey`, `counter`, `environment`, `receipt`. */
export interface VerifiedAttestation {
  /** The key identifier, base64 with padding, whichever form came in. */
  keyId: string;
  /** The attested P-256 key: SubjectPublicKeyInfo as PEM, to be given to `verifyAssertion`. */
  publicKey: string;
  /** The counter to compare the first assertion with. */
  counter: 0;
  /** The one of the accepted apps that made the key; for a key of an App Clip the full app. */
  appId: string;
  /** The App ID of the App Clip that made the key, where the certificate names one. */
  appClipId?: string;
  /** Where the key was attested. */
  environment: Environment;
  /** Apple's receipt, CMS in BER: not verified here. */
  receipt: Uint8Array;
  /** What Apple certified about the device; empty for old systems. */
  device: AttestedDevice;
  /** What iOS 27 and later signed about the running app. Absent where the signed flags do not announce it (no ED). */
  extensions?: AuthenticatorExtensions;
  /** The validity of the credential certificate: three days to a year. It says nothing about the key's lifetime. */
  certificate: {
    /** The certificate is valid from this moment on. */
    notBefore: Date;
    /** The certificate is valid until this moment, inclusive. */
    notAfter: Date;
  };
}

/**
 * As many attestations are worked on at once as the pool has threads, so that none waits in the pool, and the event loop
 * has its turn before the next one gets there. See docs/performance.md. Those that wait hold 32 MiB at most, 64 KiB each;
 * and as much again where a client data "hash" is as long as it may be.
 */
const turnstile = new Turnstile({ width: threadPoolSize(), waiting: 512, patience: 5 });

/** Two signatures on P-384 hold the event loop for less than two milliseconds. */
const callingThread = new CallingThread(2);

/** Attestations that come one by one are spared the way through the pool. */
async function verifyLeaf(...signature: Parameters<VerifyEcdsa>): Promise<boolean> {
  const isAlone = !turnstile.isShared && (await callingThread.hasTime()) && !turnstile.isShared;
  return isAlone ? verifyEcdsa(...signature) : verifyEcdsaInPool(...signature);
}

/**
 * Verifies that a key lives in the Secure Enclave of a genuine Apple device and was made by a genuine copy of your app,
 * for the challenge that you issued. Do this once a key, then store the result.
 *
 * The steps and their numbers are those of Apple's page; the ones that go beyond it say so.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: this call is wrong, not the evidence
 * - `overloaded`: 512 attestations wait for their turn already, or this one waited for five seconds; nothing is decided.
 *   `retryAfter` are the seconds after which to try again
 * - `malformed_attestation`, `unsupported_format`: no App Attest attestation object
 * - `untrusted_certificate`, `certificate_expired`: step 1
 * - `nonce_mismatch`: step 4, and so every other challenge than the one that was issued
 * - `access_control_mismatch`: step 4, a Mac that is not locked down
 * - `key_id_mismatch`: step 5
 * - `app_id_mismatch`: step 6
 * - `counter_not_zero`: step 7
 * - `environment_mismatch`: step 8, such as a build from Xcode
 * - `credential_id_mismatch`: step 9
 * - `public_key_mismatch`: authenticator data and certificate disagree
 * - `extension_missing`, `extension_rejected`: `policy` is not met
 *
 * @example
 * ```ts
 * const key = await verifyAttestation({
 *   attestation: body.token,
 *   keyId: body.keyId,
 *   challenge, // the one this server issued, taken out of its store
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
 * The options, checked and copied: nothing that the caller can change is looked at again. Evidence that is too long,
 * or no base64, is rejected before it waits, and so is a key identifier that no key has.
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

  // 1. The certificates lead up to Apple's root.
  const credCert = await verifyCertificateChain(x5c, anchors, date, verifyLeaf);

  // 2. to 4. The certificate was issued for this authenticator data and this challenge.
  assertNonce(credCert, authenticatorData.bytes, clientDataHash);

  // 4., on a Mac: the key can only be used with Full Security and SIP.
  const device = asAttestation(() => readAttestedDevice(credCert));
  assertAccessControlList(credCert, device.platform);

  // 5. The certified key is the one that the client names.
  const certifiedKey = readCertifiedKey(credCert);
  assertKeyIdentifier(certifiedKey, keyId);

  // 6. It belongs to one of our apps. Beyond Apple's list: the certificate says so too.
  const certifiedAppId = asAttestation(() => readCertifiedAppId(credCert));
  const appId = assertAppId(authenticatorData.rpIdHash, appIds, certifiedAppId);
  const appClipId = assertCertifiedAppId(certifiedAppId, appId);

  // 7. It has not been used yet.
  assertCounterIsZero(authenticatorData.counter);

  // 8. It comes from an environment that we accept.
  const environment = assertEnvironment(authenticatorData.aaguid, environments);

  // 9. Authenticator data speaks of the same key. Beyond Apple's list: byte for byte.
  assertCredentialId(authenticatorData.credentialId, keyId);
  assertSamePublicKey(authenticatorData.credentialPublicKey, certifiedKey);

  // Beyond Apple's list: the running app is one that the server's policy accepts.
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
