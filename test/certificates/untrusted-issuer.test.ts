import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyAttestation, verifyReceipt } from '../../src/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { createAuthority } from '../support/certificate-authority.js';
import { attest, sha256 } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';

const appId = 'TEAMID1234.com.example.app';
const challenge = 'a one-time challenge';
const apple = await createVirtualApple();
const HINT =
  'In a test, pass the trustAnchors of the virtual Apple that created the device. To verify a receipt, pass the ' +
  'receiptTrustAnchors of this virtual Apple. On the command line, pass a root certificate with --trust-anchor';

async function virtualAttestation() {
  const device = await apple.createDevice({ appId });
  const keyId = await device.generateKey();
  return { attestation: await device.attestKey(keyId, sha256(challenge)), keyId, challenge, appId };
}

describe('the error for an untrusted chain', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('names Apple’s root, the root of the virtual Apple and the option trustAnchors if a virtual Apple issued the chain', async () => {
    const options = await virtualAttestation();
    const error = await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
    expect(error.expected).toBe(
      'a certificate signed by "CN=Apple App Attestation Root CA, O=Apple Inc., ST=California"',
    );
    expect(error.actual).toMatch(
      /^a certificate with the issuer "CN=Virtual App Attestation Root CA, O=Virtual Apple .*"$/,
    );
    expect(error.message).toContain(HINT);
  });

  it('names trustAnchors and receiptTrustAnchors of the virtual Apple if one of them is passed in place of the other', async () => {
    const options = await virtualAttestation();
    const { receiptTrustAnchors, trustAnchors } = apple;
    const { receipt } = await verifyAttestation({ ...options, trustAnchors });
    const attestation = () => verifyAttestation({ ...options, trustAnchors: receiptTrustAnchors });
    expect((await expectCode(attestation, 'untrusted_certificate')).message).toContain(HINT);
    const swapped = () => verifyReceipt({ receipt, appId, trustAnchors });
    expect((await expectCode(swapped, 'untrusted_certificate')).message).toContain(HINT);
  });

  it('names all trust anchors', async () => {
    const {
      privateKey: _,
      trustAnchors,
      ...options
    } = await attest(await createAuthority({}, { issuer: 'CN=Unknown' }));
    const other = await createAuthority({ subject: 'CN=Other Root' });
    const error = await expectCode(
      () => verifyAttestation({ ...options, trustAnchors: [...trustAnchors, other.root.der] }),
      'untrusted_certificate',
    );
    expect(error.expected).toMatch(/^a certificate signed by "[^"]+" or "CN=Other Root"$/);
  });

  it('does not name the option trustAnchors in production, because a client could use the name of a virtual Apple', async () => {
    const options = await virtualAttestation();
    vi.stubEnv('NODE_ENV', 'production');
    const { message } = await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
    expect(message).not.toContain('pass the trustAnchors');
  });

  it('does not name the option trustAnchors if no virtual Apple issued the chain, and stays short and on one line', async () => {
    const long = 'x'.repeat(5000);
    const authority = await createAuthority({}, { issuer: `CN=${long}\u2028` });
    const { attestation, keyId, trustAnchors, date } = await attest(authority, { appId, challenge });
    const options = { attestation, keyId, challenge, appId, trustAnchors, date };
    const { message } = await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
    expect(message).toMatch(/^the certificate chain does not end in a trusted root \(expected /);
    expect(message).toContain('a certificate with the issuer "CN=xxx');
    expect(message).not.toMatch(/[\n\u2028]/);
    expect(message.length).toBeLessThan(500);
  });
});
