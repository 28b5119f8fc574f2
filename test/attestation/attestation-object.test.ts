import { describe, expect, it, vi } from 'vitest';
import { type AppAttestErrorCode, verifyAttestation } from '../../src/index.js';
import { APP_ID, type AttestationChanges, attest } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { authority, verify } from '../support/verified-attestations.js';

describe('an attestation object', () => {
  const accepted: readonly [string, AttestationChanges][] = [
    ['with an unknown field in attStmt', { statement: { ver: '2' } }],
  ];
  it.each(accepted)('is accepted %s', async (_, changes) => {
    expect((await verify(changes)).appId).toBe(APP_ID);
  });

  const wrong: readonly [string, AttestationChanges, AppAttestErrorCode][] = [
    ['another format', { object: { fmt: 'packed' } }, 'unsupported_format'],
    ['no format', { object: { fmt: undefined } }, 'malformed_attestation'],
    ['a format that is not text', { object: { fmt: 1 } }, 'malformed_attestation'],
    ['no attStmt', { object: { attStmt: undefined } }, 'malformed_attestation'],
    ['no authData', { object: { authData: undefined } }, 'malformed_attestation'],
    ['authData as text', { object: { authData: 'text' } }, 'malformed_attestation'],
    ['no receipt', { statement: { receipt: undefined } }, 'malformed_attestation'],
  ];
  it.each(wrong)('is rejected with %s', async (_, changes, code) => {
    await expectCode(() => verify(changes), code);
  });

  it('may have at most 64 KiB', async () => {
    const { attestation, privateKey: _, ...options } = await attest(authority);
    // The map gets the additional field "p", a byte string.
    const padded = (length: number): Uint8Array => {
      const size = length - attestation.length - 5;
      const entry = Uint8Array.of(0x61, 0x70, 0x59, size >> 8, size & 0xff, ...new Uint8Array(size));
      return Uint8Array.of(0xa4, ...attestation.subarray(1), ...entry);
    };
    await verifyAttestation({ ...options, attestation: padded(65_536) });
    await expectCode(() => verifyAttestation({ ...options, attestation: padded(65_537) }), 'malformed_attestation');
  });

  it('is rejected before base64 decoding if its text is too long', async () => {
    const attestation = 'A'.repeat(100_000);
    const from = vi.spyOn(Buffer, 'from');
    try {
      await expectCode(() => verify({}, { attestation }), 'malformed_attestation');
      expect(from.mock.calls.some(([value]) => (value as unknown) === attestation)).toBe(false);
    } finally {
      from.mockRestore();
    }
  });

  it('is rejected if it cannot be decoded, and the error has the decoding error as its cause', async () => {
    const error = await expectCode(() => verify({}, { attestation: Uint8Array.of(0xff) }), 'malformed_attestation');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('is rejected if its format is unknown, and the error quotes and truncates the format', async () => {
    const error = await expectCode(
      () => verify({ object: { fmt: `\u202e\n${'x'.repeat(500)}` } }),
      'unsupported_format',
    );
    expect(error.message).toContain('\\u202e\\n');
    expect(error.message.length).toBeLessThan(300);
  });
});
