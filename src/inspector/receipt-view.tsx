import type { Explanation } from '../explain/explanation.js';
import type { InspectedReceipt } from '../explain/inspect-receipt.js';
import type { Explained } from './explained.js';
import { ValueList } from './value-list.jsx';
import { VERDICTS } from './verdict-view.jsx';

/** The receipt: the evidence itself, or the receipt in an attestation. */
export function ReceiptView({ explained }: { readonly explained: Explained }) {
  const explanation = receiptOf(explained);
  if (!explanation) return null;
  const { verdict, code, inspection } = explanation;
  return (
    <section aria-labelledby="receipt">
      <h2 id="receipt">Receipt</h2>
      {explained.kind === 'attestation' && (
        <p>
          With the same values, <code>verifyReceipt</code> decides: {VERDICTS[verdict]}
          {code !== undefined && (
            <>
              {' '}
              (<code>{code}</code>)
            </>
          )}
          .
        </p>
      )}
      <ValueList
        values={[
          ['type', inspection.type],
          ['App ID', inspection.appId],
          ['environment', inspection.environment],
          ['creation time', inspection.creationTime],
          ['not before', inspection.notBefore],
          ['expiration time', inspection.expirationTime],
          ['risk metric', inspection.riskMetric],
          ['client hash', inspection.clientHash],
          ['token', inspection.token],
        ]}
      />
      {inspection.problems.map((problem) => (
        <p key={problem} class="warning">
          {problem}
        </p>
      ))}
    </section>
  );
}

function receiptOf(explained: Explained): Explanation<InspectedReceipt> | undefined {
  if (explained.kind === 'receipt') return explained.explanation;
  return explained.kind === 'attestation' ? explained.receipt : undefined;
}
