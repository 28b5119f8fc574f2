import type { Cause } from '../explanation.js';

const ORDER: readonly Cause['certainty'][] = ['certain', 'likely', 'possible'];

/** Sorts causes, the most certain first. Causes of equal certainty keep their order. */
export function byCertainty(causes: readonly Cause[]): Cause[] {
  return causes.toSorted((a, b) => ORDER.indexOf(a.certainty) - ORDER.indexOf(b.certainty));
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
