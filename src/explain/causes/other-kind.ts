import { asBuffer } from '../../encoding/bytes.js';
import { shortText } from '../../errors.js';
import type { EvidenceKind } from '../evidence-kind.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';
import type { PassedEvidence } from './passed-evidence.js';

/** The source of each kind of evidence. */
const SOURCES: Readonly<Record<EvidenceKind, string>> = {
  attestation: 'the result of attestKey (with the Capacitor plugin: the token that createAttestation returns)',
  assertion: 'the result of generateAssertion (with the Capacitor plugin: the token that createAssertion returns)',
  receipt: 'the property receipt that verifyAttestation or refreshReceipt returns',
};

/** The texts that programming languages write for a missing value. */
const MISSING: ReadonlySet<string> = new Set(['', 'undefined', 'null', 'nil', 'None', 'NaN', '[object Object]']);

/** A JSON Web Token, such as the tokens of Google Play Integrity. */
const JWT = /^eyJ[\w-]+\.[\w-]*\.[\w.-]*$/;
const KEY_IDENTIFIER_LENGTH = 32;

/** Finds out whether something else was passed in place of the evidence. */
export function otherKindCauses({ evidence, pasted, kind }: PassedEvidence): Cause[] {
  const remedy = `Pass ${SOURCES[kind]} as the ${kind}.`;
  if (pasted.kind !== undefined) {
    if (pasted.kind === kind) return [];
    return [certain(`The evidence is ${withArticle(pasted.kind)}, but ${withArticle(kind)} is expected.`, remedy)];
  }
  const text = typeof evidence === 'string' ? evidence.trim() : asBuffer(evidence.subarray(0, 16)).toString('latin1');
  if (MISSING.has(text)) {
    const summary =
      text === '' ? `The ${kind} is empty.` : `The ${kind} is the text ${shortText(text)}: a value is missing.`;
    return [
      certain(summary, `Check that the request contains the ${kind}, and that the server reads the right field.`),
    ];
  }
  if (JWT.test(text)) {
    return [
      certain(
        'The evidence is a JSON Web Token, for example from Google Play Integrity.',
        `Pass ${SOURCES[kind]} as the ${kind}, and verify other platforms with the option formats of createAppAttest.`,
      ),
    ];
  }
  if (pasted.fields.platform !== undefined && pasted.fields.platform !== 'ios') {
    return [
      certain(
        `The app ran on the platform ${shortText(pasted.fields.platform)}, which has no App Attest.`,
        'On the server, verify evidence of other platforms with the option formats of createAppAttest.',
      ),
    ];
  }
  if (pasted.bytes?.length === KEY_IDENTIFIER_LENGTH) {
    return [
      likely(`The evidence is as long as a key identifier, which is too short for ${withArticle(kind)}.`, remedy),
    ];
  }
  if (pasted.bytes?.[0] === 0x30)
    return [likely(`The evidence is a certificate or another ASN.1 object, not ${withArticle(kind)}.`, remedy)];
  return [];
}

function withArticle(kind: EvidenceKind): string {
  return kind === 'receipt' ? `a ${kind}` : `an ${kind}`;
}
