import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../src/certificates/certificate.js';
import { verifyCertificateChain } from '../../src/certificates/certificate-chain.js';
import { readDer } from '../../src/encoding/der.js';
import { type AppAttestErrorCode, verifyAttestation } from '../../src/index.js';
import { der, sequence } from '../../src/testing/encoding/der.js';
import {
  type CertificateAuthority,
  type CertificateProfile,
  createAuthority,
  decodedChain,
  generateKeys,
  INTERMEDIATE_PROFILE,
  issueCertificate,
  KeyUsageFlags,
  LEAF_PROFILE,
  NOW,
} from '../support/certificate-authority.js';
import { type AttestationChanges, attest } from '../support/evidence.js';
import { attestationFixture, attestationOptions, fromBase64 } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

async function verify(authority: CertificateAuthority, changes: AttestationChanges = {}, date: Date = NOW) {
  const { attestation, keyId, challenge, appId, trustAnchors } = await attest(authority, changes);
  return verifyAttestation({ attestation, keyId, challenge, appId, trustAnchors, date });
}

const YEAR_2000 = new Date('2000-01-01T00:00:00Z');
const YEAR_2049 = new Date('2049-01-01T00:00:00Z');
const constraint = { extensions: { '2.5.29.30': sequence() }, critical: ['2.5.29.30'] };

describe('a certificate chain', () => {
  const chains: readonly [string, { root?: object; intermediate?: object; leaf?: object }, AppAttestErrorCode][] = [
    ['a root without the CA flag', { root: { ca: false } }, 'untrusted_certificate'],
    ['a root whose path length allows no intermediate', { root: { pathLength: 0 } }, 'untrusted_certificate'],
    [
      'a root whose key usage does not allow signing certificates',
      { root: { keyUsage: KeyUsageFlags.cRLSign } },
      'untrusted_certificate',
    ],
    ['a root with critical name constraints', { root: constraint }, 'untrusted_certificate'],
    ['an expired root', { root: { notAfter: YEAR_2000 } }, 'certificate_expired'],
    ['a root that is not yet valid', { root: { notBefore: YEAR_2049 } }, 'certificate_expired'],
    ['an intermediate that names another issuer', { intermediate: { issuer: 'CN=Another' } }, 'untrusted_certificate'],
    ['an intermediate without the CA flag', { intermediate: { ca: false } }, 'untrusted_certificate'],
    ['an intermediate without basic constraints', { intermediate: { ca: undefined } }, 'untrusted_certificate'],
    [
      'an intermediate whose key usage does not allow signing certificates',
      { intermediate: { keyUsage: KeyUsageFlags.digitalSignature } },
      'untrusted_certificate',
    ],
    ['an intermediate with critical name constraints', { intermediate: constraint }, 'untrusted_certificate'],
    ['an expired intermediate', { intermediate: { notAfter: YEAR_2000 } }, 'certificate_expired'],
    ['an intermediate that is not yet valid', { intermediate: { notBefore: YEAR_2049 } }, 'certificate_expired'],
    ['a leaf that names another issuer', { leaf: { issuer: 'CN=Another' } }, 'untrusted_certificate'],
    [
      'a leaf that names its issuer in capital letters',
      { leaf: { issuer: INTERMEDIATE_PROFILE.subject.toUpperCase() } },
      'untrusted_certificate',
    ],
    ['a leaf with the CA flag', { leaf: { ca: true } }, 'untrusted_certificate'],
    [
      'a leaf whose key usage does not allow signing',
      { leaf: { keyUsage: KeyUsageFlags.keyEncipherment } },
      'untrusted_certificate',
    ],
    ['an expired leaf', { leaf: { notAfter: YEAR_2000 } }, 'certificate_expired'],
    ['a leaf that is not yet valid', { leaf: { notBefore: YEAR_2049 } }, 'certificate_expired'],
  ];
  it.each(chains)('is rejected with %s', async (_, { root, intermediate, leaf }, code) => {
    const authority = await createAuthority(root, intermediate);
    const changes: AttestationChanges = leaf ? { leaf: leaf as Partial<CertificateProfile> } : {};
    // The chain is verified twice. A result that the first verification cached must not make the second verification succeed.
    await expectCode(() => verify(authority, changes), code);
    await expectCode(() => verify(authority, changes), code);
  });
});

describe('a chain of certificates', () => {
  it('is valid from notBefore to notAfter of its leaf, inclusive, but not one millisecond earlier or later', async () => {
    const authority = await createAuthority();
    const notBefore = new Date('2026-10-01T12:00:00Z');
    const notAfter = new Date('2026-10-01T12:00:01Z');
    const leaf = { notBefore, notAfter };
    await verify(authority, { leaf }, notBefore);
    await verify(authority, { leaf }, notAfter);
    await expectCode(() => verify(authority, { leaf }, new Date(notBefore.getTime() - 1)), 'certificate_expired');
    await expectCode(() => verify(authority, { leaf }, new Date(notAfter.getTime() + 1)), 'certificate_expired');
  });

  it('is verified at the current time if no date is given', async () => {
    const authority = await createAuthority({}, { notAfter: YEAR_2049 });
    const { attestation, keyId, challenge, appId, trustAnchors } = await attest(authority, {
      leaf: { notAfter: YEAR_2049, notBefore: YEAR_2000 },
    });
    await verifyAttestation({ attestation, keyId, challenge, appId, trustAnchors });
    const { date: _, ...recording } = attestationOptions(attestationFixture('node-app-attest-production'));
    await expectCode(() => verifyAttestation(recording), 'certificate_expired');
  });

  it('is rejected if its intermediate has expired, even if the signature of the intermediate is cached', async () => {
    const authority = await createAuthority({}, { notAfter: new Date('2026-10-02T00:00:00Z') });
    await verify(authority);
    await expectCode(() => verify(authority, {}, new Date('2026-10-02T12:00:00Z')), 'certificate_expired');
  });

  it('is verified even if the caller overwrites the bytes of an intermediate whose signature is cached', async () => {
    const { root, intermediate } = await createAuthority();
    const leaf = await issueCertificate(LEAF_PROFILE, intermediate.keys, intermediate.keys);
    const received = new Uint8Array(intermediate.der);
    const anchors = [decodeCertificate(root.der)];
    await verifyCertificateChain(decodedChain([leaf.der, received]), anchors, NOW);
    received.fill(0);
    await verifyCertificateChain(decodedChain([leaf.der, intermediate.der]), anchors, NOW);
  });

  it('is rejected with the trust anchor of another authority, even if the signature of the intermediate is cached', async () => {
    const authority = await createAuthority();
    await verify(authority);
    const other = await createAuthority();
    const { attestation, keyId, challenge, appId, date } = await attest(authority);
    const trustAnchors = [other.root.der];
    const options = { attestation, keyId, challenge, appId, date, trustAnchors };
    await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
  });

  it('is rejected if the first trust anchor with the correct name and key has expired, even if a second one is valid', async () => {
    const authority = await createAuthority();
    const { root } = authority;
    const expired = await issueCertificate({ ...root.profile, notAfter: YEAR_2000 }, root.keys);
    const { attestation, keyId, challenge, appId, date } = await attest(authority);
    const options = { attestation, keyId, challenge, appId, date };
    const both = () => verifyAttestation({ ...options, trustAnchors: [expired.der, root.der] });
    await verifyAttestation({ ...options, trustAnchors: [root.der] });
    await expectCode(both, 'certificate_expired');
  });

  it('of only a leaf is accepted each time if the second of two trust anchors with the same name signed the leaf', async () => {
    const [{ root }, other] = [await createAuthority(), await createAuthority()];
    const leaf = await issueCertificate({ ...LEAF_PROFILE, issuer: root.profile.subject }, root.keys, root.keys);
    const anchors = [other.root, root].map(({ der }) => decodeCertificate(der));
    for (let time = 0; time < 2; time += 1) await verifyCertificateChain(decodedChain([leaf.der]), anchors, NOW);
  });

  it('may contain a second intermediate only if the path length of the first intermediate allows it', async () => {
    const longChain = async (pathLength: number | undefined, withRoot = false) => {
      const { root, intermediate } = await createAuthority({}, { pathLength });
      const lower = await issueCertificate(
        { ...INTERMEDIATE_PROFILE, subject: 'CN=Lower CA', issuer: intermediate.profile.subject },
        await generateKeys('P-384'),
        intermediate.keys,
      );
      return verify(
        { root, intermediate: lower },
        {
          leaf: { issuer: 'CN=Lower CA' },
          x5c: (leaf, ca) => [leaf, ca, intermediate.der, ...(withRoot ? [root.der] : [])],
        },
      );
    };
    await longChain(1);
    await longChain(1, true);
    await longChain(undefined);
    await expectCode(() => longChain(0), 'untrusted_certificate');
  });

  it('may contain the trust anchor', async () => {
    const authority = await createAuthority({}, { pathLength: undefined });
    await verify(authority, { x5c: (leaf, ca) => [leaf, ca, authority.root.der] });
  });

  it('is rejected if its root is not a trust anchor, even if the chain contains the root', async () => {
    const authority = await createAuthority();
    const { attestation, keyId, challenge, appId, date } = await attest(authority, {
      x5c: (leaf, ca) => [leaf, ca, authority.root.der],
    });
    await expectCode(() => verifyAttestation({ attestation, keyId, challenge, appId, date }), 'untrusted_certificate');
  });

  it('is rejected if the issuer of its leaf does not have the CA flag', async () => {
    const authority = await createAuthority();
    const keys = await generateKeys('P-256');
    const leafIssuer = await issueCertificate(
      { ...INTERMEDIATE_PROFILE, subject: 'CN=A device', issuer: INTERMEDIATE_PROFILE.subject, ca: false },
      keys,
      authority.intermediate.keys,
    );
    await expectCode(
      () =>
        verify(
          { root: authority.root, intermediate: leafIssuer },
          { leaf: { issuer: 'CN=A device' }, x5c: (leaf, ca) => [leaf, ca, authority.intermediate.der] },
        ),
      'untrusted_certificate',
    );
  });

  it('is rejected if the intermediate comes before the leaf', async () => {
    const authority = await createAuthority();
    await expectCode(() => verify(authority, { x5c: (leaf, ca) => [ca, leaf] }), 'untrusted_certificate');
  });

  it('from Apple is accepted if the trust anchor is Apple’s root as DER', async () => {
    const options = attestationOptions(attestationFixture('apple-guide-2026'));
    const { APPLE_APP_ATTESTATION_ROOT_CA } = await import('../../src/certificates/apple-roots.js');
    const root = fromBase64(APPLE_APP_ATTESTATION_ROOT_CA.replace(/-----[^-]+-----|\s/g, ''));
    expect((await verifyAttestation({ ...options, trustAnchors: [root] })).environment).toBe('production');
  });
});

describe('a certificate', () => {
  const partsOf = (bytes: Uint8Array): Uint8Array[] => {
    return readDer(bytes).children.map(({ start, end }) => bytes.slice(start, end));
  };
  const ECDSA_WITH = {
    sha1: '2a8648ce3d0401',
    sha256: '2a8648ce3d040302',
    sha384: '2a8648ce3d040303',
    sha512: '2a8648ce3d040304',
  } as const;
  const algorithmOf = (oid: string): Uint8Array => sequence(der(0x06, Buffer.from(oid, 'hex')));

  interface Changes {
    /** SubjectPublicKeyInfo, DER. */
    key?: Uint8Array;
    /** The signature algorithm in the certificate. */
    algorithm: keyof typeof ECDSA_WITH;
    /** The hash algorithm with which the certificate is actually signed. */
    hash: string;
  }

  /** A copy of the certificate with the given changes, signed with the key `signer`. */
  function resigned(certificate: Uint8Array, signer: KeyObject, { key, algorithm, hash }: Changes): Uint8Array {
    const [tbs = new Uint8Array()] = partsOf(certificate);
    const parts = partsOf(tbs).with(2, algorithmOf(ECDSA_WITH[algorithm]));
    const changed = sequence(...(key ? parts.with(6, key) : parts));
    const signature = der(0x03, Uint8Array.of(0), sign(hash, changed, signer));
    return sequence(changed, algorithmOf(ECDSA_WITH[algorithm]), signature);
  }

  const privateKeyOf = async ({ keys }: { keys: webcrypto.CryptoKeyPair }): Promise<KeyObject> => {
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  };

  it('is not trusted if it names SHA-1, even if it is signed with SHA-256 or SHA-384', async () => {
    const { root, intermediate } = await createAuthority();
    const leaf = await issueCertificate(LEAF_PROFILE, await generateKeys('P-256'), intermediate.keys);
    const signer = await privateKeyOf(intermediate);
    const anchors = [decodeCertificate(root.der)];
    const chain = (changes: Changes) => [resigned(leaf.der, signer, changes), intermediate.der] as const;
    await verifyCertificateChain(decodedChain(chain({ algorithm: 'sha256', hash: 'sha256' })), anchors, NOW);
    for (const hash of ['sha256', 'sha384']) {
      const verification = () => verifyCertificateChain(decodedChain(chain({ algorithm: 'sha1', hash })), anchors, NOW);
      await expectCode(verification, 'untrusted_certificate');
    }
  });

  it('is trusted if its issuer has a P-521 key', async () => {
    const { root, intermediate } = await createAuthority();
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' });
    const key = publicKey.export({ format: 'der', type: 'spki' });
    const ca = resigned(intermediate.der, await privateKeyOf(root), { key, algorithm: 'sha384', hash: 'sha384' });
    const issued = await issueCertificate(LEAF_PROFILE, await generateKeys('P-256'), intermediate.keys);
    const leaf = resigned(issued.der, privateKey, { algorithm: 'sha512', hash: 'sha512' });
    expect((await verifyCertificateChain(decodedChain([leaf, ca]), [decodeCertificate(root.der)], NOW)).isCa).toBe(
      false,
    );
  });

  it('is not trusted if its issuer has a secp256k1 key, whether or not the runtime supports the curve', async () => {
    const { root, intermediate } = await createAuthority();
    // The generator point of secp256k1 (SEC 2 §2.4.1) is a valid key, so the key is not rejected for its point.
    const key = Buffer.from(
      '3056301006072a8648ce3d020106052b8104000a034200' +
        '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' +
        '483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8',
      'hex',
    );
    const ca = resigned(intermediate.der, await privateKeyOf(root), { key, algorithm: 'sha384', hash: 'sha384' });
    const leaf = await issueCertificate(LEAF_PROFILE, await generateKeys('P-256'), intermediate.keys);
    const verification = () => verifyCertificateChain(decodedChain([leaf.der, ca]), [decodeCertificate(root.der)], NOW);
    expect((await expectCode(verification, 'untrusted_certificate')).message).toMatch(
      /^the public key of a CA certificate (must be on .*, not secp256k1|cannot be decoded)$/,
    );
  });

  it('is not trusted if the key of its issuer cannot be decoded', async () => {
    const { root, intermediate } = await createAuthority();
    const [tbs = new Uint8Array()] = partsOf(intermediate.der);
    const [info = new Uint8Array()] = partsOf(partsOf(tbs)[6] ?? new Uint8Array());
    const broken = sequence(...partsOf(tbs).with(6, sequence(info, der(0x03, Uint8Array.of(0, 4)))));
    const signature = der(0x03, Uint8Array.of(0), sign('sha384', broken, await privateKeyOf(root)));
    const ca = sequence(broken, algorithmOf(ECDSA_WITH.sha384), signature);
    const leaf = await issueCertificate(LEAF_PROFILE, await generateKeys('P-256'), intermediate.keys);
    const verification = () => verifyCertificateChain(decodedChain([leaf.der, ca]), [decodeCertificate(root.der)], NOW);
    const error = await expectCode(verification, 'untrusted_certificate');
    expect(error.message).toContain('cannot be decoded');
    expect(error.cause).toBeInstanceOf(Error);
  });
});
