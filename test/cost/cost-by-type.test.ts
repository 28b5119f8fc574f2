import { describe, expect, it } from 'vitest';
import { decodeCborMap } from '../../src/encoding/cbor-map.js';
import { verifyAssertion, verifyAttestation, verifyReceipt } from '../../src/index.js';
import { threadPoolSize } from '../../src/runtime/thread-pool.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { CostOfGenuine } from '../support/cost-of-genuine.js';
import {
  concatenated,
  type Part,
  type Path,
  pathsIn,
  readElement,
  replacedAt,
  writeElement,
} from '../support/element-tree.js';
import { createReceiptTree } from '../support/receipt-tree.js';
import { attestationFixture, attestationOptions } from '../support/recordings.js';
import { manyElements, wrongElements } from '../support/wrong-elements.js';

const KIB = 1024;

/** The certificates of a receipt have the same structure, so elements are replaced only in the first of them. */
const isInOtherCertificate = ([, , part, certificate = 0, ...rest]: Path): boolean => {
  return part === 3 && certificate > 0 && rest.length > 0;
};

/** Returns the names of the objects that cost more than allowed. */
async function tooExpensive(
  genuine: CostOfGenuine,
  objects: Iterable<readonly [string, Uint8Array]>,
  verify: (object: Uint8Array) => Promise<unknown>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [name, object] of objects) {
    const excess = await genuine.excess(() => verify(object).catch(() => undefined));
    if (excess !== undefined) found.push(`${name}: ${excess}`);
  }
  return found;
}

/** Counts the turns of the event loop until the work is done. */
async function turnsDuring(attempt: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await attempt();
  isDone = true;
  return turns;
}

describe('compared with genuine evidence, the cost is at most ten times as high for', () => {
  it('a receipt with a long element of any type instead of any of its elements', async () => {
    const receipt = await createReceiptTree();
    const verify = (bytes: Uint8Array) => verifyReceipt({ ...receipt.options, receipt: bytes });
    const genuine = await CostOfGenuine.measure(() => verify(receipt.bytes));
    const elements = wrongElements(58 * KIB);
    function* objects(): Generator<readonly [string, Uint8Array]> {
      for (const path of receipt.paths.filter((each) => !isInOtherCertificate(each))) {
        for (const [name, element] of elements) yield [`${name} at ${path.join('.')}`, receipt.with(path, element)];
      }
    }
    expect(await tooExpensive(genuine, objects(), verify)).toEqual([]);
  }, 300_000);

  it('a receipt with many small elements instead of any of its elements', async () => {
    const receipt = await createReceiptTree();
    const verify = (bytes: Uint8Array) => verifyReceipt({ ...receipt.options, receipt: bytes });
    const genuine = await CostOfGenuine.measure(() => verify(receipt.bytes));
    const elements = manyElements(58 * KIB);
    function* objects(): Generator<readonly [string, Uint8Array]> {
      for (const path of receipt.paths.filter((each) => !isInOtherCertificate(each))) {
        for (const [name, element] of elements) yield [`${name} at ${path.join('.')}`, receipt.with(path, element)];
      }
    }
    expect(await tooExpensive(genuine, objects(), verify)).toEqual([]);
  }, 300_000);

  it('thirty-two receipts at the same time, and the event loop continues', async () => {
    const receipt = await createReceiptTree();
    const issuer = [1, 0, 4, 0, 1, 0, 0];
    const verify = (bytes: Uint8Array) => verifyReceipt({ ...receipt.options, receipt: bytes }).catch(() => undefined);
    const together = (bytes: Uint8Array) => Promise.all(Array.from({ length: 32 }, () => verify(bytes)));
    const genuine = await CostOfGenuine.measure(() => together(receipt.bytes));
    const objects = manyElements(58 * KIB).map(([name, element]) => [name, receipt.with(issuer, element)] as const);
    expect(await tooExpensive(genuine, objects, together)).toEqual([]);
    for (const [name, object] of objects) {
      expect(await turnsDuring(() => together(object)), name).toBeGreaterThanOrEqual(32 / threadPoolSize() - 1);
    }
  });

  it('a receipt with the maximum number of attributes, which have values of any type', async () => {
    const receipt = await createReceiptTree();
    const verify = (bytes: Uint8Array) => verifyReceipt({ ...receipt.options, receipt: bytes });
    const genuine = await CostOfGenuine.measure(() => verify(receipt.bytes));
    const oid = Uint8Array.of(0x06, 0x03, 0x2a, 0x03, 0x04);
    const objects = wrongElements(200).map(([name, value]): readonly [string, Uint8Array] => {
      const set: Part = { tag: 0x31, isIndefinite: false, contents: [value] };
      const attribute: Part = { tag: 0x30, isIndefinite: false, contents: [oid, set] };
      const attributes = {
        tag: 0xa1,
        isIndefinite: false,
        contents: Array.from({ length: 16 }, () => attribute),
      };
      const signature = [1, 0, 4, 0, 4];
      const both = concatenated([receipt.elementAt(signature), writeElement(attributes)]);
      return [name, receipt.with(signature, both)];
    });
    expect(await tooExpensive(genuine, objects, verify)).toEqual([]);
  });

  const recording = attestationOptions(attestationFixture('apple-guide-2026'));
  const object = decodeCborMap(recording.attestation);
  const [leaf = new Uint8Array(), intermediate = new Uint8Array()] = object.map('attStmt').arrayOfBytes('x5c');
  const verifyBytes = (attestation: Uint8Array) => verifyAttestation({ ...recording, attestation });
  const attestationWith = (x5c: readonly Uint8Array[]): Uint8Array => {
    const attStmt = { x5c, receipt: object.map('attStmt').bytes('receipt') };
    return cbor({ fmt: 'apple-appattest', attStmt, authData: object.bytes('authData') });
  };

  it('a certificate with a long element of any type instead of any of its elements', async () => {
    const genuine = await CostOfGenuine.measure(() => verifyBytes(recording.attestation));
    const elements = wrongElements(56 * KIB);
    function* objects(): Generator<readonly [string, Uint8Array]> {
      for (const [certificate, place] of [
        [leaf, 'leaf'],
        [intermediate, 'intermediate'],
      ] as const) {
        const tree = readElement(certificate);
        for (const path of pathsIn(tree)) {
          for (const [name, element] of elements) {
            const changed = writeElement(replacedAt(tree, path, element));
            const x5c = place === 'leaf' ? [changed, intermediate] : [leaf, changed];
            yield [`${name} at ${path.join('.')} of the ${place}`, attestationWith(x5c)];
          }
        }
      }
    }
    expect(await tooExpensive(genuine, objects(), verifyBytes)).toEqual([]);
  }, 300_000);

  /** Returns items of every major type of CBOR. Their size is about `length` bytes if the type allows this. */
  const hostileItems = (length: number): readonly (readonly [string, Uint8Array])[] => {
    const head = (major: number, argument: number): number[] => [(major << 5) | 25, argument >> 8, argument & 0xff];
    const filled = (major: number, octet: number): Uint8Array => {
      return concatenated([Uint8Array.from(head(major, length)), new Uint8Array(length).fill(octet)]);
    };
    const keys = Array.from({ length: 127 }, (_, index) => [
      0x78,
      0xf0,
      ...Buffer.from(String(index).padEnd(240, 'k')),
      0,
    ]);
    return [
      ['a number', Uint8Array.of(0x1b, ...new Uint8Array(8).fill(0xff))],
      ['a negative number', Uint8Array.of(0x3b, ...new Uint8Array(8).fill(0xff))],
      ['bytes', filled(2, 0xff)],
      ['ASCII', filled(3, 0x61)],
      ['text of two octets per character', concatenated([Uint8Array.from(head(3, length)), twoOctets(length)])],
      ['text that is not UTF-8', filled(3, 0xff)],
      ['numbers in an array', filled(4, 0)],
      ['many items in an array', concatenated([Uint8Array.from(head(4, 256)), new Uint8Array(256)])],
      ['arrays in arrays', new Uint8Array(length).fill(0x81)],
      ['long keys in a map', Uint8Array.from([0xb8, keys.length, ...keys.flat()])],
      ['a tag', concatenated([Uint8Array.of(0xc2), filled(2, 0xff)])],
      ['a simple value', Uint8Array.of(0xf8, 0xff)],
      ['a float', Uint8Array.of(0xfb, ...new Uint8Array(8).fill(0x7f))],
      ['endless chunks', new Uint8Array(length).fill(0x5f)],
    ];
  };
  const twoOctets = (length: number): Uint8Array => {
    return Uint8Array.from({ length: length - (length % 2) }, (_, index) => (index % 2 === 0 ? 0xc3 : 0xbc));
  };
  const text = (value: string): Uint8Array => cbor(value);

  it('an attestation with a long item of any type instead of any of its fields, or in an unknown field', async () => {
    const genuine = await CostOfGenuine.measure(() => verifyBytes(recording.attestation));
    const entries: Readonly<Record<string, Uint8Array>> = {
      fmt: cbor('apple-appattest'),
      attStmt: cbor({ x5c: [leaf, intermediate], receipt: object.map('attStmt').bytes('receipt') }),
      authData: cbor(object.bytes('authData')),
    };
    const objects = hostileItems(50 * KIB).flatMap(([name, item]) => {
      return [...Object.keys(entries), 'other'].map((place): readonly [string, Uint8Array] => {
        const all = Object.entries({ ...entries, [place]: item });
        return [
          `${name} as ${place}`,
          concatenated([Uint8Array.of(0xa0 | all.length), ...all.flatMap(([key, value]) => [text(key), value])]),
        ];
      });
    });
    expect(await tooExpensive(genuine, objects, verifyBytes)).toEqual([]);
  });

  it('an assertion with a long item of any type instead of any of its fields, or in an unknown field', async () => {
    const { publicKey, appId } = await verifyAttestation(recording);
    const authenticatorData = object.bytes('authData').slice(0, 37);
    const entries: Readonly<Record<string, Uint8Array>> = {
      signature: cbor(new Uint8Array(70)),
      authenticatorData: cbor(authenticatorData),
    };
    const write = (all: readonly (readonly [string, Uint8Array])[]): Uint8Array => {
      return concatenated([Uint8Array.of(0xa0 | all.length), ...all.flatMap(([key, value]) => [text(key), value])]);
    };
    const verify = (assertion: Uint8Array) => {
      return verifyAssertion({ assertion, publicKey, payload: 'payload', appId, counter: 0 });
    };
    // The signature of this assertion is invalid. All checks before the check of the signature succeed.
    const genuine = await CostOfGenuine.measure(() => verify(write(Object.entries(entries))).catch(() => undefined));
    const objects = hostileItems(7 * KIB).flatMap(([name, item]) => {
      return [...Object.keys(entries), 'other'].map((place): readonly [string, Uint8Array] => [
        `${name} as ${place}`,
        write(Object.entries({ ...entries, [place]: item })),
      ]);
    });
    expect(await tooExpensive(genuine, objects, verify)).toEqual([]);
  });
});
