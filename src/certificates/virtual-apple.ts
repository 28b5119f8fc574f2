import { environmentVariable } from '../runtime/environment-variable.js';

/**
 * The organization in the certificates of `app-attest/testing`. No certificate of Apple has it, and `readTrustAnchors`
 * rejects it unless {@link isVirtualAppleAllowed}.
 */
export const VIRTUAL_APPLE = 'Virtual Apple (for tests only)';

/** What to do if it is not allowed: the end of both error messages. */
export const HOW_TO_ALLOW_VIRTUAL_APPLE = 'set NODE_ENV to "test" or "development", or APP_ATTEST_VIRTUAL to "allow"';

const ALLOWED_ENVIRONMENTS: ReadonlySet<string | undefined> = new Set(['test', 'development']);

/**
 * Whether this process may create and trust a virtual Apple. Anyone can create evidence with one, so every other value of
 * `NODE_ENV`, and a missing one, counts as production.
 */
export function isVirtualAppleAllowed(): boolean {
  if (environmentVariable('APP_ATTEST_VIRTUAL') === 'allow') return true;
  return ALLOWED_ENVIRONMENTS.has(environmentVariable('NODE_ENV'));
}
