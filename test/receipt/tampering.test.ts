import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyAttestation, verifyReceipt } from '../../src/index.js';
import { decodeReceipt } from '../../src/receipt/receipt.js';
import { attestationFixture, attestationOptions } from '../support/recordings.js';
import { rejectionOf } from '../support/rejection.js';

const attested = await verifyAttestation(attestationOptions(attestationFixture('apple-guide-2026')));
const { receipt, appId, publicKey, environment } = attested;
const { signedData, payload } = await decodeReceipt(receipt);
const options = { appId, publicKey, environment, date: payload.creationTime };

/** The offsets in the receipt at which these bytes start and end. */
function rangeOf(part: Uint8Array): { start: number; end: number } {
  const start = Buffer.from(receipt).indexOf(part);
  if (start < 0) throw new Error('the receipt does not contain these bytes in one piece');
  return { start, end: start + part.length };
}

/** A copy of the receipt in which one bit of the byte at `offset` is flipped. The position of the bit depends on the offset. */
function changedAt(offset: number): Uint8Array {
  return receipt.with(offset, (receipt[offset] ?? 0) ^ (1 << (offset % 8)));
}

async function codesOf({ start, end }: { start: number; end: number }): Promise<ReadonlySet<string>> {
  const codes = new Set<string>();
  for (let offset = start; offset < end; offset += 1) {
    codes.add((await rejectionOf(() => verifyReceipt({ ...options, receipt: changedAt(offset) }))).code);
  }
  return codes;
}

const [signer, intermediate, root] = signedData.certificates.map(rangeOf);
// Apple's servers split the payload into chunks of 1000 bytes.
const firstChunk = rangeOf(signedData.content.subarray(0, 1000));
const secondChunk = rangeOf(signedData.content.subarray(1000));
if (!signer || !intermediate || !root) throw new Error('the fixture must contain three certificates');

describe('a recorded receipt from Apple', () => {
  it('is accepted if it is unchanged', async () => {
    expect((await verifyReceipt({ ...options, receipt })).type).toBe('ATTEST');
  });

  it('is rejected with any byte of its signature changed', async () => {
    expect(await codesOf(rangeOf(signedData.signature))).toEqual(new Set(['invalid_signature']));
  });

  it('is rejected with any byte of its payload changed', async () => {
    const codes = new Set([...(await codesOf(firstChunk)), ...(await codesOf(secondChunk))]);
    // A change can move the creation time to a time before the validity of the signer's certificate.
    expect(codes).toEqual(new Set(['malformed_receipt', 'invalid_signature', 'certificate_expired']));
  });

  it('is rejected with any byte of the signer certificate or the intermediate certificate changed', async () => {
    const codes = new Set(['malformed_receipt', 'untrusted_certificate']);
    expect(await codesOf(signer)).toEqual(codes);
    expect(await codesOf(intermediate)).toEqual(codes);
  });

  it('is accepted with any byte of its root changed if the root is still a well-formed certificate', async () => {
    const { start, end } = root;
    const expected = await verifyReceipt({ ...options, receipt });
    let accepted = 0;
    for (let offset = start; offset < end; offset += 1) {
      const verified = await verifyReceipt({ ...options, receipt: changedAt(offset) }).catch((error) => error);
      if (verified.code === undefined) {
        accepted += 1;
        expect(verified).toEqual(expected);
      } else {
        expect(verified.code).toBe('malformed_receipt');
      }
    }
    expect(accepted).toBeGreaterThan(300);
    expect(new X509Certificate(receipt.slice(start, end)).subject).toContain('Apple Root CA - G3');
  });

  it('is rejected or yields the same values with any other byte changed', async () => {
    const parts = [signer, intermediate, root, firstChunk, secondChunk, rangeOf(signedData.signature)];
    const expected = await verifyReceipt({ ...options, receipt });
    const accepted: number[] = [];
    for (let offset = 0; offset < receipt.length; offset += 1) {
      if (parts.some(({ start, end }) => offset >= start && offset < end)) continue;
      const verified = await verifyReceipt({ ...options, receipt: changedAt(offset) }).catch((error) => error);
      if (verified.code !== undefined) continue;
      accepted.push(offset);
      expect(verified).toEqual(expected);
    }
    // The version numbers of SignedData and SignerInfo have no effect.
    expect(accepted.map((offset) => receipt[offset])).toEqual([0x01, 0x01]);
  });
});
