import fc from 'fast-check';
import type { Environment } from '../../src/index.js';
import { createVirtualApple, type VirtualOs } from '../../src/testing/index.js';

/** The virtual Apple that creates all arbitrary devices. */
export const apple = await createVirtualApple();

export const SYSTEMS: readonly VirtualOs[] = [
  'iOS 14.4',
  'iOS 17.2',
  'iOS 17.6',
  'iOS 18',
  'iOS 18.5 opt-in',
  'iOS 26',
  'iOS 26 opt-in',
  'iOS 27',
  'iOS 27 opt-in',
  'macOS 27',
];

export const os = fc.constantFrom(...SYSTEMS);
export const environment = fc.constantFrom<Environment>('production', 'development');

const teamId = fc.stringMatching(/^[A-Z0-9]{10}$/);
const bundleId = fc.stringMatching(/^[A-Za-z0-9-]{1,20}(\.[A-Za-z0-9-]{1,20}){0,4}$/);
export const appId = fc.tuple(teamId, bundleId).map((parts) => parts.join('.'));

/** Client data that apps hash: bytes, or any text without lone surrogates, which UTF-8 cannot encode. */
export const clientData = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
);

/** Properties of a build of an app. Some operating systems sign these properties. */
export const build = fc.record({
  validationCategory: fc.nat({ max: 0xffffffff }),
  bundleVersion: fc.string({ unit: 'grapheme', maxLength: 40 }),
  codeDirectoryHash: fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ minLength: 20, maxLength: 20 }),
  ),
});
export type Build = typeof build extends fc.Arbitrary<infer Value> ? Value : never;

/** Two different values of one kind. */
export function different<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<readonly [Value, Value]> {
  return fc.tuple(arbitrary, arbitrary).filter(([one, other]) => !same(one, other));
}

function same(one: unknown, other: unknown): boolean {
  const bytes = (value: unknown) => (typeof value === 'string' ? Buffer.from(value) : value);
  const [left, right] = [bytes(one), bytes(other)];
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.from(left).equals(right);
  return left === right;
}
