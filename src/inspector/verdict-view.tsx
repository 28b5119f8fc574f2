import type { Explained } from './explained.js';

/** The verdicts in the words of the documentation. */
export const VERDICTS = { accepted: 'accepted', refused: 'rejected', undecided: 'undecided' } as const;

const SENTENCES = {
  accepted: 'A server with these values accepts this evidence.',
  refused: 'A server with these values rejects this evidence.',
  undecided: 'No check failed, but values to compare with are missing in the form.',
};

/** The result in one line. */
export function VerdictView({ explained: { kind, encoding, bytes, explanation } }: { readonly explained: Explained }) {
  const { verdict, code } = explanation;
  return (
    <section class={`verdict ${verdict}`} aria-label="Result">
      <h2>
        {kind} {VERDICTS[verdict]}
        {code !== undefined && (
          <>
            : <code>{code}</code>
          </>
        )}
      </h2>
      <p>
        {SENTENCES[verdict]} {bytes.length} bytes, decoded from {encoding}.
      </p>
    </section>
  );
}
