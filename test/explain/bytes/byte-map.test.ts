import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapAssertion, mapAttestation, mapReceipt } from '../../../src/explain/bytes/byte-map.js';
import type { EvidencePart } from '../../../src/explain/bytes/evidence-part.js';
import { assertProperty } from '../../support/assert-property.js';
import { costOf } from '../../support/cost.js';
import { attestationFixture, attestationRecordings, fromBase64, recordings } from '../../support/recordings.js';

const apple = fromBase64(attestationFixture('apple-guide-2026').attestation.object);
const assertions = recordings.flatMap(({ name, assertions }) => assertions.map(({ object }) => ({ name, object })));

function partsOf(part: EvidencePart): readonly EvidencePart[] {
  return [part, ...part.children.flatMap(partsOf)];
}

function partAt(root: EvidencePart, ...names: readonly string[]): EvidencePart {
  return names.reduce((parent, name) => {
    const child = parent.children.find((candidate) => candidate.name === name);
    if (!child) throw new Error(`${parent.name} has no part ${name}`);
    return child;
  }, root);
}

/** The offsets of all bytes of a part. */
function offsetsOf({ ranges }: EvidencePart): readonly number[] {
  return ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index));
}

function expectNested(part: EvidencePart, bytes: Uint8Array): void {
  const offsets = new Set(offsetsOf(part));
  const inParts = part.children.flatMap(offsetsOf);
  expect(new Set(inParts).size).toBe(inParts.length);
  expect(inParts.every((offset) => offsets.has(offset) && offset < bytes.length)).toBe(true);
  for (const child of part.children) expectNested(child, bytes);
}

describe('the byte map of evidence', () => {
  for (const { name, attestation } of attestationRecordings) {
    it(`contains no malformed part for the attestation ${name}`, () => {
      const bytes = fromBase64(attestation.object);
      const root = mapAttestation(bytes);
      expect(partsOf(root).filter(({ isMalformed }) => isMalformed)).toEqual([]);
      expectNested(root, bytes);
      const certificate = ['certificate', 'tbsCertificate', 'validity', 'notBefore'];
      expect(partAt(root, 'attStmt', 'x5c', 'x5c[1]', ...certificate).value).toBe('2020-03-18T18:39:55Z');
    });
  }

  for (const { name, object } of assertions) {
    it(`contains no malformed part for the assertion of ${name}`, () => {
      const root = mapAssertion(fromBase64(object));
      expect(partsOf(root).filter(({ isMalformed }) => isMalformed)).toEqual([]);
      expectNested(root, fromBase64(object));
      expect(partAt(root, 'signature', 'ECDSA').children.map(({ name }) => name)).toEqual(['r', 's']);
    });
  }

  it('contains the offsets and the values of authenticator data', () => {
    const authData = partAt(mapAttestation(apple), 'authData');
    const rpIdHash = createHash('sha256').update('1234567890.com.example.myapp').digest('hex');
    const start = authData.children[0]?.ranges[0]?.start ?? Number.NaN;
    const fields = authData.children.map(({ name, ranges: [range], value }) => {
      return [name, (range?.start ?? 0) - start, (range?.end ?? 0) - (range?.start ?? 0), value];
    });
    expect(fields).toEqual([
      ['rpIdHash', 0, 32, `${rpIdHash.slice(0, 16)}… (32 bytes)`],
      ['flags', 32, 1, '0x40 (AT)'],
      ['counter', 33, 4, '0'],
      ['aaguid', 37, 16, 'production'],
      ['credentialIdLength', 53, 2, '32'],
      ['credentialId', 55, 32, 'ce0498f58483fbb4… (32 bytes)'],
      ['credentialPublicKey', 87, 77, 'a501020326200121… (77 bytes)'],
      ['extensions', 164, expect.any(Number), 'the flag ED is 0, so this part is not authenticated'],
    ]);
    expect(partAt(authData, 'extensions', 'apple_bundle_version_01').value).toBe('1');
    expect(partAt(authData, 'credentialPublicKey').children.map(({ name }) => name)).toEqual([
      'kty',
      'alg',
      'crv',
      'x',
      'y',
    ]);
  });

  it('contains several ranges for a field of a receipt that continues in another chunk', () => {
    const signedData = ['contentInfo', 'content', 'signedData'];
    const eContent = [...signedData, 'encapContentInfo', 'eContent', 'OCTET STRING', 'payload'];
    const receipt = partAt(mapAttestation(apple), 'attStmt', 'receipt');
    const certificate = partAt(receipt, ...eContent, 'attested public key', 'value', 'certificate');
    expect(certificate.ranges).toEqual([
      { start: 1806, end: 2750 },
      { start: 2754, end: 2867 },
    ]);
    const text = Buffer.concat(certificate.ranges.map(({ start, end }) => apple.subarray(start, end)));
    const x5c = partAt(mapAttestation(apple), 'attStmt', 'x5c', 'x5c[0]', 'certificate').ranges[0];
    expect(text.equals(apple.subarray(x5c?.start, x5c?.end))).toBe(true);
    expect(partAt(receipt, ...eContent, 'creation time', 'value').value).toMatch(/^2026-/);
  });

  it('contains the beginning of a truncated attestation, and marks the malformed or truncated part', () => {
    for (let length = 0; length < apple.length; length += 7) {
      const parts = partsOf(mapAttestation(apple.subarray(0, length)));
      const isMarked = parts.some(({ isMalformed, value }) => isMalformed || value?.includes('truncated'));
      if (length > 0) expect([length, isMarked]).toEqual([length, true]);
      if (length > 21) expect(parts.map(({ name }) => name)).toContain('fmt');
    }
  });

  it('is created without an error, and stays small, for any bytes', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.nat(apple.length - 1), fc.nat(255))
        .map(([offset, byte]) => apple.map((old, at) => (at === offset ? byte : old))),
    );
    await assertProperty(
      fc.property(bytes, (evidence) => {
        for (const map of [mapAttestation, mapAssertion, mapReceipt]) {
          const parts = partsOf(map(Uint8Array.from(evidence)));
          expect(parts.length).toBeLessThan(4200);
          expect(parts.every(({ name, value = '' }) => name.length <= 161 && value.length <= 300)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    [
      'an array of 60,000 items',
      mapAttestation,
      [0xa1, 0x61, 0x61, 0x99, 0xea, 0x60, ...Array<number>(60_000).fill(0)],
    ],
    ['nested arrays', mapAttestation, [0xa1, 0x61, 0x61, ...Array<number>(60_000).fill(0x81)]],
    ['an array of 2^53 items', mapAttestation, [0xa1, 0x61, 0x61, 0x9b, 0, 0x1f, ...Array<number>(60_000).fill(0xff)]],
    ['nested indefinite lengths', mapReceipt, Array.from({ length: 60_000 }, (_, index) => (index % 2 ? 0x80 : 0x30))],
    [
      'thousands of chunks',
      mapReceipt,
      [0x24, 0x80, ...Array.from({ length: 20_000 }, () => [0x04, 0x01, 0x00]).flat()],
    ],
    [
      'thousands of empty elements',
      mapReceipt,
      Array<number>(60_000)
        .fill(0)
        .map((_, index) => (index % 2 ? 0 : 0x30)),
    ],
    ['more than 64 KiB', mapReceipt, Array<number>(70_000).fill(0x30)],
  ] as const)('has a limited number of parts for %s, and limited cost', async (_, map, bytes) => {
    const evidence = Uint8Array.from(bytes);
    const parts = partsOf(map(evidence));
    expect(parts.length).toBeLessThan(4200);
    expect(parts.filter(({ isMalformed }) => isMalformed).length).toBeGreaterThan(0);
    const limit = 20 * (await costOf(async () => mapAttestation(apple))).milliseconds;
    expect((await costOf(async () => map(evidence))).milliseconds).toBeLessThan(limit);
  });
});
