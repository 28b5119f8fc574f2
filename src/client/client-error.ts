/**
 * The reason why a method of the client failed. After `answer_lost` and `redirected`, the server may have carried out the
 * request. After all other codes, the server has not carried it out.
 *
 * - `answer_lost`: the request was sent, but its response did not arrive. `serverCode` is `challenge_used` if the server received
 *   the request before. The app must ask the server for the result.
 * - `apple_unavailable`: the device could not reach Apple. The app may try again later.
 * - `device_failed`: a method of the device threw an error, which is the `cause`, or took longer than `timeout`.
 * - `invalid_argument`: an option, the target or the body cannot be used.
 * - `key_lost`: the device does not have the key, or Apple never attested it, and a new key did not help.
 * - `network`: a request for a challenge, a registration or a request that changes nothing (`GET`, `HEAD`) got no response.
 * - `redirected`: the server responded with a redirect. The client follows no redirects.
 * - `rejected`: the server rejected the request, the registration or the request for a challenge. `serverCode` is its code.
 * - `unexpected_response`: a route for App Attest sent a response that is not of this protocol.
 * - `unsupported`: the device does not support App Attest.
 */
export type ClientErrorCode =
  | 'answer_lost'
  | 'apple_unavailable'
  | 'device_failed'
  | 'invalid_argument'
  | 'key_lost'
  | 'network'
  | 'redirected'
  | 'rejected'
  | 'unexpected_response'
  | 'unsupported';

/** Further properties of an error. */
export interface ClientErrorDetails {
  /** The error that caused this error. */
  readonly cause?: unknown;
  /** The code of the server, such as `invalid_signature`. `docs/http.md` lists the codes. */
  readonly serverCode?: string | undefined;
  /** The response that the client did not accept. */
  readonly response?: Response | undefined;
  /** Seconds until the server wants to be asked again. */
  readonly retryAfter?: number | undefined;
}

/** The error that all methods of the client throw, except for an aborted `signal`. */
export class AppAttestClientError extends Error {
  /** The reason. */
  declare readonly code: ClientErrorCode;
  /** The error that caused this error. */
  declare readonly cause: unknown;
  /** The code of the server, such as `invalid_signature`. */
  declare readonly serverCode: string | undefined;
  /** The response that the client did not accept. Its body is unread. */
  declare readonly response: Response | undefined;
  /** Seconds until the server wants to be asked again. */
  declare readonly retryAfter: number | undefined;

  /** @param detail The rest of the message, after the code */
  constructor(code: ClientErrorCode, detail: unknown, details: ClientErrorDetails = {}) {
    super(`${code}: ${String(detail)}`);
    Object.assign(this, details, { name: 'AppAttestClientError', code });
  }
}

/** Returns the properties of an error of the client. Other errors have none: an aborted `signal`, or an error of the storage. */
export function detailsOf(error: unknown): Partial<AppAttestClientError> {
  return error instanceof AppAttestClientError ? error : {};
}

/** Returns the code of the server for a rejection, and otherwise the code of the client. For other errors, returns `'undefined'`. */
export function problemOf(error: unknown): string {
  const { code, serverCode } = detailsOf(error);
  return `${code === 'rejected' ? serverCode : code}`;
}
