import { MAX_ATTESTATION_LENGTH } from '../attestation/attestation-object.js';
import { type ExtensionPolicy, readExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { APPLE_APP_ATTESTATION_ROOT_CA } from '../certificates/apple-roots.js';
import { readTrustAnchors } from '../certificates/trust-anchors.js';
import { AppAttestError } from '../errors.js';
import { type AppId, readAppIds } from '../options/app-id.js';
import { type Environment, readEnvironments } from '../options/environment.js';
import { keepEvidence } from '../options/evidence.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readVerificationDate } from '../options/verification-date.js';
import { readExpectedClientData, readOtherChallenges } from './expected-client-data.js';

/** Options of {@link explainAttestation}: those of `verifyAttestation`, and `otherChallenges`. Only `attestation` is required. */
export interface ExplainAttestationOptions {
  /** The attestation object, as the server received it. `verifyAttestation` accepts base64 or base64url text, or bytes. */
  attestation: string | Uint8Array;
  /** The key identifier that the client sent. */
  keyId?: string | undefined;
  /** The challenge that the server issued: text (hashed as UTF-8) or bytes. */
  challenge?: string | Uint8Array | undefined;
  /** Instead of `challenge`: the bytes that the app passed to `attestKey` as `clientDataHash`. At most 64 KiB. */
  clientDataHash?: Uint8Array | undefined;
  /** The app or apps whose keys are accepted. */
  appId?: AppId | readonly AppId[] | undefined;
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /** Requirements for the extensions. No requirements by default. */
  policy?: ExtensionPolicy;
  /** The time at which the certificates must be valid. Now by default. */
  date?: Date | undefined;
  /** For tests only: the root certificates that replace Apple's root certificate, as PEM text or DER bytes. */
  trustAnchors?: readonly (string | Uint8Array)[] | undefined;
  /** Challenges of other requests. The explanation finds out whether the app used one of the first 64 by mistake. */
  otherChallenges?: readonly string[] | undefined;
}

const KNOWN_OPTIONS: KnownOptions<ExplainAttestationOptions> = {
  attestation: 'never undefined',
  keyId: 'may be undefined',
  challenge: 'may be undefined',
  clientDataHash: 'may be undefined',
  appId: 'may be undefined',
  environment: 'may be undefined',
  policy: 'never undefined',
  date: 'may be undefined',
  trustAnchors: 'may be undefined',
  otherChallenges: 'may be undefined',
};

/** Checks and copies the options, so that later changes by the caller have no effect. */
export function readExplainAttestationOptions(passed: ExplainAttestationOptions) {
  const options = readKnownOptions('explainAttestation', passed, KNOWN_OPTIONS);
  if (options.keyId !== undefined && typeof options.keyId !== 'string') {
    throw new AppAttestError('invalid_argument', 'keyId must be base64 text');
  }
  return {
    appIds: options.appId === undefined ? undefined : readAppIds(options.appId),
    environments: readEnvironments(options.environment),
    policy: readExtensionPolicy(options.policy),
    date: readVerificationDate(options.date),
    isDateGiven: options.date !== undefined,
    anchors: readTrustAnchors(options.trustAnchors, APPLE_APP_ATTESTATION_ROOT_CA),
    areAnchorsGiven: options.trustAnchors !== undefined,
    clientData: readExpectedClientData('challenge', options.challenge, options.clientDataHash),
    evidence: keepEvidence(options.attestation, 'attestation', MAX_ATTESTATION_LENGTH),
    keyIdText: options.keyId,
    otherChallenges: readOtherChallenges(options.otherChallenges),
  };
}

/** The values that the caller expects in an attestation. */
export type ExpectedAttestation = ReturnType<typeof readExplainAttestationOptions>;
