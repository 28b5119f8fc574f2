import { describe, expect, it } from 'vitest';
import { type AppAttestErrorCode, type VerifyAttestationOptions, verifyAttestation } from '../../src/index.js';
import { sequence } from '../../src/testing/encoding/der.js';
import {
  createAuthority,
  generateKeys,
  issueCertificate,
  LEAF_PROFILE,
  pemOf,
} from '../support/certificate-authority.js';
import { APP_ID, type AttestationChanges, attest, OPERATING_SYSTEM_OID } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { authority, verify } from '../support/verified-attestations.js';

describe('the certificates of an attestation', () => {
  const accepted: readonly [string, AttestationChanges][] = [
    ['without key usage in the leaf', { leaf: { keyUsage: undefined } }],
    ['without basic constraints in the leaf', { leaf: { ca: undefined } }],
  ];
  it.each(accepted)('are accepted %s', async (_, changes) => {
    expect((await verify(changes)).appId).toBe(APP_ID);
  });

  const wrong: readonly [string, AttestationChanges][] = [
    ['x5c is missing', { statement: { x5c: undefined } }],
    ['x5c is not an array', { x5c: (leaf) => leaf }],
    ['an element of x5c is text', { x5c: (leaf) => [leaf, 'text'] }],
    ['x5c is empty', { x5c: () => [] }],
    ['x5c does not contain the intermediate', { x5c: (leaf) => [leaf] }],
    ['x5c contains five certificates', { x5c: (leaf, ca) => [leaf, ca, ca, ca, ca] }],
    ['the first element of x5c is not a certificate', { x5c: (_, ca) => [new Uint8Array(500), ca] }],
    ['the second element of x5c is not a certificate', { x5c: (leaf) => [leaf, Uint8Array.of(0x30, 0)] }],
  ];
  it.each(wrong)('are rejected if %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'malformed_attestation');
  });

  const expected: readonly [string, Partial<VerifyAttestationOptions>, AppAttestErrorCode][] = [
    ['Apple’s root as the only trust anchor', { trustAnchors: undefined as never }, 'untrusted_certificate'],
    ['a date before the validity of the leaf', { date: new Date('2026-09-29T00:00:00Z') }, 'certificate_expired'],
    ['a date after the validity of the leaf', { date: new Date('2026-10-04T00:00:00Z') }, 'certificate_expired'],
  ];
  it.each(expected)('are rejected with %s', async (_, changed, code) => {
    await expectCode(() => verify({}, changed), code);
  });

  it('are accepted with a root in PEM', async () => {
    const pem = pemOf(authority.root.der);
    expect((await verify({}, { trustAnchors: [pem] })).appId).toBe(APP_ID);
    expect((await verify({}, { trustAnchors: [` \r\n${pem}\r\n `] })).appId).toBe(APP_ID);
    expect((await verify({}, { trustAnchors: [pem.trim()] })).appId).toBe(APP_ID);
  });

  it('are accepted if one of several trust anchors is their root, even if all trust anchors have the same name', async () => {
    const other = await createAuthority();
    expect((await verify({}, { trustAnchors: [other.root.der, authority.root.der] })).appId).toBe(APP_ID);
  });
});

describe('the leaf certificate of an attestation', () => {
  it('is rejected with a duplicate extension', async () => {
    await expectCode(() => verify({ leaf: { repeated: [OPERATING_SYSTEM_OID] } }), 'malformed_attestation');
  });

  it('is rejected with an unknown critical extension', async () => {
    const leaf = { extensions: { '1.2.3.4': sequence() }, critical: ['1.2.3.4'] };
    await expectCode(() => verify({ leaf }), 'untrusted_certificate');
  });

  it('is accepted with an unknown extension that is not critical', async () => {
    expect((await verify({ leaf: { extensions: { '1.2.3.4': sequence() } } })).appId).toBe(APP_ID);
  });

  it('is rejected if its root is not a trust anchor, even if a trust anchor has the same name as its root', async () => {
    const impostor = await createAuthority();
    const { attestation, keyId, challenge, appId, date } = await attest(impostor);
    const options = { attestation, keyId, challenge, appId, date, trustAnchors: [authority.root.der] };
    await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
  });

  it('is rejected if x5c contains a CA certificate that no trusted CA signed, instead of the intermediate', async () => {
    const keys = await generateKeys('P-384');
    const selfMade = await issueCertificate({ ...LEAF_PROFILE, ca: true }, keys);
    await expectCode(() => verify({ x5c: (leaf) => [leaf, selfMade.der] }), 'untrusted_certificate');
  });
});
