import {
  type ExplainReceiptOptions,
  explainReceipt,
  inspectAttestation,
  verifyAttestation,
} from '../../../src/index.js';
import { attestationOptions, attestationRecordings, hasVerifiableReceipt } from '../../support/recordings.js';
import { APP_ID, apple, CHALLENGE, key, recorded } from './genuine.js';
import type { Mistake } from './mistake.js';

const receipt = inspectAttestation(key.attestation).receipt ?? new Uint8Array();
const DAY = 24 * 60 * 60 * 1000;
const { receiptTrustAnchors } = apple;

const receiptWith = (
  title: string,
  changes: Partial<ExplainReceiptOptions>,
  code: Mistake['code'],
  cause: RegExp,
  certainty: Mistake['certainty'] = 'certain',
): Mistake => {
  const { trustAnchors = receiptTrustAnchors, ...others } = changes;
  return {
    title,
    explain: () => explainReceipt({ receipt, appId: APP_ID, trustAnchors, ...others }),
    code,
    cause,
    certainty,
  };
};

const { receipt: recordedReceipt, publicKey } = await verifyAttestation(recorded);

/** A receipt from before October 2020. Only recordings outside this project have one, so this list may be empty. */
const unverifiable = attestationRecordings
  .filter((recording) => !hasVerifiableReceipt(recording))
  .slice(0, 1)
  .map((recording): Mistake => {
    const { attestation, appId, environment, date } = attestationOptions(recording);
    const old = inspectAttestation(attestation).receipt ?? new Uint8Array();
    return {
      title: 'is from before October 2020',
      explain: () => explainReceipt({ receipt: old, appId, environment, date }),
      code: 'invalid_signature',
      cause: /nobody can verify receipts from before October 2020/,
    };
  });

/** Receipts that `verifyReceipt` rejects. */
export const receipts: readonly Mistake[] = [
  receiptWith('belongs to another app', { appId: 'TEAMID1234.com.example.app.dev' }, 'app_id_mismatch', /same team/),
  receiptWith('belongs to another key', { publicKey }, 'receipt_key_mismatch', /another key/, 'likely'),
  receiptWith(
    'has the type ATTEST, and the server expects RECEIPT',
    { type: 'RECEIPT' },
    'receipt_challenge_mismatch',
    /no risk metric/,
  ),
  receiptWith(
    'was issued for the decoded challenge',
    { challenge: Buffer.from(CHALLENGE).toString('base64') },
    'receipt_challenge_mismatch',
    /decoded the challenge from base64/,
  ),
  receiptWith(
    'was issued for another challenge',
    { challenge: 'another' },
    'receipt_challenge_mismatch',
    /another challenge/,
    'likely',
  ),
  receiptWith('has expired', { date: new Date(Date.now() + 100 * DAY) }, 'receipt_expired', /expired at/),
  receiptWith(
    'was created in the future',
    { date: new Date(Date.now() - DAY) },
    'receipt_expired',
    /which is too early/,
  ),
  receiptWith(
    'is older than maxAge',
    { maxAge: 300, date: new Date(Date.now() + DAY) },
    'receipt_too_old',
    /older than the option maxAge allows/,
  ),
  receiptWith(
    'is for production, and the server accepts only development',
    { environment: 'development' },
    'environment_mismatch',
    /production build/,
  ),
  receiptWith(
    'is checked with the trust anchors of attestations',
    { trustAnchors: apple.trustAnchors },
    'untrusted_certificate',
    /trustAnchors does not contain the root certificate/,
    'likely',
  ),
  receiptWith(
    'was changed',
    { receipt: receipt.with(400, (receipt[400] ?? 0) ^ 1) },
    'invalid_signature',
    /was changed/,
    'likely',
  ),
  {
    title: 'comes from Apple, and the server trusts only a virtual Apple',
    explain: () =>
      explainReceipt({
        receipt: recordedReceipt,
        appId: recorded.appId,
        date: recorded.date,
        trustAnchors: receiptTrustAnchors,
      }),
    code: 'untrusted_certificate',
    cause: /trustAnchors replaces Apple’s root/,
  },
  ...unverifiable,
];
