import type { Cause } from '../explain/explanation.js';

/** The causes with their remedies, the most certain cause first. */
export function CausesView({ causes }: { readonly causes: readonly Cause[] }) {
  if (causes.length === 0) return null;
  return (
    <section aria-labelledby="causes">
      <h2 id="causes">Causes</h2>
      <ol class="causes">
        {causes.map(({ summary, remedy, certainty }) => (
          <li key={summary}>
            <p>
              <span class={`certainty ${certainty}`}>{certainty}</span> <strong>{summary}</strong>
            </p>
            <p>{remedy}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
