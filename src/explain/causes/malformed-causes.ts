import type { CheckList } from '../check-list.js';
import type { EvidenceKind } from '../evidence-kind.js';
import type { Cause } from '../explanation.js';
import { likely } from './certainty.js';

/** Explains malformed parts in evidence whose encoding is correct. */
export function malformedCauses({ checks }: CheckList, kind: EvidenceKind): Cause[] {
  const malformed = checks.find(({ code }) => code === `malformed_${kind}` || code === 'unsupported_format');
  if (!malformed) return [];
  return [
    likely(
      `The part "${malformed.name}" of the ${kind} is malformed or not supported: the bytes were changed or forged.`,
      'Compare the bytes in the app with the bytes on the server, and reject the request if the bytes are equal.',
    ),
  ];
}
