import type { EvidenceKind } from '../evidence-kind.js';
import type { PastedEvidence } from '../evidence-text.js';

/** The evidence as it was passed, and what was found in it. */
export interface PassedEvidence {
  readonly evidence: string | Uint8Array;
  readonly pasted: PastedEvidence;
  /** The kind that was expected. */
  readonly kind: EvidenceKind;
}
