import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyAttestation } from '../../src/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { attestationFixture, attestationOptions } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('protection of production servers:', () => {
  it.each(['production', 'staging', undefined])(
    'createVirtualApple throws an error if NODE_ENV is %s, unless APP_ATTEST_VIRTUAL is allow',
    async (environment) => {
      vi.stubEnv('NODE_ENV', environment);
      const error = await expectCode(createVirtualApple, 'invalid_argument');
      expect(error.message).toContain('must not run in production');
      vi.stubEnv('APP_ATTEST_VIRTUAL', 'allow');
      await expect(createVirtualApple()).resolves.toBeDefined();
    },
  );

  it('the roots of a virtual Apple are rejected as trust anchors if NODE_ENV is production', async () => {
    const { trustAnchors, receiptTrustAnchors } = await createVirtualApple();
    const options = attestationOptions(attestationFixture('apple-guide-2026'));
    for (const anchors of [trustAnchors, receiptTrustAnchors]) {
      await expectCode(() => verifyAttestation({ ...options, trustAnchors: anchors }), 'untrusted_certificate');
      vi.stubEnv('NODE_ENV', 'production');
      await expectCode(() => verifyAttestation({ ...options, trustAnchors: anchors }), 'invalid_argument');
      vi.unstubAllEnvs();
    }
  });

  it('Apple’s root is accepted as a trust anchor, and is trusted by default, if NODE_ENV is production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const options = attestationOptions(attestationFixture('apple-guide-2026'));
    const appleRoot = await readFile(new URL('../../certs/Apple_App_Attestation_Root_CA.pem', import.meta.url), 'utf8');
    await expect(verifyAttestation(options)).resolves.toBeDefined();
    await expect(verifyAttestation({ ...options, trustAnchors: [appleRoot] })).resolves.toBeDefined();
  });
});
