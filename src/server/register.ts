import { verifyAttestation } from '../attestation/verify-attestation.js';
import { AppAttestError } from '../errors.js';
import { assertOptions } from '../options.js';
import { verifyReceipt } from '../receipt/verify-receipt.js';
import { challengeText } from './challenge.js';
import { carriesExtensions } from './extension-continuity.js';
import type { KeyStore } from './key-store.js';
import type { Configuration } from './options.js';
import { readBody } from './request-body.js';
import type { StoredKey } from './stored-key.js';
import { readSubject } from './subject.js';
import { assertChallengeSubject, takeChallenge } from './take-challenge.js';

/** Seconds. Apple: Assessing fraud risk, of the receipt that comes with an attestation. */
const MAX_RECEIPT_AGE = 300;

/** What the server knows about whoever registers a key. */
export interface RegisterOptions {
  /** Whom the key is registered for. */
  subject?: string;
}

export async function register(
  configuration: Configuration,
  body: unknown,
  options: RegisterOptions = {},
): Promise<StoredKey> {
  assertOptions(options);
  const subject = readSubject(options.subject);
  const { keyId, challenge, token } = readRegistration(body);

  // 1. The challenge is ours, and now used up.
  const record = await takeChallenge(configuration, issuedText(challenge), 'attestation');
  assertChallengeSubject(record, subject);

  // 2. The attestation is genuine, and was made for this challenge.
  const { appIds, environments, policy, verifyReceipts, trustAnchors, receiptTrustAnchors, keys, clock } =
    configuration;
  const createdAt = clock.now();
  const attested = await verifyAttestation({
    attestation: token,
    keyId,
    challenge,
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
      challenge,
      type: 'ATTEST',
      environment: attested.environment,
      maxAge: MAX_RECEIPT_AGE,
      date: createdAt,
      ...(receiptTrustAnchors && { trustAnchors: receiptTrustAnchors }),
    });
  }

  // 4. Nobody registered the key before.
  const { certificate: _, extensions, ...evidence } = attested;
  const key: StoredKey = {
    ...evidence,
    createdAt,
    ...(subject !== undefined && { subject }),
    ...(carriesExtensions(extensions) && { extensions }),
  };
  if ((await keys.insert(key)) !== true) throw await whyRefused(keys, key.keyId);
  return key;
}

function readRegistration(body: unknown) {
  return readBody('malformed_attestation', body, (fields) => {
    fields.assertAppleAppAttest();
    return {
      keyId: fields.text('keyId'),
      challenge: fields.textOrBytes('challenge'),
      token: fields.token('attestation'),
    };
  });
}

function issuedText(challenge: string | Uint8Array): string {
  const text = challengeText(challenge);
  if (text !== undefined) return text;
  throw new AppAttestError('challenge_unknown', 'the challenge is none that a server can have issued');
}

async function whyRefused(keys: KeyStore, keyId: string): Promise<AppAttestError> {
  const existing = await keys.find(keyId);
  if (existing?.revokedAt) return new AppAttestError('key_revoked', 'the key was registered before, and revoked');
  return new AppAttestError('key_already_registered', 'the key was registered before');
}
