/** Why a device refuses, by the names of Apple's `DCError.Code`. */
export type DCErrorCode =
  | 'unknownSystemFailure'
  | 'featureUnsupported'
  | 'invalidInput'
  | 'invalidKey'
  | 'serverUnavailable';

/**
 * What `DCAppAttestService` throws on the device. An app answers `invalidKey` with a new key and a new attestation, and
 * `serverUnavailable` with the same call again later.
 *
 * @see https://developer.apple.com/documentation/devicecheck/dcerror-swift.struct/code
 */
export class DCError extends Error {
  /** Always `DCError`. */
  override readonly name = 'DCError';
  /** Why the device refuses. */
  readonly code: DCErrorCode;

  constructor(code: DCErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
