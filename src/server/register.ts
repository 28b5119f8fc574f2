import { verifyAttestation } from '../attestation/verify-attestation.js';
import { AppAttestError } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { receiptDueAt, type StoredReceipt } from '../receipt/receipt-due.js';
import { verifyReceipt } from '../receipt/verify-receipt.js';
import { assertStillAccepted } from './accepted-key.js';
import type { Configuration } from './app-attest-options.js';
import { findAttestedChallenge } from './challenge.js';
import { assertAttestationEnd } from './client-data-end.js';
import { type ClientDataForm, hashClientData, readAttestedClientData } from './client-data-form.js';
import { carriesExtensions } from './extension-continuity.js';
import { findKey } from './find-key.js';
import type { AcceptedEvidence } from './formats.js';
import { readOtherFormat, registerOtherFormat } from './other-format.js';
import { readBody } from './request-body.js';
import type { StoredKey } from './stored-key.js';
import { readSubject } from './subject.js';
import { assertChallengeSubject, takeChallenge } from './take-challenge.js';

/** The maximum age of the receipt in an attestation, in seconds. Apple: Assessing fraud risk. */
const MAX_RECEIPT_AGE = 300;

/** Milliseconds. In recordings, the receipt of an attestation expires after 90 days. */
const RECEIPT_LIFETIME = 90 * 24 * 60 * 60 * 1000;

/** Options of `register`. */
export interface RegisterOptions {
  /** The key is registered for this user. By default, the key belongs to no user. */
  subject?: string;
}

export async function register<Result extends AcceptedEvidence>(
  configuration: Configuration<Result>,
  body: unknown,
  options: RegisterOptions = {},
): Promise<StoredKey | Result> {
  // `undefined` often means that the caller's lookup found no user. Such a call is rejected. It must not register a key without
  // a user.
  const known = readKnownOptions<RegisterOptions>('register', options, { subject: 'never undefined' });
  const subject = readSubject(known.subject);
  const other = readOtherFormat(configuration.formats, body);
  if (other) return registerOtherFormat(configuration, other, subject);
  const { keyId, clientData, token } = readRegistration(body, configuration.clientData);

  // 1. The challenge was issued by this server, and is now used up.
  const record = await takeChallenge(
    configuration,
    findAttestedChallenge('challenge', clientData, configuration.readChallenge),
    'attestation',
    subject,
  );
  assertChallengeSubject(record, subject);

  // 2. The attestation is genuine and contains this challenge.
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

  // 3. With the option verifyReceipts: the receipt is genuine, belongs to this key, and is recent.
  const dates = verifyReceipts
    ? await verifyReceipt({
        receipt: attested.receipt,
        appId: attested.appId,
        publicKey: attested.publicKey,
        clientDataHash,
        type: 'ATTEST',
        environment: attested.environment,
        maxAge: MAX_RECEIPT_AGE,
        date: createdAt,
        ...(receiptTrustAnchors && { trustAnchors: receiptTrustAnchors }),
      })
    : expectedDates(createdAt);

  // 4. The key is new, or it is already registered for the same user. Apps repeat a registration if the response was lost.
  const { certificate: _, receipt, extensions, ...evidence } = attested;
  const key: StoredKey = {
    ...evidence,
    createdAt,
    receiptDueAt: receiptDueAt({ keyId: attested.keyId, ...dates }),
    ...(subject !== undefined && { subject }),
    ...(carriesExtensions(extensions) && { extensions }),
  };
  if ((await keys.insert({ ...key, receipt })) === true) return key;
  return registeredBefore(configuration, key);
}

/** The assumed dates of a receipt that is not verified. Apple creates the receipt together with the attestation. */
function expectedDates(createdAt: Date): Omit<StoredReceipt, 'keyId'> {
  return {
    type: 'ATTEST',
    creationTime: createdAt,
    expirationTime: new Date(createdAt.getTime() + RECEIPT_LIFETIME),
  };
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
 * Returns the stored key if the same key is registered again for the same user. The stored key does not change. The function
 * checks that the server still accepts the stored key.
 *
 * @throws AppAttestError `key_revoked`, `key_already_registered`, `app_id_mismatch`, `environment_mismatch`
 */
async function registeredBefore(configuration: Configuration, { keyId, subject }: StoredKey): Promise<StoredKey> {
  const existing = await findKey(configuration.keys, keyId);
  if (!existing) {
    throw new AppAttestError(
      'key_already_registered',
      'insert found a key with this keyId in the store, but find did not return it',
    );
  }
  if (existing.revokedAt) throw new AppAttestError('key_revoked', 'the key is already registered and was revoked');
  if ((existing.subject ?? undefined) !== subject) {
    const isUnbound = (existing.subject ?? undefined) === undefined;
    const owner = isUnbound ? 'without a user. To set its user, call bind' : 'for another user';
    throw new AppAttestError('key_already_registered', `the key is registered ${owner}`);
  }
  assertStillAccepted(existing, configuration);
  return existing;
}
