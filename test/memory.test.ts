import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { inspectAttestation, verifyAssertion, verifyAttestation } from '../src/index.js';
import { APP_ID, assert, signedExtensions } from './support/evidence.js';
import { attestationFixture, attestationOptions } from './support/recordings.js';

/** Collects the byte arrays in a value, recursively. */
function bytesIn(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(bytesIn);
}

/** Expects `count` byte arrays in a value. Each must have its own `ArrayBuffer`, which contains no other bytes. */
function expectOwnMemory(value: unknown, count: number): void {
  const found = bytesIn(value);
  expect(found.length).toBe(count);
  for (const bytes of found) expect(bytes.buffer.byteLength).toBe(bytes.length);
}

it('the bytes in a result are copies that keep nothing else in memory', async () => {
  const options = attestationOptions(attestationFixture('apple-guide-2026'));
  expectOwnMemory(await verifyAttestation(options), 1);

  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(32) });
  const assertion = assert(privateKey, { extensions });
  expectOwnMemory(await verifyAssertion({ assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0 }), 1);

  const { receipt, authenticatorData, certificates } = inspectAttestation(options.attestation);
  expectOwnMemory({ receipt, authenticatorData, certificates }, 7);
});
