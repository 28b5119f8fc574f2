import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attestationFixture, attestationOptions } from '../../support/recordings.js';
import { readVectors, VECTORS } from '../../support/wycheproof.js';
import { type Call, type Outcome, outcomesOf, toJson } from './calls.js';
import { assertions, attestations, receipts } from './recorded-calls.js';

/** Makes the calls on a runtime on which vitest does not run. */
export type OutcomesThere = (calls: readonly Call[]) => Promise<readonly Outcome[]>;

function withByte(bytes: Uint8Array, offset: number, change: number): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[offset] = (changed[offset] ?? 0) ^ change;
  return changed;
}

/** Expects the same result from the runtime as from Node for each call. Returns the numbers of accepted and rejected calls. */
export async function expectSameOutcomes(
  calls: readonly Call[],
  outcomesThere: OutcomesThere,
): Promise<{ accepted: number; rejected: number }> {
  const onNode = await outcomesOf(calls);
  const there = await outcomesThere(calls);
  expect(there.length).toBe(calls.length);
  // Compares text, because comparing megabytes element by element takes longer than verifying them.
  expect(there.filter((outcome, index) => toJson(outcome) !== toJson(onNode[index]))).toEqual([]);
  const accepted = onNode.filter((outcome) => 'accepted' in outcome).length;
  const rejected = onNode.filter((outcome) => 'rejected' in outcome).length;
  expect(accepted + rejected).toBe(calls.length);
  return { accepted, rejected };
}

/** Tests the verifiers on a runtime with all recordings, and compares the results with those of Node. */
export function testRecordedCalls(runtime: string, outcomesThere: OutcomesThere): void {
  const same = (calls: readonly Call[]) => expectSameOutcomes(calls, outcomesThere);

  describe(`the verifiers in ${runtime}`, () => {
    it.each([...attestations, ...assertions, ...receipts])('accept $name', async ({ call }) => {
      expect(await same([call])).toEqual({ accepted: 1, rejected: 0 });
    });

    it('reject a recorded assertion with any bit flipped, with the same code as on Node', async () => {
      const original = assertions.find(({ name }) => name === 'node-app-attest-assertion')?.call.verifyAssertion;
      if (!original) throw new Error('there is no recorded assertion node-app-attest-assertion');
      const { assertion } = original;
      const calls = Array.from({ length: assertion.length * 8 }, (_, bit) => ({
        verifyAssertion: { ...original, assertion: withByte(assertion, bit >> 3, 1 << (bit & 7)) },
      }));
      expect(await same(calls)).toEqual({ accepted: 0, rejected: calls.length });
    });

    it('have the same results as on Node for copies of a recorded attestation, changed or truncated at every fifth byte', async () => {
      const original = attestationOptions(attestationFixture('apple-guide-2026'));
      const offsets = Array.from({ length: Math.ceil(original.attestation.length / 5) }, (_, index) => index * 5);
      const changed = offsets.map((offset) => withByte(original.attestation, offset, 1 << (offset & 7)));
      const cut = offsets.map((offset) => original.attestation.subarray(0, offset));
      const { accepted, rejected } = await same(
        [...changed, ...cut].map((attestation) => ({ verifyAttestation: { ...original, attestation } })),
      );
      // Changes inside the receipt are accepted, because the verifier does not decode the receipt. More than half of the bytes
      // belong to the receipt.
      expect(accepted).toBeLessThan(changed.length);
      expect(rejected).toBeGreaterThan(changed.length);
    });

    it('have the same results as on Node for copies of a recorded receipt, changed at every 20th byte', async () => {
      const original = receipts.find(({ name }) => name === 'the receipt of apple-guide-2026')?.call.verifyReceipt;
      if (!original) throw new Error('there is no receipt in the recording apple-guide-2026');
      const { receipt } = original;
      const offsets = Array.from({ length: Math.ceil(receipt.length / 20) }, (_, index) => index * 20);
      const calls = offsets.map((offset) => ({
        verifyReceipt: { ...original, receipt: withByte(receipt, offset, 1 << (offset & 7)) },
      }));
      // Every receipt contains Apple's own root, and changes in that root have no effect.
      const { rejected } = await same(calls);
      expect(rejected).toBeGreaterThan(calls.length / 2);
    });
  });

  describe.skipIf(!VECTORS.every((file) => existsSync(file)))(`the vectors of Project Wycheproof in ${runtime}`, () => {
    it.each(VECTORS.map((file) => [basename(file.pathname), file] as const))(
      'verify only if they are valid: %s',
      async (_, file) => {
        const tests = readVectors(readFileSync(file, 'utf8')).groups.flatMap(({ pem, tests }) => {
          return tests.map((test) => ({ ...test, pem }));
        });
        const calls = tests.map(
          ({ pem, message, signature }): Call => ({ verifyEcdsa: { publicKey: pem, message, signature } }),
        );
        const expected = tests.map(({ result }): Outcome => ({ accepted: result === 'valid' }));
        expect(await outcomesThere(calls)).toEqual(expected);
      },
    );
  });
}
