import type { Cause } from '../explanation.js';

const ORDER: readonly Cause['certainty'][] = ['certain', 'likely', 'possible'];

/** Sorts causes, the most certain first. Causes of equal certainty keep their order. */
export function byCertainty(causes: readonly Cause[]): Cause[] {
  return causes.toSorted((a, b) => ORDER.indexOf(a.certainty) - ORDER.indexOf(b.certainty));
}

/**
 * Causes in values that a failed check should have proven. The values may be forged, so no cause in them is more certain than
 * the causes of the failure. If the failure is certainly explained, the values are proven.
 *
 * @param failure The causes of the failed check. Empty if the check did not fail
 */
export function unproven(failure: readonly Cause[], causes: readonly Cause[]): readonly Cause[] {
  const [explained] = byCertainty(failure);
  if (!explained) return causes;
  return causes.map((cause) =>
    isMoreCertain(cause, explained) ? { ...cause, certainty: explained.certainty } : cause,
  );
}

function isMoreCertain(a: Cause, b: Cause): boolean {
  return ORDER.indexOf(a.certainty) < ORDER.indexOf(b.certainty);
}

export function certain(summary: string, remedy: string): Cause {
  return { summary, remedy, certainty: 'certain' };
}

export function likely(summary: string, remedy: string): Cause {
  return { summary, remedy, certainty: 'likely' };
}

export function possible(summary: string, remedy: string): Cause {
  return { summary, remedy, certainty: 'possible' };
}
