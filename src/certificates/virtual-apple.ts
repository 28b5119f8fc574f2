import { environmentVariable } from '../runtime/environment-variable.js';

/**
 * The organization name in all certificates that `app-attest/testing` creates. Apple's own certificates never contain this
 * name. `readTrustAnchors` rejects a trust anchor whose subject contains this name, unless {@link isVirtualAppleAllowed}
 * returns true.
 */
export const VIRTUAL_APPLE = 'Virtual Apple (for tests only)';

/** How to allow a virtual Apple. Two error messages end with this text. */
export const HOW_TO_ALLOW_VIRTUAL_APPLE = 'set NODE_ENV to "test" or "development", or APP_ATTEST_VIRTUAL to "allow"';

const ALLOWED_ENVIRONMENTS: ReadonlySet<string | undefined> = new Set(['test', 'development']);

/**
 * Whether this process may create and trust a virtual Apple, the simulation in `app-attest/testing`. The result is true only
 * if `NODE_ENV` is `test` or `development`, or if `APP_ATTEST_VIRTUAL` is `allow`. All other processes count as production.
 * There, a virtual Apple is not allowed, because its evidence proves nothing about a real device.
 */
export function isVirtualAppleAllowed(): boolean {
  if (environmentVariable('APP_ATTEST_VIRTUAL') === 'allow') return true;
  return ALLOWED_ENVIRONMENTS.has(environmentVariable('NODE_ENV'));
}
