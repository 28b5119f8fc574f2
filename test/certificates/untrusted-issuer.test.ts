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
  'In tests, pass trustAnchors of the same virtual Apple for attestations. For receipts, pass its receiptTrustAnchors, ' +
  'or --trust-anchor on the command line';

async function virtualAttestation() {
  const device = await apple.createDevice({ appId });
  const keyId = await device.generateKey();
  return { attestation: await device.attestKey(keyId, sha256(challenge)), keyId, challenge, appId };
}

describe('an untrusted chain', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('of a virtual Apple, without trustAnchors, names both roots and the option in its error', async () => {
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

  it('of a virtual Apple names the option in its error if receiptTrustAnchors are passed for the attestation, or the reverse', async () => {
    const options = await virtualAttestation();
    const { receiptTrustAnchors, trustAnchors } = apple;
    const { receipt } = await verifyAttestation({ ...options, trustAnchors });
    const attestation = () => verifyAttestation({ ...options, trustAnchors: receiptTrustAnchors });
    expect((await expectCode(attestation, 'untrusted_certificate')).message).toContain(HINT);
    const swapped = () => verifyReceipt({ receipt, appId, trustAnchors });
    expect((await expectCode(swapped, 'untrusted_certificate')).message).toContain(HINT);
  });

  it('names all trust anchors in its error', async () => {
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

  it('gets no hint in production, because a client could use the name of a virtual Apple', async () => {
    const options = await virtualAttestation();
    vi.stubEnv('NODE_ENV', 'production');
    const { message } = await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
    expect(message).not.toContain('pass trustAnchors');
  });

  it('gets no hint if it is not from a virtual Apple, and its names stay on one short line', async () => {
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
