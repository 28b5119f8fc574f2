import type { Cause } from '../explanation.js';
import type { CheckedReceipt } from '../receipt-checks.js';

/** Finds the mistakes that explain why a receipt is rejected. */
export async function receiptCauses(_checked: CheckedReceipt): Promise<Cause[]> {
  return [];
}
