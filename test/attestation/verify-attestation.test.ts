import { describe, expect, it } from 'vitest';
import { ValidationCategory, verifyAttestation } from '../../src/index.js';
import { threadPoolSize } from '../../src/runtime/thread-pool.js';
import { LEAF_PROFILE } from '../support/certificate-authority.js';
import { APP_ID, attest, DEVELOPMENT, signedExtensions } from '../support/evidence.js';
import { attestationFixture, attestationOptions } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';
import { authority, verify } from '../support/verified-attestations.js';

describe('a valid attestation', () => {
  it('is verified and yields the values that the server stores', async () => {
    const { attestation, keyId, challenge, appId, date, trustAnchors } = await attest(authority);
    const verified = await verifyAttestation({ attestation, keyId, challenge, appId, date, trustAnchors });

    expect(verified).toEqual({
      keyId,
      publicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n.{64}\n.{60}\n-----END PUBLIC KEY-----\n$/),
      counter: 0,
      appId: APP_ID,
      environment: 'production',
      receipt: new Uint8Array(4000),
      device: { platform: 'iphoneos', osVersion: '27.0', osBuild: '24A325b', deviceClass: 2 },
      extensions: { validationCategory: ValidationCategory.AppStore, bundleVersion: '42' },
      certificate: { notBefore: LEAF_PROFILE.notBefore, notAfter: LEAF_PROFILE.notAfter },
    });
  });

  it('yields the matching app and environment if several are accepted', async () => {
    const verified = await verify(
      { aaguid: DEVELOPMENT },
      {
        appId: ['OTHER12345.com.example.app', { teamId: 'TEAMID1234', bundleId: 'com.example.app' }],
        environment: ['production', 'development'],
      },
    );
    expect(verified.appId).toBe(APP_ID);
    expect(verified.environment).toBe('development');
  });

  it('is accepted if the attestation and the key identifier are base64, or base64url without padding', async () => {
    const recording = attestationFixture('apple-guide-2026');
    const options = attestationOptions(recording);
    const base64 = Buffer.from(options.attestation).toString('base64');
    const base64url = Buffer.from(options.attestation).toString('base64url');
    const keyId = Buffer.from(options.keyId, 'base64').toString('base64url');
    expect((await verifyAttestation({ ...options, attestation: base64 })).keyId).toBe(recording.keyId);
    expect((await verifyAttestation({ ...options, attestation: base64url, keyId })).keyId).toBe(recording.keyId);
  });

  it('yields copies of its bytes, not slices of the attestation', async () => {
    const { attestation, keyId, challenge, appId, date, trustAnchors } = await attest(authority, {
      extensions: signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(32).fill(1) }),
    });
    const { receipt, extensions } = await verifyAttestation({
      attestation,
      keyId,
      challenge,
      appId,
      date,
      trustAnchors,
    });
    expect(receipt.buffer).not.toBe(attestation.buffer);
    expect(receipt.buffer.byteLength).toBe(4000);
    expect(extensions?.codeDirectoryHash?.buffer.byteLength).toBe(32);
  });
});

it('verifyAttestation rejects a malformed key identifier without waiting for attestations in the queue', async () => {
  const options = await attest(authority);
  const { privateKey: _, ...call } = options;
  const waiting = Array.from({ length: 3 * threadPoolSize() }, () => verifyAttestation(call).then(() => 'attested'));
  const rejected = verifyAttestation({ ...call, keyId: 'A'.repeat(1 << 20) }).catch(({ code }) => code);
  expect(await Promise.race([...waiting, rejected])).toBe('key_id_mismatch');
  await Promise.all(waiting);
});

it('verifyAttestation first checks the base64 of the attestation, then the key identifier, then the attestation object', async () => {
  await expectCode(() => verify({}, { attestation: '!', keyId: '!' }), 'malformed_attestation');
  await expectCode(() => verify({}, { attestation: Uint8Array.of(0), keyId: '!' }), 'key_id_mismatch');
});
