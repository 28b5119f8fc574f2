import { concatenated } from '../test/support/element-tree.js';
import type { Random } from './random.js';

type Mutation = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Bytes that mean something in CBOR and DER: types, lengths of every width, tags, and what the entries are called. */
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

/** Replaces `length` bytes at `start`. */
const splice = (input: Uint8Array, start: number, length: number, insert: Uint8Array): Uint8Array => {
  return concatenated([input.subarray(0, start), insert, input.subarray(start + length)]);
};

const block = (input: Uint8Array, random: Random): Uint8Array => {
  const start = random.below(input.length + 1);
  return input.subarray(start, start + 1 + random.below(64));
};

const MUTATIONS: readonly Mutation[] = [
  // One bit, one byte, one byte by a little.
  (input, random) => withByte(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, random) => withByte(input, random, () => random.below(256)),
  (input, random) => withByte(input, random, (byte) => byte + random.below(33) - 16),
  // Something gone, something twice, something of another input, something that means something.
  (input, random) => splice(input, random.below(input.length + 1), 1 + random.below(32), new Uint8Array()),
  (input, random) => splice(input, random.below(input.length + 1), 0, block(input, random)),
  (input, random, other) => splice(input, random.below(input.length + 1), random.below(64), block(other, random)),
  (input, random) => splice(input, random.below(input.length + 1), 0, random.pick(DICTIONARY)),
  (input, random) => {
    const token = random.pick(DICTIONARY);
    return splice(input, random.below(input.length + 1), token.length, token);
  },
  // The end of another input behind the start of this one.
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

/** A changed copy: one mutation, or now and then a few on top of each other, and never longer than `maxLength`. */
export function mutate(input: Uint8Array, other: Uint8Array, random: Random, maxLength: number): Uint8Array {
  let mutated = input;
  do mutated = random.pick(MUTATIONS)(mutated, random, other);
  while (random.below(3) === 0);
  return mutated.subarray(0, maxLength);
}
