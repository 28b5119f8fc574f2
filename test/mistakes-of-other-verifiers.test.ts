import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AppAttestError, verifyAssertion, verifyAttestation } from '../src/index.js';
import { cbor } from '../src/testing/encoding/cbor.js';
import { octetString, sequence, tagged } from '../src/testing/encoding/der.js';
import { createAuthority, LEAF_PROFILE } from './support/certificate-authority.js';
import {
  APP_ID,
  type AttestationChanges,
  assert,
  attest,
  authenticatorDataHead,
  DEVELOPMENT,
  sha256,
} from './support/evidence.js';
import { attestationFixture, attestationOptions } from './support/recordings.js';
import { expectCode } from './support/rejection.js';

const authority = await createAuthority();
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

async function verifyAttested(changes: AttestationChanges, date?: Date) {
  const { attestation, keyId, challenge, appId, trustAnchors, ...valid } = await attest(authority, changes);
  return verifyAttestation({ attestation, keyId, challenge, appId, trustAnchors, date: date ?? valid.date });
}

describe('unlike another verifier, this package', () => {
  it('compares all 16 aaguid bytes, so a development key is rejected in production', async () => {
    expect(DEVELOPMENT.subarray(0, 9).toString()).toBe('appattest');
    await expectCode(() => verifyAttested({ aaguid: DEVELOPMENT }), 'environment_mismatch');
  });

  it('checks certificate dates, so an old attestation is rejected', async () => {
    await expectCode(() => verifyAttested({}, new Date('2027-10-01T00:00:00Z')), 'certificate_expired');
    const { date: _, ...recording } = attestationOptions(attestationFixture('node-app-attest-production'));
    await expectCode(() => verifyAttestation(recording), 'certificate_expired');
  });

  it('decodes the counter as unsigned, so a high counter is not negative', async () => {
    const assertion = assert(privateKey, { counter: 0x8000_0000 });
    const options = { assertion, publicKey, payload: 'payload', appId: APP_ID };
    expect((await verifyAssertion({ ...options, counter: 0x7fff_ffff })).counter).toBe(0x8000_0000);
    const replay = { ...options, assertion: assert(privateKey, { counter: 1 }), counter: 0x8000_0000 };
    await expectCode(() => verifyAssertion(replay), 'counter_not_increased');
    await expectCode(() => verifyAttested({ counter: 0xffff_ffff }), 'counter_not_zero');
  });

  it.each([undefined, null, Number.NaN])(
    'rejects the stored counter %s, so the check of the counter is never skipped',
    async (counter) => {
      const options = { assertion: assert(privateKey), publicKey, payload: 'payload', appId: APP_ID };
      await expectCode(() => verifyAssertion({ ...options, counter } as never), 'invalid_argument');
    },
  );

  it('verifies signatures in the chain, so the name of the issuer is not enough', async () => {
    const impostor = await createAuthority();
    expect(impostor.intermediate.profile.subject).toBe(authority.intermediate.profile.subject);
    expect(LEAF_PROFILE.issuer).toBe(authority.intermediate.profile.subject);
    const { attestation, keyId, challenge, appId, date } = await attest(impostor);
    const trustAnchors = [authority.root.der];
    await expectCode(
      () => verifyAttestation({ attestation, keyId, challenge, appId, date, trustAnchors }),
      'untrusted_certificate',
    );
    await expectCode(() => verifyAttestation({ attestation, keyId, challenge, appId, date }), 'untrusted_certificate');
  });

  it('accepts the nonce only at its position in the extension, and does not search for its bytes', async () => {
    const behind = (nonce: Uint8Array) => sequence(tagged(1, octetString(new Uint8Array(32))), octetString(nonce));
    await expectCode(() => verifyAttested({ nonce: behind }), 'nonce_mismatch');
    const asLastOfTwo = (nonce: Uint8Array) => {
      return sequence(tagged(1, octetString(new Uint8Array(32)), octetString(nonce)));
    };
    await expectCode(() => verifyAttested({ nonce: asLastOfTwo }), 'nonce_mismatch');
    await expectCode(() => verifyAttested({ nonceOid: '1.2.840.113635.100.8.21' }), 'nonce_mismatch');
  });

  it.each([
    ['no bytes', new Uint8Array()],
    ['null as CBOR', cbor(null)],
    ['a map with null in every field', cbor({ fmt: null, attStmt: null, authData: null, signature: null })],
    ['a map of numbers', cbor({ fmt: 'apple-appattest', attStmt: { x5c: [1, 2], receipt: 3 }, authData: 4 })],
  ])('throws no unexpected error for malformed input: %s', async (_, bytes) => {
    const { keyId, date } = attestationOptions(attestationFixture('node-app-attest-production'));
    const attempts = [
      verifyAttestation({ attestation: bytes, keyId, challenge: 'c', appId: APP_ID, date }),
      verifyAssertion({ assertion: bytes, publicKey, payload: 'p', appId: APP_ID, counter: 0 }),
    ];
    for (const { status, ...settled } of await Promise.allSettled(attempts)) {
      expect(status).toBe('rejected');
      expect('reason' in settled && settled.reason).toBeInstanceOf(AppAttestError);
    }
  });

  it('does not repair the length of a corrupt receipt', async () => {
    const { attestation, ...options } = attestationOptions(attestationFixture('node-app-attest-production'));
    const name = Buffer.from('\x67receipt\x59', 'latin1');
    const lengthAt = Buffer.from(attestation).indexOf(name) + name.length;
    for (const wrong of [-1, 1, 2]) {
      const corrupt = Buffer.from(attestation);
      corrupt.writeUInt16BE(corrupt.readUInt16BE(lengthAt) + wrong, lengthAt);
      await expectCode(() => verifyAttestation({ ...options, attestation: corrupt }), 'malformed_attestation');
    }
  });
});

describe('unlike other App Attest code, this package', () => {
  it('rejects a signature whose digest is the nonce, because devices hash the nonce again', async () => {
    const authenticatorData = authenticatorDataHead(APP_ID, 0x40, 1);
    const clientDataHash = sha256('payload');
    // The nonce is the SHA-256 of this message. So this signature has the nonce as its ECDSA digest.
    const message = Buffer.concat([authenticatorData, clientDataHash]);
    const signature = new Uint8Array(sign('sha256', message, privateKey));
    const assertion = cbor({ signature, authenticatorData });
    await expectCode(
      () => verifyAssertion({ assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0 }),
      'invalid_signature',
    );
  });

  it('accepts a nonce that happens to be a valid ASN.1 element, as one nonce in 500 is', async () => {
    await expect(verifyAttested({ nonceReadsAsAsn1: true })).resolves.toMatchObject({ appId: APP_ID });
  });

  it('accepts the bytes that iOS 27 adds to authenticator data from offset 164', async () => {
    const recording = attestationFixture('apple-guide-2026');
    const verified = await verifyAttestation(attestationOptions(recording));
    expect(verified.keyId).toBe(recording.keyId);
  });
});
