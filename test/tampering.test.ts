import { describe, expect, it } from 'vitest';
import { verifyAssertion, verifyAttestation } from '../src/index.js';
import { attestationFixture, attestationOptions, fixture, fromBase64 } from './support/recordings.js';
import { expectCode, rejectionOf } from './support/rejection.js';

function withByte(bytes: Uint8Array, offset: number, change: (byte: number) => number): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[offset] = change(changed[offset] ?? 0);
  return changed;
}

function recordedAssertion() {
  const { publicKey, appId, assertions } = fixture('node-app-attest-assertion');
  const [assertion] = assertions;
  if (!assertion || publicKey === undefined) throw new Error('the fixture is incomplete');
  const payload = fromBase64(assertion.clientData);
  return { assertion: fromBase64(assertion.object), publicKey, payload, appId, counter: 0 };
}

/** Returns where the receipt is in an attestation. It follows the CBOR text "receipt" and three bytes with its length. */
function receiptRange(attestation: Uint8Array): { start: number; end: number } {
  const name = Buffer.from('\x67receipt', 'latin1');
  const head = Buffer.from(attestation).indexOf(name) + name.length;
  expect(attestation[head]).toBe(0x59);
  const start = head + 3;
  return { start, end: start + Buffer.from(attestation).readUInt16BE(head + 1) };
}

describe('a recorded assertion', () => {
  const recording = recordedAssertion();

  it('is accepted unchanged', async () => {
    expect((await verifyAssertion(recording)).counter).toBe(1);
  });

  it(`is rejected with any one of its ${recording.assertion.length * 8} bits flipped`, async () => {
    for (let bit = 0; bit < recording.assertion.length * 8; bit += 1) {
      const assertion = withByte(recording.assertion, bit >> 3, (byte) => byte ^ (1 << (bit & 7)));
      await rejectionOf(() => verifyAssertion({ ...recording, assertion }));
    }
  });

  it('is malformed if it is truncated at any byte, or if bytes follow it', async () => {
    for (let length = 0; length < recording.assertion.length; length += 1) {
      const assertion = recording.assertion.subarray(0, length);
      await expectCode(() => verifyAssertion({ ...recording, assertion }), 'malformed_assertion');
    }
    const assertion = Buffer.concat([recording.assertion, Uint8Array.of(0)]);
    await expectCode(() => verifyAssertion({ ...recording, assertion }), 'malformed_assertion');
  });
});

describe.each(['apple-guide-2026', 'node-app-attest-production'])('the recorded attestation %s', (name) => {
  const recording = attestationOptions(attestationFixture(name));
  const { attestation } = recording;

  it('is accepted unchanged', async () => {
    expect((await verifyAttestation(recording)).counter).toBe(0);
  });

  it('is rejected with any byte outside the receipt changed', async () => {
    const { start, end } = receiptRange(attestation);
    for (let offset = 0; offset < attestation.length; offset += 1) {
      if (offset >= start && offset < end) continue;
      // The offset decides which bit is flipped. Low bits change values slightly. High bits change types and lengths.
      const changed = withByte(attestation, offset, (byte) => byte ^ (1 << (offset % 8)));
      await rejectionOf(() => verifyAttestation({ ...recording, attestation: changed }));
    }
  });

  it('is malformed if it is truncated at any byte, or if bytes follow it', async () => {
    for (let length = 0; length < attestation.length; length += 1) {
      const cut = attestation.subarray(0, length);
      await expectCode(() => verifyAttestation({ ...recording, attestation: cut }), 'malformed_attestation');
    }
    const longer = Buffer.concat([attestation, Uint8Array.of(0)]);
    await expectCode(() => verifyAttestation({ ...recording, attestation: longer }), 'malformed_attestation');
  });

  it('is accepted with any receipt, because no signature of the attestation covers the receipt', async () => {
    const { start, end } = receiptRange(attestation);
    const changed = withByte(attestation, start + 100, (byte) => byte ^ 1);
    const { receipt } = await verifyAttestation({ ...recording, attestation: changed });
    expect(receipt).toEqual(new Uint8Array(changed.subarray(start, end)));
  });
});
