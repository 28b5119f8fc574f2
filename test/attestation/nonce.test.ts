import { describe, expect, it } from 'vitest';
import type { VerifyAttestationOptions } from '../../src/index.js';
import { integer, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import { type AttestationChanges, sha256 } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('the nonce', () => {
  const wrong: readonly [string, AttestationChanges][] = [
    ['the nonce of another challenge', { challenge: 'another challenge' }],
    ['no nonce', { nonce: () => undefined }],
    ['a nonce without its tag', { nonce: (nonce) => sequence(octetString(nonce)) }],
    ['a nonce under another tag', { nonce: (nonce) => sequence(tagged(2, octetString(nonce))) }],
    ['a truncated nonce', { nonce: (nonce) => sequence(tagged(1, octetString(nonce.subarray(0, 31)))) }],
    ['an empty nonce', { nonce: () => sequence(tagged(1, octetString(''))) }],
    ['a nonce that is not an OCTET STRING', { nonce: () => sequence(tagged(1, integer(1))) }],
    [
      'the nonce as the second element',
      { nonce: (nonce) => sequence(tagged(1, octetString('')), tagged(1, octetString(nonce))) },
    ],
    ['an element after the nonce', { nonce: (nonce) => sequence(tagged(1, octetString(nonce)), integer(1)) }],
    [
      'a nonce extension that is not DER',
      { nonce: (nonce) => Buffer.concat([sequence(tagged(1, octetString(nonce))), Uint8Array.of(0)]) },
    ],
  ];
  it.each(wrong)('is rejected: %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'nonce_mismatch');
  });

  const expected: readonly [string, Partial<VerifyAttestationOptions>][] = [
    ['another challenge', { challenge: 'another' }],
    ['another clientDataHash', { challenge: undefined as never, clientDataHash: sha256('another') }],
  ];
  it.each(expected)('does not match %s', async (_, changed) => {
    await expectCode(() => verify({}, changed), 'nonce_mismatch');
  });

  it('may be computed from a clientDataHash of 64 KiB', async () => {
    const options = { challenge: undefined as never, clientDataHash: new Uint8Array(65_536) };
    await expectCode(() => verify({}, options), 'nonce_mismatch');
  });

  it('is reported as missing or as malformed', async () => {
    const missing = await expectCode(() => verify({ nonce: () => undefined }), 'nonce_mismatch');
    expect(missing.message).toContain('has no nonce');
    const unreadable = await expectCode(() => verify({ nonce: () => octetString('') }), 'nonce_mismatch');
    expect(unreadable.message).toContain('cannot be decoded');
  });

  it('is rejected in an extension with another object identifier', async () => {
    await expectCode(() => verify({ nonceOid: '1.2.840.113635.100.8.22' }), 'nonce_mismatch');
  });
});
