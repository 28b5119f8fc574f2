import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { APPLE_APP_ATTESTATION_ROOT_CA, APPLE_ROOT_CA_G3 } from '../../src/certificates/apple-roots.js';
import { readTrustAnchors } from '../../src/certificates/trust-anchors.js';

const certificateFile = (name: string): string => {
  return readFileSync(new URL(`../../certs/${name}.pem`, import.meta.url), 'utf8');
};

/** Values on Apple’s pages https://www.apple.com/certificateauthority/ and https://www.apple.com/certificateauthority/private/. */
const PUBLISHED = {
  Apple_App_Attestation_Root_CA: {
    fingerprint: '1CB9823BA28BA6AD2D33A006941DE2AE4F513EF1D4E831B9F7E0FA7B6242C932',
    subject: 'CN=Apple App Attestation Root CA',
    expires: '2045-03-15',
  },
  Apple_Root_CA_G3: {
    fingerprint: '63343ABFB89A6A03EBB57E9B3F5FA7BE7C4F5C756F3017B3A8C488C3653E9179',
    subject: 'CN=Apple Root CA - G3',
    expires: '2039-04-30',
  },
};

describe('the pinned roots', () => {
  it.each(Object.entries(PUBLISHED))('include %s with the published fingerprint', (name, published) => {
    const certificate = new X509Certificate(certificateFile(name));
    expect(certificate.fingerprint256.replaceAll(':', '')).toBe(published.fingerprint);
    expect(certificate.subject).toContain(published.subject);
    expect(new Date(certificate.validTo).toISOString()).toContain(published.expires);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  it('have the same text in the code as in certs/', () => {
    expect(APPLE_APP_ATTESTATION_ROOT_CA).toBe(certificateFile('Apple_App_Attestation_Root_CA'));
    expect(APPLE_ROOT_CA_G3).toBe(certificateFile('Apple_Root_CA_G3'));
  });

  it.each([
    ['the root for attestations', APPLE_APP_ATTESTATION_ROOT_CA],
    ['the root for receipts', APPLE_ROOT_CA_G3],
  ])('include %s, which is decoded to memory outside the shared buffer pool', (_, root) => {
    // Any code in the process can change the contents of Node's shared buffer pool.
    const [anchor] = readTrustAnchors(undefined, root);
    expect(anchor?.subject.buffer.byteLength).toBe(new X509Certificate(root).raw.length);
  });
});
