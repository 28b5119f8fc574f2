/**
 * The organization in the certificates of `app-attest/testing`. Nothing that bears it is Apple's, and
 * `readTrustAnchors` refuses it in production.
 */
export const VIRTUAL_APPLE = 'Virtual Apple (for tests only)';
