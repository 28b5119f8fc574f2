import { AppAttestClientError, type ClientErrorCode } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { inTime } from './waiting.js';

/**
 * The cases of Apple's `DCError` for which the client has a code. The error of a plugin contains the name of the case, or the
 * error domain and the number of the case. A message of the operating system is in the language of the device, but always
 * contains the domain and the number: `(com.apple.devicecheck.error error 3.)`.
 */
const CASES: readonly (readonly [RegExp, ClientErrorCode])[] = [
  [/feature_?unsupported|check.error\D+1\b/i, 'unsupported'],
  [/invalid_?key|check.error\D+3\b/i, 'key_lost'],
  [/server_?unavailable|check.error\D+4\b/i, 'apple_unavailable'],
];

/**
 * Calls the device once, for at most `timeout` seconds.
 *
 * @throws AppAttestClientError `apple_unavailable`, `device_failed`, `key_lost`, `unsupported`
 */
export async function callDevice<Value>(settings: ClientSettings, call: () => Promise<Value>): Promise<Value> {
  try {
    return await inTime(settings, call);
  } catch (cause) {
    const { code, message }: { code?: unknown; message?: unknown } = Object(cause);
    const text = `${code} ${message}`;
    const [, known] = CASES.find(([pattern]) => pattern.test(text)) ?? [];
    throw new AppAttestClientError(known ?? 'device_failed', cause, { cause });
  }
}
