/** The cases of Apple's `DCError` after which the client does something else than to report the error. */
export type DeviceFailure = 'featureUnsupported' | 'invalidKey' | 'serverUnavailable';

/**
 * The texts by which plugins name a case: the name of the case, or the domain with the number of the case. A message of the
 * operating system is in the language of the device, but contains the domain and the number:
 * `(com.apple.devicecheck.error error 3.)`.
 */
const CASES: readonly (readonly [DeviceFailure, RegExp])[] = [
  ['featureUnsupported', /feature_?unsupported|error\D+1\b/i],
  ['invalidKey', /invalid_?key|error\D+3\b/i],
  ['serverUnavailable', /server_?unavailable|error\D+4\b/i],
];

/** Returns the case of an error that a method of the device threw, or `undefined` for all other errors. */
export function deviceFailure(error: unknown): DeviceFailure | undefined {
  const { code, message }: { code?: unknown; message?: unknown } = Object(error);
  const text = `${code} ${message}`;
  return CASES.find(([, pattern]) => pattern.test(text))?.[0];
}
