import { describe, expect, it } from 'vitest';
import { decodeKeyIdentifier } from '../../src/attestation/key-identifier.js';

describe('a key identifier', () => {
  it('is base64 of 32 bytes', () => {
    expect(decodeKeyIdentifier(Buffer.alloc(32, 1).toString('base64'))?.length).toBe(32);
  });

  it.each([0, 31, 33])('is not base64 of %i bytes', (length) => {
    expect(decodeKeyIdentifier(Buffer.alloc(length, 1).toString('base64'))).toBeUndefined();
  });
});
