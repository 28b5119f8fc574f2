import { verifyAttestation } from '../attestation/verify-attestation.js';
import { AppAttestError } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { verifyReceipt } from '../receipt/verify-receipt.js';
import { assertStillAccepted } from './authenticate.js';
import { findAttestedChallenge } from './challenge.js';
import { type ClientDataForm, hashClientData, readAttestedClientData } from './client-data-form.js';
import { carriesExtensions } from './extension-continuity.js';
import { findKey } from './find-key.js';
import type { Configuration } from './options.js';
import { readBody } from './request-body.js';
import { assertAttestationEnd } from './signed-end.js';
import type { StoredKey } from './stored-key.js';
import { readSubject } from './subject.js';
import { assertChallengeSubject, takeChallenge } from './take-challenge.js';

/** Seconds. Apple: Assessing fraud risk, of the receipt that comes with an attestation. */
const MAX_RECEIPT_AGE = 300;

/** What the server knows about the user that registers a key. */
export interface RegisterOptions {
  /** The user that the key is registered for. None by default. */
  subject?: string;
}

export async function register(
  configuration: Configuration,
  body: unknown,
  options: RegisterOptions = {},
): Promise<StoredKey> {
  // A lookup that found nobody must not register a key that belongs to nobody.
  const known = readKnownOptions<RegisterOptions>('register', options, { subject: 'never undefined' });
  const subject = readSubject(known.subject);
  const { keyId, clientData, token } = readRegistration(body, configuration.clientData);

  // 1. The challenge is ours, and now used up.
  const record = await takeChallenge(
    configuration,
    findAttestedChallenge('challenge', clientData, configuration.readChallenge),
    'attestation',
  );
  assertChallengeSubject(record, subject);

  // 2. The attestation is genuine, and was made for this challenge.
  assertAttestationEnd(configuration.clientData, token);
  const { appIds, environments, policy, verifyReceipts, trustAnchors, receiptTrustAnchors, keys, clock } =
    configuration;
  const createdAt = clock.now();
  const clientDataHash = hashClientData(configuration.clientData, clientData);
  const attested = await verifyAttestation({
    attestation: token,
    keyId,
    clientDataHash,
    appId: appIds,
    environment: environments,
    date: createdAt,
    ...(policy && { policy }),
    ...(trustAnchors && { trustAnchors }),
  });

  // 3. Where the server wants it: the receipt is genuine, about this key, and came at once.
  if (verifyReceipts) {
    await verifyReceipt({
      receipt: attested.receipt,
      appId: attested.appId,
      publicKey: attested.publicKey,
      clientDataHash,
      type: 'ATTEST',
      environment: attested.environment,
      maxAge: MAX_RECEIPT_AGE,
      date: createdAt,
      ...(receiptTrustAnchors && { trustAnchors: receiptTrustAnchors }),
    });
  }

  // 4. The key is new, or registered for the same user: devices attest a key twice, and answers get lost.
  const { certificate: _, extensions, ...evidence } = attested;
  const key: StoredKey = {
    ...evidence,
    createdAt,
    ...(subject !== undefined && { subject }),
    ...(carriesExtensions(extensions) && { extensions }),
  };
  if ((await keys.insert(key)) === true) return key;
  return registeredBefore(configuration, key);
}

function readRegistration(body: unknown, form: ClientDataForm) {
  return readBody('malformed_attestation', body, (fields) => {
    fields.assertAppleAppAttest();
    return {
      keyId: fields.text('keyId'),
      clientData: readAttestedClientData(form, fields.textOrBytes('challenge')),
      token: fields.token('attestation'),
    };
  });
}

/**
 * The key as it is in the store: another attestation of it changes nothing. It is returned only where it can sign requests.
 *
 * @throws AppAttestError `key_revoked`, `key_already_registered`, `app_id_mismatch`, `environment_mismatch`
 */
async function registeredBefore(configuration: Configuration, { keyId, subject }: StoredKey): Promise<StoredKey> {
  const existing = await findKey(configuration.keys, keyId);
  if (!existing) {
    throw new AppAttestError(
      'key_already_registered',
      'the key was registered before, and the store does not find it any more',
    );
  }
  if (existing.revokedAt) throw new AppAttestError('key_revoked', 'the key was registered before, and revoked');
  if ((existing.subject ?? undefined) !== subject) {
    throw new AppAttestError('key_already_registered', 'the key is registered for another user');
  }
  assertStillAccepted(existing, configuration);
  return existing;
}
