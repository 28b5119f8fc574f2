/**
 * The seeds of the property tests in `npm test`, so that the same code always gives the same result. When `npm run fuzz` finds
 * a failure, its seed is added here.
 */
export const SEEDS: readonly number[] = [
  // A universal type above 36 (X.680 §8.6). asn1js rejected this type, but our DER decoder accepted it.
  1372896609,
];
