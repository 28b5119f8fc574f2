/**
 * The seeds of the property tests in `npm test`. With fixed seeds, the same code always gives the same result. If
 * `npm run fuzz` finds a failure, add its seed here.
 */
export const SEEDS: readonly number[] = [
  // A universal type above 36 (X.680 §8.6). asn1js rejected this type, but our DER decoder accepted it.
  1372896609,
];
