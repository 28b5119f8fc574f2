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

  it.each([
    ['production', undefined],
    ['Production', undefined],
    ['staging', undefined],
    ['Test', undefined],
    ['test ', undefined],
    ['', undefined],
    [undefined, undefined],
    [undefined, 'true'],
    ['production', 'Allow'],
  ])('hold no virtual Apple where NODE_ENV is %s and APP_ATTEST_VIRTUAL %s', async (environment, virtual) => {
    const { root } = await createAuthority({ subject: `O=${VIRTUAL_APPLE}` });
    vi.stubEnv('NODE_ENV', environment);
    vi.stubEnv('APP_ATTEST_VIRTUAL', virtual);
    const error = await expectCode(async () => read(APPLE_APP_ATTESTATION_ROOT_CA, root.der), 'invalid_argument');
    expect(error.message).toContain('APP_ATTEST_VIRTUAL to "allow"');
    expect(read(APPLE_APP_ATTESTATION_ROOT_CA).length).toBe(1);
  });

  it.each([
    ['test', undefined],
    ['development', undefined],
    [undefined, 'allow'],
    ['production', 'allow'],
  ])('may hold a virtual Apple where NODE_ENV is %s and APP_ATTEST_VIRTUAL %s', async (environment, virtual) => {
    const { root } = await createAuthority({ subject: `O=${VIRTUAL_APPLE}` });
    vi.stubEnv('NODE_ENV', environment);
    vi.stubEnv('APP_ATTEST_VIRTUAL', virtual);
    expect(read(APPLE_APP_ATTESTATION_ROOT_CA, root.der).length).toBe(2);
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
