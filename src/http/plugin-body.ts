import { APP_ATTEST_FORMAT } from '../server/formats.js';

/** The fields of a body that both `register` and `authenticate` read. */
export interface PluginBody {
  readonly format?: unknown;
  readonly keyId?: unknown;
  readonly challenge?: unknown;
  readonly payload?: unknown;
  readonly token?: unknown;
}

/**
 * Returns whether a function in the option `formats` verifies the body. The `keyId` of such a body does not identify a key, so
 * no store may be asked for it.
 */
export function isOfOtherFormat({ format }: PluginBody): boolean {
  return format !== undefined && format !== null && format !== APP_ATTEST_FORMAT;
}

/** Returns whether the server itself accepted the body. Otherwise, `result` comes from a function in `formats`. */
export function isOfAppAttest<Own extends object, Result extends object>(
  body: PluginBody,
  _result: Own | Result,
): _result is Own {
  return !isOfOtherFormat(body);
}
