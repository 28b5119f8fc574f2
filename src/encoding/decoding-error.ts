/**
 * Bytes that do not decode. Internal: each public decoder turns it into its own `malformed_…` code.
 */
export class DecodingError extends Error {
  override readonly name = 'DecodingError';
}
