import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AppAttestErrorCode,
  inspectAssertion,
  inspectAttestation,
  verifyAssertion,
  verifyAttestation,
} from '../src/index.js';
import { cbor } from '../src/testing/encoding/cbor.js';
import { der, octetString, sequence } from '../src/testing/encoding/der.js';
import { expectCheap } from './support/expect-cheap.js';
import { attestationFixture, attestationOptions } from './support/recordings.js';
import { expectCode, rejectionOf } from './support/rejection.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const text = (value: string): Uint8Array => cbor(value);
const repeat = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte);

const recording = attestationOptions(attestationFixture('node-app-attest-production'));
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const verifyAsAttestation = (attestation: Uint8Array) => verifyAttestation({ ...recording, attestation });
const verifyAsAssertion = (assertion: Uint8Array) => {
  return verifyAssertion({ assertion, publicKey, payload: 'payload', appId: recording.appId, counter: 0 });
};

const prototypes = [Object.prototype, Array.prototype, Function.prototype, Map.prototype, Uint8Array.prototype];
const snapshot = (): string[][] => prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String));
let before: string[][] = [];
beforeAll(() => {
  before = snapshot();
});
afterAll(() => {
  expect(snapshot(), 'a prototype was changed').toEqual(before);
});

/** Bytes that are not valid evidence of any kind. They replace the whole evidence or one field. */
const HOSTILE_CBOR: readonly [string, Uint8Array][] = [
  ['no bytes', new Uint8Array()],
  ['a number', hex('00')],
  ['a reserved head', hex('1c')],
  ['a break without a beginning', hex('ff')],
  ['text instead of a map', text('apple-appattest')],
  ['an array instead of a map', cbor([1, 2, 3])],
  ['null', hex('f6')],
  ['a map of indefinite length', hex('bf 63 666d74 61 61 ff')],
  ['a byte string of indefinite length', hex('a1 61 61 5f 41 00 ff')],
  ['text of indefinite length', hex('a1 61 61 7f 61 61 ff')],
  ['an array of indefinite length', hex('a1 61 61 9f ff')],
  ['a tag', hex('c0 a0')],
  ['a tag of eight bytes', hex('db ffffffffffffffff a0')],
  ['a tag that cbor-x interprets: a shared record', hex('d9 dfff 83 01 82 61 61 61 62 02')],
  ['a tag that cbor-x interprets: a bundle of strings', hex('d9 dff8 82 61 61 61 62')],
  ['a tag that cbor-x interprets: a regular expression', hex('a1 61 61 d8 1b 82 64 52656745 62 2829')],
  ['a duplicate key', hex('a2 61 61 00 61 61 01')],
  ['a duplicate integer key', hex('a2 01 00 01 01')],
  ['a key that is a byte string', hex('a1 41 61 00')],
  ['a key that is an array', hex('a1 80 00')],
  ['a key that is null', hex('a1 f6 00')],
  ['text that is not UTF-8', hex('a1 61 61 62 c328')],
  ['a lone surrogate', hex('a1 61 61 63 eda080')],
  ['a number not in its shortest form', hex('a1 61 61 18 01')],
  ['a length not in its shortest form', hex('a1 78 01 61 00')],
  ['a length of 2^32', hex('5b 0000000100000000')],
  ['a length of 2^53', hex('5b 0020000000000000')],
  ['a length of 2^64 - 1', hex('5b ffffffffffffffff')],
  ['text of 2^32 bytes', hex('7b 0000000100000000')],
  ['an array of 2^32 - 1 items', hex('9a ffffffff')],
  ['an array of 2^53 items', hex('9b 0020000000000000')],
  ['a map of 2^32 - 1 entries', hex('ba ffffffff')],
  ['a map of 2^53 entries', hex('bb 0020000000000000')],
  ['an unassigned simple value', hex('e0')],
  ['a simple value of two bytes', hex('f8 ff')],
  ['a truncated float', hex('fb 00 00')],
  ['arrays 10 000 deep', concat(repeat(0x81, 10_000), hex('00'))],
  ['maps 10 000 deep', concat(repeat(0xa1, 10_000), hex('00'))],
  ['an array of many small items', concat(hex('99 1388'), repeat(0, 5000))],
  ['__proto__ as a key', concat(hex('a1'), text('__proto__'), cbor({ polluted: true }))],
  ['constructor as a key', concat(hex('a1'), text('constructor'), cbor({ prototype: { polluted: true } }))],
  ['zeros', repeat(0, 8000)],
];

/** Bytes that are too long for any evidence. */
const OVERLONG: readonly [string, Uint8Array][] = [
  ['1 MB of zeros', repeat(0, 1 << 20)],
  ['10 MB of nested arrays', repeat(0x81, 10 << 20)],
];

/** Bytes that replace a certificate. */
const HOSTILE_DER: readonly [string, Uint8Array][] = [
  ['no bytes', new Uint8Array()],
  ['zeros', repeat(0, 1000)],
  ['an indefinite length', hex('30 80 00 00')],
  ['a length not in its shortest form', hex('30 81 01 00')],
  ['a length with leading zeros', hex('30 82 00 80')],
  ['a length of 2^32', hex('30 85 01 00000000')],
  ['a length of 2^53', hex('30 87 20000000000000')],
  ['a length of 2^31', hex('30 84 80000000')],
  ['a reserved length', hex('30 ff')],
  ['a tag number not in its shortest form', hex('3f 1e 00')],
  ['a tag number with leading zeros', hex('3f 80 01 00')],
  ['an endless tag number', repeat(0xff, 1000)],
  ['sequences 10 000 deep', nest(10_000)],
  ['a sequence of many elements', sequence(...Array.from({ length: 20_000 }, () => hex('0500')))],
  ['bytes after the certificate', concat(sequence(sequence(), sequence(), sequence()), hex('00'))],
  ['an empty sequence', sequence()],
  ['three empty sequences', sequence(sequence(), sequence(), sequence())],
  ['three octet strings', sequence(octetString('a'), octetString('b'), octetString('c'))],
  ['a child longer than its parent', hex('30 03 04 05 00 00 00 00 00')],
  ['60 KB in one octet string', octetString(repeat(0, 60_000))],
];

function nest(depth: number): Uint8Array {
  // The header of each level contains the length of everything inside. So the headers are created from the innermost level
  // outwards, and joined once at the end.
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let level = 0; level < depth; level += 1) {
    const head =
      length < 0x80
        ? [0x30, length]
        : length < 0x1_00
          ? [0x30, 0x81, length]
          : [0x30, 0x82, length >> 8, length & 0xff];
    if (length >= 0xff00) break;
    parts.unshift(Uint8Array.of(...head));
    length += head.length;
  }
  return concat(...parts);
}

/** Expects that the attempt rejects with the given code, and that it costs little time and memory. */
async function expectCheapRejection(attempt: () => Promise<unknown>, code: AppAttestErrorCode): Promise<void> {
  await expectCode(attempt, code);
  await expectCheap(() => attempt().catch(() => undefined));
}

describe('hostile CBOR instead of evidence', () => {
  it.each([...HOSTILE_CBOR, ...OVERLONG])('is rejected: %s', async (_, bytes) => {
    await expectCheapRejection(() => verifyAsAttestation(bytes), 'malformed_attestation');
    await expectCheapRejection(() => verifyAsAssertion(bytes), 'malformed_assertion');
    expect(inspectAttestation(bytes).problems).not.toEqual([]);
    expect(inspectAssertion(bytes).problems).not.toEqual([]);
  });
});

describe('hostile CBOR in an unknown field', () => {
  const decodable = new Set([
    'a number',
    'text instead of a map',
    'an array instead of a map',
    'null',
    '__proto__ as a key',
    'constructor as a key',
  ]);
  it.each(HOSTILE_CBOR)('is ignored if the decoder accepts it, and rejected otherwise: %s', async (name, bytes) => {
    const code = decodable.has(name) ? 'invalid_signature' : 'malformed_assertion';
    const signature = cbor(repeat(1, 70));
    const authenticatorData = cbor(repeat(1, 37));
    const object = concat(
      hex('a3'),
      concat(text('signature'), signature),
      concat(text('authenticatorData'), authenticatorData),
      concat(text('x'), bytes),
    );
    await expectCheapRejection(() => verifyAsAssertion(object), code);
  });
});

describe('hostile CBOR instead of the extensions', () => {
  it.each(HOSTILE_CBOR.filter(([name]) => !['no bytes', '__proto__ as a key', 'constructor as a key'].includes(name)))(
    'is rejected: %s',
    async (_, bytes) => {
      const object = cbor({ signature: repeat(1, 70), authenticatorData: concat(repeat(1, 37), bytes) });
      await expectCheapRejection(() => verifyAsAssertion(object), 'malformed_assertion');
    },
  );
});

describe('hostile DER instead of a certificate', () => {
  const attestation = (x5c: readonly Uint8Array[]): Uint8Array => {
    return cbor({
      fmt: 'apple-appattest',
      attStmt: { x5c, receipt: repeat(0, 10) },
      authData: concat(
        repeat(0, 53),
        hex('0020'),
        repeat(0, 32),
        hex('a5010203262001215820'),
        repeat(0, 32),
        hex('225820'),
        repeat(0, 32),
      ),
    });
  };
  it.each(HOSTILE_DER)('is rejected: %s', async (_, bytes) => {
    const ca = sequence(sequence(), sequence(), sequence());
    await expectCheapRejection(() => verifyAsAttestation(attestation([bytes, ca])), 'malformed_attestation');
    await expectCheapRejection(() => verifyAsAttestation(attestation([ca, bytes])), 'malformed_attestation');
    expect(inspectAttestation(attestation([ca, bytes])).problems).not.toEqual([]);
  });

  it('is rejected if each of 500 certificates is such DER', async () => {
    const many = Array.from({ length: 500 }, () => der(0x30, repeat(0, 100)));
    await expectCheapRejection(() => verifyAsAttestation(attestation(many)), 'malformed_attestation');
    expect(inspectAttestation(attestation(many)).certificates).toEqual([]);
  });
});

describe('hostile text instead of evidence', () => {
  const texts: readonly [string, string][] = [
    ['empty text', ''],
    ['text that is not base64', 'not base64!'],
    ['a lone surrogate', '\ud800'],
    ['10 MB', 'A'.repeat(10 << 20)],
    ['10 MB of padding', '='.repeat(10 << 20)],
  ];
  it.each(texts)('is rejected: %s', async (_, evidence) => {
    await expectCheapRejection(
      () => verifyAttestation({ ...recording, attestation: evidence }),
      'malformed_attestation',
    );
    await expectCheapRejection(
      () => verifyAssertion({ assertion: evidence, publicKey, payload: '', appId: recording.appId, counter: 0 }),
      'malformed_assertion',
    );
    expect(inspectAttestation(evidence).problems.length).toBe(1);
    expect(inspectAssertion(evidence).problems.length).toBe(1);
  });
});

describe('the size limit', () => {
  const isTooLong = (error: Error): boolean => error.message.includes('longer than');
  const limits: readonly [string, number, (evidence: string | Uint8Array) => Promise<unknown>][] = [
    ['an attestation', 65_536, (attestation) => verifyAttestation({ ...recording, attestation })],
    [
      'an assertion',
      8192,
      (assertion) => verifyAssertion({ assertion, publicKey, payload: '', appId: recording.appId, counter: 0 }),
    ],
  ];
  it.each(limits)('of %s is %i bytes, for bytes and for base64 text', async (_, limit, verify) => {
    for (const [length, expected] of [
      [limit, false],
      [limit + 1, true],
      [limit + 2, true],
      [limit + 100, true],
    ] as const) {
      const bytes = repeat(0, length);
      for (const evidence of [bytes, Buffer.from(bytes).toString('base64'), Buffer.from(bytes).toString('base64url')]) {
        expect(isTooLong(await rejectionOf(() => verify(evidence)))).toBe(expected);
      }
    }
  });
});
