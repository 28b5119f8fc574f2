import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Inspection } from '../../src/explain/inspection.js';
import { AppAttestError, inspectAssertion, inspectAttestation } from '../../src/index.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { integer, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import { createAuthority } from '../support/certificate-authority.js';
import { APP_ID, type AttestationChanges, assert, attest, sha256, signedExtensions } from '../support/evidence.js';
import { attestationFixture } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

const authority = await createAuthority();
const inspect = async (changes: AttestationChanges) => {
  const { attestation, keyId } = await attest(authority, changes);
  return { keyId, ...inspectAttestation(attestation) };
};

describe('an inspected attestation', () => {
  it('shows the values in Apple’s sample', () => {
    const { keyId, appId, attestation } = attestationFixture('apple-guide-2026');
    const inspected = inspectAttestation(attestation.object);
    expect(inspected.problems).toEqual([]);
    expect(inspected.receipt?.length).toBe(3977);
    expect(inspected.authenticatorData).toMatchObject({
      rpIdHash: sha256(appId),
      flags: 0x40,
      counter: 0,
      environment: 'production',
      credentialId: new Uint8Array(Buffer.from(keyId, 'base64')),
      unauthenticatedExtensions: { validationCategory: 1, bundleVersion: '1' },
    });
    expect(inspected.authenticatorData).not.toHaveProperty('extensions');
    expect(inspected.authenticatorData?.bytes.length).toBe(226);
    const [leaf, intermediate] = inspected.certificates;
    expect(leaf).toMatchObject({
      issuer: 'CN=Apple App Attestation CA 1, O=Apple Inc., ST=California',
      isCa: false,
      appId,
      notBefore: new Date('2026-04-20T18:13:12Z'),
      notAfter: new Date('2026-04-23T18:13:12Z'),
    });
    expect(leaf?.extensions).toContain('1.2.840.113635.100.8.2');
    expect(leaf?.nonce?.length).toBe(32);
    expect(leaf?.accessControlList?.length).toBe(69);
    expect(intermediate).toMatchObject({
      isCa: true,
      device: {},
      fingerprint: '39ef7264e1340f9adda4199d3a028fdece2ecd7bf7372420fe808ad6da538426',
    });
  });

  it('shows an extension map without the flag ED as unauthenticatedExtensions', async () => {
    const forged = await inspect({ flags: 0x40 });
    expect(forged.authenticatorData?.unauthenticatedExtensions).toEqual({ validationCategory: 4, bundleVersion: '42' });
    expect(forged.authenticatorData).not.toHaveProperty('extensions');
    const signed = await inspect({});
    expect(signed.authenticatorData?.extensions).toEqual({ validationCategory: 4, bundleVersion: '42' });
    expect(signed.authenticatorData).not.toHaveProperty('unauthenticatedExtensions');
    expect([...forged.problems, ...signed.problems]).toEqual([]);
  });

  it('reports a malformed field in an extension map without the flag ED', async () => {
    const extensions = signedExtensions({ apple_bundle_version_01: 1 });
    const { authenticatorData, problems } = await inspect({ flags: 0x40, extensions });
    expect(problems).toEqual(['authData extensions: the field apple_bundle_version_01 is not text']);
    expect(authenticatorData).not.toHaveProperty('unauthenticatedExtensions');
  });

  it('shows the names of all fields in the CBOR map, including unknown fields', async () => {
    const { entries, problems } = await inspect({ object: { cdHash: new Uint8Array(20) } });
    expect(entries).toEqual(['fmt', 'attStmt', 'authData', 'cdHash']);
    expect(problems).toEqual([]);
  });

  it('shows the valid parts, and reports the malformed parts', async () => {
    const inspected = await inspect({
      object: { fmt: 7 },
      statement: { receipt: 'text' },
      aaguid: new Uint8Array(16),
      nonce: () => octetString('no sequence'),
      properties: sequence(tagged(1204, integer(1))),
      operatingSystem: octetString('no sequence'),
      extensions: signedExtensions(),
    });
    expect(inspected.problems.map((problem) => problem.replace(/:.*/, ''))).toEqual([
      'fmt',
      'receipt',
      'x5c[0] extension 1.2.840.113635.100.8.2',
      'x5c[0]',
      'x5c[0]',
    ]);
    expect(inspected.authenticatorData).toMatchObject({ keyId: inspected.keyId, aaguid: new Uint8Array(16) });
    expect(inspected.authenticatorData).not.toHaveProperty('environment');
    expect(inspected.certificates.length).toBe(2);
  });

  it('reports a certificate that cannot be decoded, and each missing part', async () => {
    const { certificates, problems } = await inspect({ x5c: (leaf) => [leaf, new Uint8Array(3)] });
    expect(certificates.map(({ appId }) => appId)).toEqual([APP_ID]);
    expect(problems).toEqual([expect.stringMatching(/^x5c\[1\]: /)]);
    const empty = inspectAttestation(Uint8Array.of(0xa0));
    expect(empty.problems.map((problem) => problem.replace(/:.*/, ''))).toEqual(['fmt', 'authData', 'attStmt']);
  });

  it('contains only problems if the evidence is not a map or is an empty map', () => {
    const nothing = { entries: [], certificates: [], problems: [expect.stringMatching(/^attestation: /)] };
    expect(inspectAttestation(Uint8Array.of(0xff))).toStrictEqual(nothing);
    const entries = ['fmt', 'attStmt', 'authData'].map((name) => expect.stringMatching(`^${name}`));
    const empty = inspectAttestation(Uint8Array.of(0xa0));
    expect(empty).toStrictEqual({ entries: [], certificates: [], problems: expect.arrayContaining(entries) });
  });

  it('omits parts that are missing or malformed', async () => {
    const { problems, ...inspected } = await inspect({ statement: { receipt: 1, x5c: 2 } });
    expect(problems.map((problem) => problem.replace(/:.*/, ''))).toEqual(['receipt', 'x5c']);
    expect(inspected).not.toHaveProperty('receipt');
    expect(inspected.certificates).toEqual([]);
    const old = await inspect({ properties: undefined, operatingSystem: undefined, accessControlList: undefined });
    for (const name of ['appId', 'accessControlList']) expect(old.certificates[0]).not.toHaveProperty(name);
  });

  it('shows all certificates if there are four, and reports no problem', async () => {
    const { certificates, problems } = await inspect({ x5c: (leaf, ca) => [leaf, ca, ca, ca] });
    expect(certificates.length).toBe(4);
    expect(problems).toEqual([]);
  });

  it('shows only the first four certificates if there are six, and reports a problem', async () => {
    const { certificates, problems } = await inspect({ x5c: (leaf, ca) => [leaf, ca, ca, ca, ca, ca] });
    expect(certificates.length).toBe(4);
    expect(problems).toEqual(['x5c: more than 4 certificates']);
  });
});

describe('an inspected assertion', () => {
  it('reports each missing part', () => {
    const { problems } = inspectAssertion(Uint8Array.of(0xa0));
    expect(problems.map((problem) => problem.replace(/:.*/, ''))).toEqual(['signature', 'authenticatorData']);
  });

  it('reports authenticator data that cannot be decoded', () => {
    const { problems } = inspectAssertion(cbor({ signature: new Uint8Array(8), authenticatorData: new Uint8Array(8) }));
    expect(problems).toEqual([expect.stringMatching(/^authenticatorData: /)]);
  });

  it('reports a malformed field in an extension map without the flag ED', () => {
    const extensions = signedExtensions({ apple_bundle_version_01: 1 });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { problems } = inspectAssertion(assert(privateKey, { flags: 0x40, extensions }));
    expect(problems).toEqual(['authenticatorData extensions: the field apple_bundle_version_01 is not text']);
  });

  it('contains only problems if the evidence is not a map or is an empty map', () => {
    const nothing = { entries: [], problems: [expect.stringMatching(/^assertion: /)] };
    expect(inspectAssertion(Uint8Array.of(0xff))).toStrictEqual(nothing);
    const { problems } = inspectAssertion(Uint8Array.of(0xa0));
    expect(inspectAssertion(Uint8Array.of(0xa0))).toStrictEqual({ entries: [], problems });
  });

  it('shows its signature and its authenticator data', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { signature, authenticatorData, ...rest } = inspectAssertion(assert(privateKey, { counter: 9 }));
    expect(rest).toStrictEqual({ entries: ['signature', 'authenticatorData'], problems: [] });
    expect(signature?.[0]).toBe(0x30);
    expect(authenticatorData).toMatchObject({ counter: 9, rpIdHash: sha256(APP_ID) });
  });
});

it('an inspected assertion shows an extension map without the flag ED as unauthenticatedExtensions', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = signedExtensions();
  const read = { validationCategory: 4, bundleVersion: '42' };
  const forged = inspectAssertion(assert(privateKey, { flags: 0x40, extensions })).authenticatorData;
  expect(forged).toMatchObject({ unauthenticatedExtensions: read });
  expect(forged).not.toHaveProperty('extensions');
  expect(inspectAssertion(assert(privateKey, { extensions })).authenticatorData).toMatchObject({ extensions: read });
});

describe('a problem found in an inspection', () => {
  const attempt = (error: unknown) => {
    const inspection = new Inspection();
    inspection.attempt('part', () => {
      throw error;
    });
    return inspection.problems;
  };

  it('is reported with the name of the malformed part', () => {
    expect(attempt(new AppAttestError('malformed_receipt', 'odd'))).toEqual(['part: odd']);
    expect(attempt(Object.assign(new Error('odd'), { code: 'invalid_argument' }))).toEqual(['part: odd']);
    expect(attempt('odd')).toEqual(['part: odd']);
  });

  it('is thrown if its code is invalid_argument', () => {
    expect(() => attempt(new AppAttestError('invalid_argument', 'odd'))).toThrow('odd');
  });
});

it.each([undefined, null, 1, {}, []])('inspectAttestation and inspectAssertion reject %j', async (value) => {
  const attestation = await expectCode(() => inspectAttestation(value as never), 'invalid_argument');
  expect(attestation.message).toContain('attestation must be');
  const assertion = await expectCode(() => inspectAssertion(value as never), 'invalid_argument');
  expect(assertion.message).toContain('assertion must be');
});
