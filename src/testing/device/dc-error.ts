/** Why a call on the device fails, with the names of Apple's `DCError.Code`. */
export type DCErrorCode =
  | 'unknownSystemFailure'
  | 'featureUnsupported'
  | 'invalidInput'
  | 'invalidKey'
  | 'serverUnavailable';

/**
 * The error that `DCAppAttestService` throws on the device. After `invalidKey`, an app generates and attests a new key.
 * After `serverUnavailable`, it repeats the same call later.
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
