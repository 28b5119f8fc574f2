import { environmentVariable } from '../runtime/environment-variable.js';

/**
 * The organization in the certificates of `app-attest/testing`. Nothing that bears it is Apple's, and
 * `readTrustAnchors` rejects it where {@link isVirtualAppleAllowed} says no.
 */
export const VIRTUAL_APPLE = 'Virtual Apple (for tests only)';

/** What to do where it is not allowed: the end of both error messages. */
export const HOW_TO_ALLOW_VIRTUAL_APPLE = 'set NODE_ENV to "test" or "development", or APP_ATTEST_VIRTUAL to "allow"';

const ALLOWED_ENVIRONMENTS: ReadonlySet<string | undefined> = new Set(['test', 'development']);

/**
 * Whether this process may make and trust a virtual Apple. Whoever can run a test can make evidence under one, so every
 * environment counts as production that does not say otherwise: one without a name, and one with a name of its own.
 */
export function isVirtualAppleAllowed(): boolean {
  if (environmentVariable('APP_ATTEST_VIRTUAL') === 'allow') return true;
  return ALLOWED_ENVIRONMENTS.has(environmentVariable('NODE_ENV'));
}
