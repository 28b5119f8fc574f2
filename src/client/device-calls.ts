import { AppAttestClientError, type ClientErrorCode } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { type DeviceFailure, deviceFailure } from './device-failure.js';

const CODES: Readonly<Record<DeviceFailure, ClientErrorCode>> = {
  featureUnsupported: 'unsupported',
  invalidKey: 'device_failed',
  serverUnavailable: 'apple_unavailable',
};

/**
 * Calls the device once, for at most `timeout` seconds.
 *
 * @throws AppAttestClientError `apple_unavailable`, `device_failed`, `unsupported`
 */
export async function callDevice<Value>({ timeout }: ClientSettings, call: () => Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no result')), timeout * 1000);
  });
  try {
    return await Promise.race([call(), late]);
  } catch (cause) {
    const failure = deviceFailure(cause);
    const code = failure ? CODES[failure] : 'device_failed';
    throw new AppAttestClientError(code, `App Attest failed: ${String(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Returns whether the device does not have the key, or never had Apple attest it. */
export function isKeyLost(error: unknown): boolean {
  return (
    error instanceof AppAttestClientError &&
    error.code === 'device_failed' &&
    deviceFailure(error.cause) === 'invalidKey'
  );
}
