import { describe, expect, it } from 'vitest';
import { decodeKeyIdentifier } from '../../src/attestation/key-identifier.js';
import type { VerifyAttestationOptions } from '../../src/index.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('a key identifier', () => {
  it('is decoded from base64 of 32 bytes', () => {
    expect(decodeKeyIdentifier(Buffer.alloc(32, 1).toString('base64'))?.length).toBe(32);
  });

  it.each([0, 31, 33])('is not decoded from base64 of %i bytes', (length) => {
    expect(decodeKeyIdentifier(Buffer.alloc(length, 1).toString('base64'))).toBeUndefined();
  });

  const expected: readonly [string, Partial<VerifyAttestationOptions>][] = [
    ['belongs to another key', { keyId: Buffer.alloc(32).toString('base64') }],
    ['is not base64', { keyId: '!' }],
    ['is base64 of 31 bytes', { keyId: Buffer.alloc(31).toString('base64') }],
    ['is text of one megabyte', { keyId: 'A'.repeat(1 << 20) }],
    ['is empty', { keyId: '' }],
  ];
  it.each(expected)('is rejected if it %s', async (_, changed) => {
    await expectCode(() => verify({}, changed), 'key_id_mismatch');
  });
});
