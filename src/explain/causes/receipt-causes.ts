import { APPLE_ROOT_CA_G3 } from '../../certificates/apple-roots.js';
import { equalBytes, sha256OfText } from '../../encoding/bytes.js';
import { shortText } from '../../errors.js';
import type { Cause } from '../explanation.js';
import type { CheckedReceipt } from '../receipt-checks.js';
import { appIdCauses } from './app-id-causes.js';
import { endsInApplesRoot } from './apples-chain.js';
import { certain, likely, unproven } from './certainty.js';
import { untrustedCauses } from './certificate-causes.js';
import { ClientDataSearch, clientDataCauses } from './client-data-search.js';
import { encodingCauses } from './encoding-causes.js';
import { environmentCauses } from './environment-causes.js';
import { malformedCauses } from './malformed-causes.js';

const TRIES = 4000;
/** The signatures of receipts from before this date cannot be verified. OpenSSL rejects these signatures too. */
const FIRST_VERIFIABLE = new Date('2020-10-01T00:00:00Z');

/** Finds the mistakes that explain why a receipt is rejected. */
export async function receiptCauses(checked: CheckedReceipt): Promise<Cause[]> {
  const { checks, chain, areAnchorsGiven } = checked;
  const failed = (name: string): boolean => checks.hasFailed(name);
  const passed = { evidence: checked.evidence, pasted: checked.pasted, kind: 'receipt' } as const;
  const causes: Cause[] = [];
  if (failed('encoding') || failed('signed data')) causes.push(...encodingCauses(passed));
  else causes.push(...malformedCauses(checks, 'receipt'));
  const failure: Cause[] = [];
  if (failed('signer') && checks.find('signer')?.code === 'untrusted_certificate') failure.push(changedCause());
  if (chain && failed('certificate chain')) {
    const isApples = areAnchorsGiven && (await endsInApplesRoot(chain, APPLE_ROOT_CA_G3));
    failure.push(...untrustedCauses({ chain, areAnchorsGiven, isApples, testAnchors: 'receiptTrustAnchors' }));
  }
  if (failed('certificate validity')) {
    failure.push(
      likely(
        'A certificate of the signer or of its issuers was not valid when the receipt was created: the receipt was changed or forged.',
        'Reject the receipt, and let the app attest a new key.',
      ),
    );
  }
  if (failed('receipt signing certificate')) {
    failure.push(
      likely(
        'The certificate of the signer was not issued for signing receipts.',
        'Reject the receipt, because Apple did not sign it.',
      ),
    );
  }
  if (failed('signature')) failure.push(failure.length === 0 ? signatureCause(checked) : changedCause());
  return [...causes, ...failure, ...unproven(failure, await receiptPayloadCauses(checked))];
}

/** Explains checks of values that the signer signed. */
async function receiptPayloadCauses(checked: CheckedReceipt): Promise<Cause[]> {
  const { checks, payload, appIds, environments, clientData } = checked;
  const failed = (name: string): boolean => checks.hasFailed(name);
  const causes: Cause[] = [];
  if (payload && appIds && failed('App ID')) {
    causes.push(...appIdCauses(sha256OfText(payload.appId), appIds, payload.appId));
  }
  if (failed('key')) {
    causes.push(
      likely(
        'The receipt belongs to another key, not to the key in the option publicKey.',
        'On the server, store each receipt with the key identifier of its attestation, and pass the receipt and the public key of the same record.',
      ),
    );
  }
  if (payload && failed('type')) causes.push(typeCause(payload.type));
  if (payload && clientData && failed('client hash')) {
    causes.push(...(await clientHashCauses(payload, clientData.value ?? clientData.hash)));
  }
  if (payload && failed('environment')) causes.push(...receiptEnvironmentCauses(payload.environment, environments));
  if (payload && failed('expiration')) causes.push(expirationCause(payload, checked.date));
  if (payload && failed('age')) causes.push(ageCause(payload.type));
  return causes;
}

type Payload = NonNullable<CheckedReceipt['payload']>;

function changedCause(): Cause {
  return likely(
    'The receipt was changed, or Apple did not create it.',
    'Reject the receipt; if all receipts fail, compare the stored bytes with the receipt that verifyAttestation or refreshReceipt returned.',
  );
}

function signatureCause({ payload }: CheckedReceipt): Cause {
  if (payload && payload.creationTime < FIRST_VERIFIABLE) {
    return certain(
      `The receipt is from ${payload.creationTime.toISOString().slice(0, 10)}: nobody can verify receipts from before October 2020.`,
      'On the server, verify only the attestation, and do not verify this receipt.',
    );
  }
  return changedCause();
}

function typeCause(type: Payload['type']): Cause {
  return type === 'ATTEST'
    ? certain(
        'The receipt comes from an attestation (type ATTEST), so it has no risk metric.',
        'On the server, exchange the receipt with refreshReceipt for a receipt of type RECEIPT.',
      )
    : certain(
        'The receipt comes from an exchange with Apple’s server (type RECEIPT), not from an attestation.',
        'On the server, pass the receipt that verifyAttestation returned, or omit the option type.',
      );
}

async function clientHashCauses({ type, clientHash }: Payload, expected: string | Uint8Array): Promise<Cause[]> {
  if (type === 'RECEIPT') {
    return [
      certain(
        'The client hash in a receipt of type RECEIPT matches no challenge, because Apple changes this hash.',
        'On the server, pass the option challenge or clientDataHash only for the receipt in an attestation.',
      ),
    ];
  }
  const search = new ClientDataSearch(async (hash) => equalBytes(hash, clientHash), { tries: TRIES, overhead: 0 });
  const found = await clientDataCauses(search, expected, 'challenge');
  if (found.length > 0) return found;
  return [
    likely(
      'The receipt was issued for another challenge.',
      'On the server, pass the challenge of the registration in which this receipt arrived.',
    ),
  ];
}

function receiptEnvironmentCauses(name: string | undefined, accepted: CheckedReceipt['environments']): Cause[] {
  if (name === 'sandbox') return environmentCauses('development', accepted);
  if (name === 'production') return environmentCauses('production', accepted);
  return [
    likely(
      `The receipt names ${name === undefined ? 'no environment' : `the unknown environment ${shortText(name)}`}.`,
      'On the server, request a new receipt from Apple with refreshReceipt.',
    ),
  ];
}

function expirationCause({ creationTime, expirationTime }: Payload, date: Date): Cause {
  if (date > expirationTime) {
    return certain(
      `The receipt expired at ${expirationTime.toISOString()}, but the date of the check is ${date.toISOString()}.`,
      'Let the app attest a new key, and refresh receipts before they expire; to verify a recorded receipt, pass a date before its expiration as the option date.',
    );
  }
  if (expirationTime < creationTime) return changedCause();
  return certain(
    `The receipt was created at ${creationTime.toISOString()}, but the date of the check is ${date.toISOString()}, which is too early.`,
    'Set the clock of the server, for example with NTP, or pass a later time as the option date.',
  );
}

function ageCause(type: Payload['type']): Cause {
  return certain(
    'The receipt is older than the option maxAge allows.',
    type === 'ATTEST'
      ? 'On the server, verify the receipt as soon as its attestation arrives; to verify a recorded receipt, pass the time of the recording as the option date.'
      : 'On the server, request a new receipt from Apple with refreshReceipt.',
  );
}
