import type { Cause } from '../explanation.js';

const ORDER: readonly Cause['certainty'][] = ['certain', 'likely', 'possible'];

/** Sorts causes, the most certain first. Causes of equal certainty keep their order. */
export function byCertainty(causes: readonly Cause[]): Cause[] {
  return causes.toSorted((a, b) => ORDER.indexOf(a.certainty) - ORDER.indexOf(b.certainty));
}

/**
 * Limits the certainty of causes. The causes come from values that a failed check did not prove, so the values may be
 * forged. No returned cause is more certain than the most certain cause of the failure. If the check did not fail,
 * returns the causes unchanged.
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
