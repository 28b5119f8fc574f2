import type { CheckList } from '../check-list.js';
import type { EvidenceKind } from '../evidence-kind.js';
import type { Cause } from '../explanation.js';
import { likely } from './certainty.js';

/** Explains parts that cannot be decoded in evidence that is encoded correctly. */
export function malformedCauses({ checks }: CheckList, kind: EvidenceKind): Cause[] {
  const malformed = checks.find(({ code }) => code === `malformed_${kind}` || code === 'unsupported_format');
  if (!malformed) return [];
  return [
    likely(
      `The ${malformed.name} of the ${kind} cannot be decoded: the bytes were changed, or no device created them.`,
      'Compare the bytes in the app with the bytes on the server, and reject the request if they are equal.',
    ),
  ];
}
