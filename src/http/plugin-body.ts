import { APP_ATTEST_FORMAT } from '../server/formats.js';

/** The fields of a body for `register` or `authenticate`, without the legacy fields `attestation` and `assertion`. */
export interface PluginBody {
  readonly format?: unknown;
  readonly keyId?: unknown;
  readonly challenge?: unknown;
  readonly payload?: unknown;
  readonly token?: unknown;
}

/**
 * Returns the `keyId` of a body of another format, for the response. Only text is returned, because deeply nested JSON can be
 * parsed but not serialized.
 */
export function keyIdText({ keyId }: PluginBody): string | undefined {
  return typeof keyId === 'string' ? keyId : undefined;
}

/**
 * Returns whether the format of the body is not App Attest. A function in the option `formats` then verifies the body, or the
 * server rejects it. The `keyId` of such a body does not identify a key, so the handlers must not look up the key in a store.
 */
export function isOfOtherFormat({ format }: PluginBody): boolean {
  return format !== undefined && format !== null && format !== APP_ATTEST_FORMAT;
}

/** Returns whether the server itself accepted the body. Otherwise, the result comes from a function in `formats`. */
export function isOfAppAttest<Own extends object, Result extends object>(
  body: PluginBody,
  _result: Own | Result,
): _result is Own {
  return !isOfOtherFormat(body);
}
