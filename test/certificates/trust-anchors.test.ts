import { createHash } from 'node:crypto';
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
  ])(
    'must not include the root of a virtual Apple if NODE_ENV is %j and APP_ATTEST_VIRTUAL is %j',
    async (environment, virtual) => {
      const { root } = await createAuthority({ subject: `O=${VIRTUAL_APPLE}` });
      vi.stubEnv('NODE_ENV', environment);
      vi.stubEnv('APP_ATTEST_VIRTUAL', virtual);
      const error = await expectCode(async () => read(APPLE_APP_ATTESTATION_ROOT_CA, root.der), 'invalid_argument');
      expect(error.message).toContain('APP_ATTEST_VIRTUAL to "allow"');
      expect(read(APPLE_APP_ATTESTATION_ROOT_CA).length).toBe(1);
    },
  );

  it.each([
    ['test', undefined],
    ['development', undefined],
    [undefined, 'allow'],
    ['production', 'allow'],
  ])(
    'may include the root of a virtual Apple if NODE_ENV is %j and APP_ATTEST_VIRTUAL is %j',
    async (environment, virtual) => {
      const { root } = await createAuthority({ subject: `O=${VIRTUAL_APPLE}` });
      vi.stubEnv('NODE_ENV', environment);
      vi.stubEnv('APP_ATTEST_VIRTUAL', virtual);
      expect(read(APPLE_APP_ATTESTATION_ROOT_CA, root.der).length).toBe(2);
    },
  );

  it('must not include a fingerprint, even if the certificate with this fingerprint is cached', async () => {
    const { root } = await createAuthority();
    expect(read(root.der).length).toBe(1);
    const fingerprint = createHash('sha256').update(root.der).digest('hex');
    for (const text of [fingerprint, fingerprint.toUpperCase(), `DER ${fingerprint}`]) {
      await expectCode(async () => read(text), 'invalid_argument');
    }
  });

  it('must not include the root of a virtual Apple in production if only Object.prototype contains APP_ATTEST_VIRTUAL', async () => {
    const { root } = await createAuthority({ subject: `O=${VIRTUAL_APPLE}` });
    vi.stubEnv('NODE_ENV', 'production');
    Object.defineProperty(Object.prototype, 'APP_ATTEST_VIRTUAL', { value: 'allow', configurable: true });
    try {
      await expectCode(async () => read(root.der), 'invalid_argument');
    } finally {
      Reflect.deleteProperty(Object.prototype, 'APP_ATTEST_VIRTUAL');
    }
  });

  it.each([
    ['a number', 8, 'PEM text or DER bytes'],
    ['text that is not PEM', 'root', 'one PEM certificate'],
    ['PEM with invalid base64', '-----BEGIN CERTIFICATE-----\nA=A\n-----END CERTIFICATE-----\n', 'not valid PEM'],
    [
      'PEM without a certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'X.509 certificate',
    ],
  ])('must not include %s', async (_, anchor, message) => {
    const error = await expectCode(async () => read(anchor), 'invalid_argument');
    expect(error.message).toContain(message);
    expect(error.cause !== undefined).toBe(anchor.toString().includes('-----'));
  });
});
