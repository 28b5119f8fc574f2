/**
 * The reason why a method of the client failed. After `answer_lost` and `redirected`, the server may have carried out the
 * request. After `network`, the server may have carried out a `GET`, a `HEAD` or a registration. After all other codes, the server
 * has not carried out the request.
 *
 * - `answer_lost`: the client sent the request, and received no response that it can use. If `serverCode` is `challenge_used`, the
 *   server received the request before. `docs/client.md` describes how the app finds out the result.
 * - `apple_unavailable`: the device could not reach Apple. The app may try again later.
 * - `device_failed`: a method of the device threw an error, or took longer than `timeout`. `cause` is the error.
 * - `invalid_argument`: an option, the target or the body is not valid.
 * - `key_lost`: the device reported `invalidKey`: it does not have the key, or Apple never attested the key. The client has already
 *   replaced the key, or the attestation failed.
 * - `network`: there was no response to a request for a challenge, to a registration, or to `GET` or `HEAD`.
 * - `redirected`: the server responded with a redirect. The client follows no redirects.
 * - `rejected`: the server rejected the request, the registration or the request for a challenge. `serverCode` is the code of the
 *   server. It is absent after a status 429 or 503 with `Retry-After` from the application or a proxy.
 * - `unexpected_response`: a route for App Attest responded with something that is not in the protocol.
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

/** Further properties of an `AppAttestClientError`. */
export interface ClientErrorDetails {
  /** The error that caused this error. */
  readonly cause?: unknown;
  /** The code of the server, such as `invalid_signature`. `docs/http.md` lists the codes. */
  readonly serverCode?: string | undefined;
  /** The response to which the error belongs. */
  readonly response?: Response | undefined;
  /** The time in `Retry-After`, in seconds. */
  readonly retryAfter?: number | undefined;
}

/**
 * The error that all methods of the client throw. Three kinds of errors are thrown unchanged: the reason of an aborted `signal`,
 * errors of the storage, and errors of `onUnsupported`.
 */
export class AppAttestClientError extends Error {
  /** The reason for the error. */
  declare readonly code: ClientErrorCode;
  /** The error that caused this error. */
  declare readonly cause: unknown;
  /** The code of the server, such as `invalid_signature`. */
  declare readonly serverCode: string | undefined;
  /** The response to which the error belongs. If the code is `rejected`, its body is unread. */
  declare readonly response: Response | undefined;
  /** The time in `Retry-After`, in seconds. */
  declare readonly retryAfter: number | undefined;

  /** @param detail The rest of the message, after the code */
  constructor(code: ClientErrorCode, detail: unknown, details: ClientErrorDetails = {}) {
    super(`${code}: ${String(detail)}`);
    Object.assign(this, details, { name: 'AppAttestClientError', code });
  }
}

/** Returns the properties of an `AppAttestClientError`. Returns no properties for any other error. */
export function detailsOf(error: unknown): Partial<AppAttestClientError> {
  return error instanceof AppAttestClientError ? error : {};
}

/**
 * Returns `serverCode` of an error with the code `rejected`, and the code of any other `AppAttestClientError`. Returns
 * `'undefined'` for any other error.
 */
export function problemOf(error: unknown): string {
  const { code, serverCode } = detailsOf(error);
  return `${code === 'rejected' ? serverCode : code}`;
}
