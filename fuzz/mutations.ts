import { concatenated } from '../test/support/element-tree.js';
import type { Random } from './random.js';

type Mutation = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Bytes with a meaning in CBOR and DER: types, lengths of every size, tags, object identifiers and names of fields. */
const DICTIONARY: readonly Uint8Array[] = [
  ...['00', '18', '1b', '3b', '40', '5f', '60', '7f', '80', '9f', 'a0', 'bf', 'c0', 'd8', 'f4', 'f6', 'f7', 'f9', 'ff'],
  ...['5affffffff', '5bffffffffffffffff', '7affffffff', '9affffffff', 'baffffffff', '9b0020000000000000'],
  ...['30', '3080', '3084ffffffff', '31', 'a1', 'bf8934', '0400', '0500', '0101ff', '0201ff', '0000'],
  ...['2480', '3180', 'a080', '0601', '06092a864886f70d010702', '06092a864886f70d010904', '0609608648016503040201'],
  ...['06092a864886f763640802', '300a06082a8648ce3d040302', '06082a8648ce3d030107'],
  ...['fmt', 'attStmt', 'authData', 'x5c', 'receipt', 'signature', 'authenticatorData', '__proto__'].map(hexOf),
].map((hex) => Buffer.from(hex, 'hex'));

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}

/** Replaces `length` bytes at `start` with `insert`. */
const splice = (input: Uint8Array, start: number, length: number, insert: Uint8Array): Uint8Array => {
  return concatenated([input.subarray(0, start), insert, input.subarray(start + length)]);
};

const block = (input: Uint8Array, random: Random): Uint8Array => {
  const start = random.below(input.length + 1);
  return input.subarray(start, start + 1 + random.below(64));
};

const MUTATIONS: readonly Mutation[] = [
  // Flip one bit, replace one byte, or add a small number to one byte.
  (input, random) => withByte(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, random) => withByte(input, random, () => random.below(256)),
  (input, random) => withByte(input, random, (byte) => byte + random.below(33) - 16),
  // Delete bytes, repeat a block, replace bytes with a block of another input, or insert or overwrite a dictionary value.
  (input, random) => splice(input, random.below(input.length + 1), 1 + random.below(32), new Uint8Array()),
  (input, random) => splice(input, random.below(input.length + 1), 0, block(input, random)),
  (input, random, other) => splice(input, random.below(input.length + 1), random.below(64), block(other, random)),
  (input, random) => splice(input, random.below(input.length + 1), 0, random.pick(DICTIONARY)),
  (input, random) => {
    const token = random.pick(DICTIONARY);
    return splice(input, random.below(input.length + 1), token.length, token);
  },
  // Join the start of this input and the end of another input. Or cut off the end of this input.
  (input, random, other) => {
    const start = input.subarray(0, random.below(input.length + 1));
    return concatenated([start, other.subarray(random.below(other.length + 1))]);
  },
  (input, random) => input.subarray(0, random.below(input.length + 1)),
];

function withByte(input: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (input.length === 0) return input;
  const index = random.below(input.length);
  const copy = input.slice();
  copy[index] = change(input[index] ?? 0);
  return copy;
}

/** Returns a changed copy with at most `maxLength` bytes. Applies one mutation, and sometimes several in sequence. */
export function mutate(input: Uint8Array, other: Uint8Array, random: Random, maxLength: number): Uint8Array {
  let mutated = input;
  do mutated = random.pick(MUTATIONS)(mutated, random, other);
  while (random.below(3) === 0);
  return mutated.subarray(0, maxLength);
}
