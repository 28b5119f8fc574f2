import { beforeAll, describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../src/index.js';
import {
  der,
  indefinite,
  integer,
  NULL,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from '../../src/testing/encoding/der.js';
import { NOW } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import { expectCheap } from '../support/expect-cheap.js';
import {
  attribute,
  chunks,
  createReceiptChain,
  field,
  makeReceipt,
  type ReceiptChain,
  SIGNED_DATA,
} from '../support/receipts.js';
import { expectCode, rejectionOf } from '../support/rejection.js';

const KIB = 1024;
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const repeat = (pattern: Uint8Array, length: number): Uint8Array => {
  return Uint8Array.from({ length }, (_, index) => pattern[index % pattern.length] ?? 0);
};
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Octet strings of definite length, nested as deep as the total length allows. */
function nestedOctetStrings(length: number): Uint8Array {
  const heads: Uint8Array[] = [];
  for (let size = 0; ; ) {
    const head = [0x24, ...(size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff])];
    if (size + head.length > length) return concat(...heads.reverse());
    heads.push(Uint8Array.from(head));
    size += head.length;
  }
}

const verify = (receipt: string | Uint8Array) => verifyReceipt({ receipt, appId: APP_ID, date: NOW });

async function expectCheapRejection(receipt: string | Uint8Array): Promise<void> {
  await expectCode(() => verify(receipt), 'malformed_receipt');
  await expectCheap(() => verify(receipt).catch(() => undefined));
}

describe('hostile bytes instead of a receipt', () => {
  const hostile: readonly [string, Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['a NULL', NULL],
    ['64 KiB of zeros', new Uint8Array(64 * KIB)],
    ['64 KiB of 0xff', repeat(hex('ff'), 64 * KIB)],
    ['64 KiB of nested octet strings', nestedOctetStrings(64 * KIB)],
    ['64 KiB of nested octet strings without end markers', repeat(hex('24 80'), 64 * KIB)],
    ['64 KiB of nested sequences without end markers', repeat(hex('30 80'), 64 * KIB)],
    [
      '64 KiB of nested octet strings with all end markers',
      concat(repeat(hex('24 80'), 32 * KIB), new Uint8Array(32 * KIB)),
    ],
    [
      'SignedData that consists of nested octet strings',
      indefinite(0x30, SIGNED_DATA, indefinite(0xa0, nestedOctetStrings(60 * KIB))),
    ],
    ['empty octet strings side by side', indefinite(0x24, repeat(hex('04 00'), 64 * KIB - 4))],
    ['empty sets side by side', indefinite(0x31, repeat(hex('31 00'), 64 * KIB - 4))],
    ['an octet string of 2^31 bytes', hex('04 84 80000000')],
    ['an octet string of 2^64 - 1 bytes', hex('04 88 ffffffffffffffff')],
    ['a structure like a certificate', sequence(sequence(integer(1)), sequence(), der(3, Uint8Array.of(0)))],
    ['SignedData that is empty', sequence(SIGNED_DATA, der(0xa0, sequence()))],
    [
      'CMS content of the type data instead of SignedData',
      sequence(objectIdentifier('1.2.840.113549.1.7.1'), der(0xa0, octetString(''))),
    ],
    ['a SET in place of the outermost SEQUENCE', set(SIGNED_DATA, der(0xa0, sequence()))],
  ];
  it.each(hostile)('are rejected at a low cost if they are %s', async (_, bytes) => {
    await expectCheapRejection(bytes);
  });

  it.each([
    ['an empty text', ''],
    ['text that is not base64', 'not base64!'],
    ['a lone surrogate', '\ud800'],
    ['10 MiB of base64', 'A'.repeat(10 << 20)],
    ['10 MiB of padding', '='.repeat(10 << 20)],
  ])('are rejected at a low cost if they are passed as %s', async (_, text) => {
    await expectCheapRejection(text);
  });

  it('are rejected as too long if they have more than 64 KiB, as bytes and as text', async () => {
    for (const [length, isTooLong] of [
      [65_536, false],
      [65_537, true],
      [65_640, true],
    ] as const) {
      const bytes = Buffer.alloc(length);
      for (const receipt of [bytes, bytes.toString('base64'), bytes.toString('base64url')]) {
        expect((await rejectionOf(() => verify(receipt))).message.includes('longer than')).toBe(isTooLong);
      }
    }
  });
});

describe('hostile parts of an otherwise valid receipt', () => {
  let chain: ReceiptChain;
  beforeAll(async () => {
    chain = await createReceiptChain();
  });
  const many = (count: number, element: Uint8Array): Uint8Array[] => Array.from({ length: count }, () => element);

  it.each([
    ['nested octet strings instead of the payload', { payload: nestedOctetStrings(40 * KIB) }],
    ['nested SETs without end markers instead of the payload', { payload: repeat(hex('31 80'), 40 * KIB) }],
    ['3000 fields', { moreFields: many(3000, field(99, '')) }],
    [
      '3000 chunks',
      { content: (payload: Uint8Array) => indefinite(0x24, ...many(3000, octetString('')), ...chunks(payload)) },
    ],
    ['1500 digest algorithms', { digestAlgorithms: set(...many(1500, sequence(objectIdentifier('1.2.3')))) }],
    ['400 signed attributes', { signedAttributes: () => many(400, attribute('1.2.3', NULL)) }],
    ['300 unsigned attributes', { moreInSignerInfo: [der(0xa1, ...many(300, attribute('1.2.3', NULL)))] }],
    ['60 certificates', { certificates: () => many(60, chain.signer.der) }],
    ['a certificate of nested sequences', { certificates: () => [chain.signer.der, repeat(hex('30 80'), 20 * KIB)] }],
  ])('are rejected as malformed at a low cost if they are %s', async (_, changes) => {
    await expectCheapRejection(await makeReceipt(chain, changes));
  });

  it.each([
    ['a signature of 30 KiB', { signature: () => new Uint8Array(30 * KIB) }],
    ['a token of 40 KiB', { fields: { 5: 'A'.repeat(40 * KIB) } }],
    ['a creation time with 40 000 digits', { fields: { 12: `2026-10-01T11:59:00.${'1'.repeat(40_000)}Z` } }],
    ['a creation time with 40 000 digits and no Z', { fields: { 12: `2026-10-01T11:59:00.${'1'.repeat(40_000)}` } }],
    ['a receipt type of 40 KiB', { fields: { 6: 'A'.repeat(40 * KIB) } }],
  ])('are rejected at a low cost if they are %s', async (_, changes) => {
    const receipt = await makeReceipt(chain, changes);
    await rejectionOf(() => verify(receipt));
    await expectCheap(() => verify(receipt).catch(() => undefined));
  });

  it('do not make the error message long, and add no line to it, if they are in the App ID', async () => {
    const receipt = await makeReceipt(chain, { fields: { 2: `TEAM.\n${'x'.repeat(10_000)}\u202e` } });
    const options = { receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
    const { message } = await expectCode(() => verifyReceipt(options), 'app_id_mismatch');
    expect(message.length).toBeLessThan(300);
    expect(message).not.toMatch(/[\n\u202e]/);
  });
});
