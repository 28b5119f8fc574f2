import type { Check } from '../explain/explanation.js';

const SIGNS: Readonly<Record<Check['outcome'], string>> = { passed: '✓', failed: '✗', skipped: '–' };

/** A sign for the eye, and a word for screen readers. */
export function OutcomeMark({ outcome }: { readonly outcome: Check['outcome'] }) {
  return (
    <span class={`mark ${outcome}`}>
      <span aria-hidden="true">{SIGNS[outcome]}</span>
      <span class="unseen">{outcome}: </span>
    </span>
  );
}
