/** The reason why a call on the device fails. Each name is a case of Apple's `DCError.Code`. */
export type DCErrorCode =
  | 'unknownSystemFailure'
  | 'featureUnsupported'
  | 'invalidInput'
  | 'invalidKey'
  | 'serverUnavailable';

/**
 * The error that `DCAppAttestService` throws on the device. After `invalidKey`, an app must generate and attest a new key.
 * After `serverUnavailable`, the app should repeat the same call later.
 *
 * @see https://developer.apple.com/documentation/devicecheck/dcerror-swift.struct/code
 */
export class DCError extends Error {
  /** Always `DCError`. */
  override readonly name = 'DCError';
  /** The reason for the failure. */
  readonly code: DCErrorCode;

  constructor(code: DCErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
