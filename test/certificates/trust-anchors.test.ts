import { afterEach, describe, expect, it, vi } from 'vitest';
import { APPLE_APP_ATTESTATION_ROOT_CA } from '../../src/certificates/apple-roots.js';
import { readTrustAnchors } from '../../src/certificates/trust-anchors.js';
import { VIRTUAL_APPLE } from '../../src/certificates/virtual-apple.js';
import { createAuthority } from '../support/certificate-authority.js';
import { expectCode } from '../support/rejection.js';

const read = (...trustAnchors: unknown[]) => readTrustAnchors(trustAnchors, APPLE_APP_ATTESTATION_ROOT_CA);

describe('trust anchors', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('hold no virtual Apple in production, not even one among others', async () => {
    const { root } = await createAuthority({ subject: `O=${VIRTUAL_APPLE}` });
    expect(read(APPLE_APP_ATTESTATION_ROOT_CA, root.der).length).toBe(2);
    vi.stubEnv('NODE_ENV', 'production');
    await expectCode(async () => read(APPLE_APP_ATTESTATION_ROOT_CA, root.der), 'invalid_argument');
    expect(read(APPLE_APP_ATTESTATION_ROOT_CA).length).toBe(1);
  });

  it.each([
    ['a number', 8, 'PEM text or DER bytes'],
    ['text', 'root', 'one PEM certificate'],
    ['PEM of no base64', '-----BEGIN CERTIFICATE-----\nA=A\n-----END CERTIFICATE-----\n', 'not valid PEM'],
    ['PEM of no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'X.509 certificate'],
  ])('are not %s', async (_, anchor, message) => {
    const error = await expectCode(async () => read(anchor), 'invalid_argument');
    expect(error.message).toContain(message);
  });
});
