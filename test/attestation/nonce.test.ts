import { describe, expect, it } from 'vitest';
import type { VerifyAttestationOptions } from '../../src/index.js';
import { integer, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import { type AttestationChanges, sha256 } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('the nonce', () => {
  const wrong: readonly [string, AttestationChanges][] = [
    ['it was computed for another challenge', { challenge: 'another challenge' }],
    ['it is missing', { nonce: () => undefined }],
    ['it has no tag', { nonce: (nonce) => sequence(octetString(nonce)) }],
    ['it has another tag', { nonce: (nonce) => sequence(tagged(2, octetString(nonce))) }],
    ['it is truncated', { nonce: (nonce) => sequence(tagged(1, octetString(nonce.subarray(0, 31)))) }],
    ['it is empty', { nonce: () => sequence(tagged(1, octetString(''))) }],
    ['it is not an OCTET STRING', { nonce: () => sequence(tagged(1, integer(1))) }],
    [
      'it is the second element of its extension',
      { nonce: (nonce) => sequence(tagged(1, octetString('')), tagged(1, octetString(nonce))) },
    ],
    ['another element follows it', { nonce: (nonce) => sequence(tagged(1, octetString(nonce)), integer(1)) }],
    [
      'a byte follows the DER of its extension',
      { nonce: (nonce) => Buffer.concat([sequence(tagged(1, octetString(nonce))), Uint8Array.of(0)]) },
    ],
  ];
  it.each(wrong)('is rejected if %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'nonce_mismatch');
  });

  const expected: readonly [string, Partial<VerifyAttestationOptions>][] = [
    ['another challenge', { challenge: 'another' }],
    ['another clientDataHash', { challenge: undefined as never, clientDataHash: sha256('another') }],
  ];
  it.each(expected)('does not match %s', async (_, changed) => {
    await expectCode(() => verify({}, changed), 'nonce_mismatch');
  });

  it('is compared even if the clientDataHash has 64 KiB', async () => {
    const options = { challenge: undefined as never, clientDataHash: new Uint8Array(65_536) };
    await expectCode(() => verify({}, options), 'nonce_mismatch');
  });

  it('is rejected with an error that says whether the nonce is missing or cannot be decoded', async () => {
    const missing = await expectCode(() => verify({ nonce: () => undefined }), 'nonce_mismatch');
    expect(missing.message).toContain('has no nonce');
    const unreadable = await expectCode(() => verify({ nonce: () => octetString('') }), 'nonce_mismatch');
    expect(unreadable.message).toContain('cannot be decoded');
  });

  it('is rejected if its extension has another object identifier', async () => {
    await expectCode(() => verify({ nonceOid: '1.2.840.113635.100.8.22' }), 'nonce_mismatch');
  });
});
