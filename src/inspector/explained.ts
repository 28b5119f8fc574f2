import { AppAttestError } from '../errors.js';
import { mapAssertion, mapAttestation, mapReceipt } from '../explain/bytes/byte-map.js';
import type { EvidencePart } from '../explain/bytes/evidence-part.js';
import type { EvidenceKind } from '../explain/evidence-kind.js';
import { type PastedEvidence, readPastedEvidence } from '../explain/evidence-text.js';
import { explainAssertion } from '../explain/explain-assertion.js';
import { explainAttestation } from '../explain/explain-attestation.js';
import { explainReceipt } from '../explain/explain-receipt.js';
import type { Explanation } from '../explain/explanation.js';
import type { InspectedAssertion } from '../explain/inspect-assertion.js';
import type { InspectedAttestation } from '../explain/inspect-attestation.js';
import type { InspectedReceipt } from '../explain/inspect-receipt.js';
import { clientDataOption, readCapsule } from '../explain/read-capsule.js';
import { receivedEvidence } from '../explain/received-evidence.js';
import type { FormValues } from './form-values.js';

/** Everything that the page shows about evidence. */
export type Explained = {
  readonly bytes: Uint8Array;
  readonly encoding: string;
  readonly map: EvidencePart;
  /** The date at which the certificates must be valid. */
  readonly date: Date;
} & (
  | {
      readonly kind: 'attestation';
      readonly explanation: Explanation<InspectedAttestation>;
      /** The explanation of the receipt in the attestation. */
      readonly receipt: Explanation<InspectedReceipt> | undefined;
    }
  | { readonly kind: 'assertion'; readonly explanation: Explanation<InspectedAssertion> }
  | { readonly kind: 'receipt'; readonly explanation: Explanation<InspectedReceipt> }
);

/** The reason why there is no explanation: the text contains no evidence, or a value in the form is wrong. */
export interface Unexplained {
  /** The kind of the evidence, if it is known. The form shows the fields for this kind even if a value is wrong. */
  readonly kind?: EvidenceKind;
  readonly problem: string;
}

/** Explains the evidence in the form. Resolves to `undefined` if the form contains no evidence. */
export async function explainForm(form: FormValues): Promise<Explained | Unexplained | undefined> {
  if (form.evidence.trim() === '') return undefined;
  const capsule = readCapsule(form.evidence);
  const evidence = capsule ? capsule.evidence : form.evidence;
  if (evidence === undefined)
    return {
      problem: 'The capsule contains no evidence. Evidence that is too long for a capsule is replaced with its digest.',
    };
  const pasted = readPastedEvidence(evidence);
  const { bytes } = pasted;
  // A capsule tells which evidence the server expected. The evidence itself may be of the other kind by mistake.
  const kind = capsule?.kind ?? pasted.kind;
  if (!bytes || !kind) return { problem: 'No evidence was found in this text.' };
  try {
    const received = capsule ? evidence : receivedEvidence(evidence, pasted);
    return await explainBytes(form, { bytes, encoding: pasted.encoding, kind, received, policy: capsule?.policy });
  } catch (error) {
    if (error instanceof AppAttestError) return { kind, problem: `${error.message}.` };
    throw error;
  }
}

type Found = Required<Pick<PastedEvidence, 'bytes' | 'kind' | 'encoding'>> & {
  /** The evidence as the server received it. */
  readonly received: string | Uint8Array;
  readonly policy: NonNullable<ReturnType<typeof readCapsule>>['policy'] | undefined;
};

async function explainBytes(form: FormValues, found: Found): Promise<Explained> {
  const { bytes, encoding, kind, received } = found;
  const date = dateOf(form.date);
  const appId = form.appId.split(/[\s,]+/).filter((part) => part !== '');
  const environment = form.environment === 'either' ? (['production', 'development'] as const) : form.environment;
  const shared = { ...(appId.length > 0 && { appId }), ...(found.policy && { policy: found.policy }) };
  const clientData = form.clientData === '' ? undefined : form.clientData;
  const common = { bytes, encoding, date };
  if (kind === 'assertion') {
    const explanation = await explainAssertion({
      assertion: received,
      ...(form.publicKey.trim() !== '' && { publicKey: form.publicKey }),
      ...(form.counter.trim() !== '' && { counter: Number(form.counter) }),
      ...clientDataOption('payload', clientData, form.clientDataForm),
      ...shared,
    });
    return { ...common, kind, explanation, map: mapAssertion(bytes) };
  }
  const { policy: _, ...app } = shared;
  const receiptOptions = { ...app, environment, ...(form.date.trim() !== '' && { date }) };
  const challenge = clientDataOption('challenge', clientData, form.clientDataForm);
  if (kind === 'receipt') {
    const explanation = await explainReceipt({ receipt: received, ...receiptOptions, ...challenge });
    return { ...common, kind, explanation, map: mapReceipt(bytes) };
  }
  const explanation = await explainAttestation({
    attestation: received,
    ...(form.keyId.trim() !== '' && { keyId: form.keyId }),
    environment,
    date,
    ...challenge,
    ...shared,
  });
  const { receipt: receiptBytes } = explanation.inspection;
  const receipt = receiptBytes && (await explainReceipt({ receipt: receiptBytes, ...receiptOptions, ...challenge }));
  return { ...common, kind, explanation, receipt, map: mapAttestation(bytes) };
}

function dateOf(text: string): Date {
  if (text.trim() === '') return new Date();
  const date = new Date(text.trim());
  if (!Number.isNaN(date.getTime())) return date;
  throw new AppAttestError('invalid_argument', 'the date must be in ISO 8601, for example 2026-04-21T18:00:00Z');
}
