import { concatenated, lengthOctets } from '../test/support/element-tree.js';
import type { ReceiptTree } from '../test/support/receipt-tree.js';
import { manyElements } from '../test/support/wrong-elements.js';
import type { Random } from './random.js';

/** Universal types up to 36 are defined (X.680 §8.6). Types from 37 on are reserved. The generator uses 37 to 40 of them. */
const LAST_TYPE = 40;
const CONTEXT_TAGS = [0x80, 0x81, 0xa0, 0xa1, 0xa3] as const;
const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;

/** Bytes that are repeated to fill the contents of an element: numbers, text, digits, elements and indefinite lengths. */
const PATTERNS: readonly Uint8Array[] = [
  ...['00', '01', 'ff', '80', '81', '2a', '31', '61', '8001', 'c3bc', '0000d800', '0500', '0400', '3000', '3080'],
  ...['2480', '06012a', '0101ff', '300506032a0304'],
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

/** The lengths of contents, in bytes. Most are short, because short inputs run faster. The maximum of a receipt is 64 KiB. */
const LENGTHS = [0, 1, 2, 3, 4, 8, 13, 15, 20, 32, 64, 65, 127, 128, 255, 256, 1000] as const;
const LONG_LENGTHS = [4096, 20_000, 60_000] as const;

const MANY_ELEMENTS = manyElements(58 * 1024);

/** Generates a receipt in which one element is wrong, missing, repeated or followed by a wrong element. */
export function receiptWithWrongElement(receipt: ReceiptTree, random: Random): Uint8Array {
  const path = random.pick(receipt.paths);
  switch (random.below(16)) {
    case 0:
      return receipt.with(path, new Uint8Array());
    case 1:
      // Use another element of the same receipt.
      return receipt.with(path, receipt.elementAt(random.pick(receipt.paths)));
    case 2: {
      const element = receipt.elementAt(path);
      return receipt.with(path, concatenated([element, random.below(2) === 0 ? element : wrongElement(random)]));
    }
    case 3: {
      // Sometimes use as many small elements as possible. This is rare, because such a receipt takes long to decode.
      const [, many] = random.pick(MANY_ELEMENTS);
      return receipt.with(path, random.below(8) === 0 ? many : wrongElement(random));
    }
    default:
      return receipt.with(path, wrongElement(random));
  }
}

/**
 * Generates an element of any type, primitive or constructed, with short or long contents. Sometimes its length is wrong or
 * indefinite.
 */
function wrongElement(random: Random): Uint8Array {
  const contents = repeated(random.pick(PATTERNS), lengthOf(random));
  const tag = tagOf(random);
  if (random.below(12) === 0) return concatenated([tag, Uint8Array.of(0x80), contents, new Uint8Array(2)]);
  const length = random.below(24) === 0 ? random.below(70_000) : contents.length;
  return concatenated([tag, Uint8Array.from(lengthOctets(length)), contents]);
}

function lengthOf(random: Random): number {
  return random.below(32) === 0 ? random.pick(LONG_LENGTHS) : random.pick(LENGTHS);
}

function tagOf(random: Random): Uint8Array {
  if (random.below(6) === 0) return Uint8Array.of(random.pick(CONTEXT_TAGS));
  const type = 1 + random.below(LAST_TYPE);
  const constructed = random.below(4) === 0 ? CONSTRUCTED : 0;
  // SEQUENCE and SET are constructed in three of four cases, the other types in one of four.
  if (type === 16 || type === 17) return Uint8Array.of(type | (constructed === 0 ? CONSTRUCTED : 0));
  if (type < HIGH_TAG_NUMBER) return Uint8Array.of(type | constructed);
  return Uint8Array.of(HIGH_TAG_NUMBER | constructed, type);
}

function repeated(pattern: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += pattern.length) {
    bytes.set(pattern.subarray(0, length - offset), offset);
  }
  return bytes;
}
