import type { CheckedAssertion } from '../assertion-checks.js';
import type { Cause } from '../explanation.js';

/** Finds the mistakes that explain why an assertion is rejected. */
export async function assertionCauses(_checked: CheckedAssertion): Promise<Cause[]> {
  return [];
}
