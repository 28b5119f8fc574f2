import { asBuffer } from '../../encoding/bytes.js';
import { shortText } from '../../errors.js';
import type { EvidenceKind } from '../evidence-kind.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';
import type { PassedEvidence } from './passed-evidence.js';

/** Where each kind of evidence comes from. */
const SOURCES: Readonly<Record<EvidenceKind, string>> = {
  attestation: 'the result of attestKey (createAttestation in the Capacitor plugin)',
  assertion: 'the result of generateAssertion (createAssertion in the Capacitor plugin)',
  receipt: 'the field receipt of a verified attestation, or a refreshed receipt',
};

/** What scripts write for a value that is missing. */
const MISSING: ReadonlySet<string> = new Set(['', 'undefined', 'null', 'nil', 'None', 'NaN', '[object Object]']);

/** A JSON Web Token, such as the tokens of Google Play Integrity. */
const JWT = /^eyJ[\w-]+\.[\w-]*\.[\w.-]*$/;
const KEY_IDENTIFIER_LENGTH = 32;

/** Finds out whether something else was passed in place of the evidence. */
export function otherKindCauses({ evidence, pasted, kind }: PassedEvidence): Cause[] {
  const remedy = `Pass ${SOURCES[kind]} here.`;
  if (pasted.kind !== undefined) {
    if (pasted.kind === kind) return [];
    return [certain(`This is ${withArticle(pasted.kind)} where ${withArticle(kind)} belongs.`, remedy)];
  }
  const text = typeof evidence === 'string' ? evidence.trim() : asBuffer(evidence.subarray(0, 16)).toString('latin1');
  if (MISSING.has(text)) {
    const summary =
      text === '' ? `The ${kind} is empty.` : `The ${kind} is the text ${shortText(text)}: a value is missing.`;
    return [certain(summary, `Check in the app and in the parsing of the request that the field exists. ${remedy}`)];
  }
  if (JWT.test(text)) {
    return [
      certain(
        'This is a JSON Web Token, for example of Google Play Integrity.',
        `${remedy} Verify other platforms with the option formats of createAppAttest.`,
      ),
    ];
  }
  if (pasted.fields.platform !== undefined && pasted.fields.platform !== 'ios') {
    return [
      certain(
        `The app ran on the platform ${shortText(pasted.fields.platform)}, which has no App Attest.`,
        'Verify other platforms with the option formats of createAppAttest.',
      ),
    ];
  }
  if (pasted.bytes?.length === KEY_IDENTIFIER_LENGTH) {
    return [likely(`This is as long as a key identifier, and not ${withArticle(kind)}.`, remedy)];
  }
  if (pasted.bytes?.[0] === 0x30) return [likely('This is a certificate or another ASN.1 object.', remedy)];
  return [];
}

function withArticle(kind: EvidenceKind): string {
  return kind === 'receipt' ? `a ${kind}` : `an ${kind}`;
}
