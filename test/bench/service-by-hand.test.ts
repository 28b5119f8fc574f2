import { describe, expect, it } from 'vitest';
import { decodeAssertion } from '../../bench/server/by-hand/decode-assertion.js';
import { inMemory } from '../../bench/server/by-hand/in-memory.js';
import { describeServiceByHand } from './describe-service-by-hand.js';

describeServiceByHand('memory', async () => inMemory());

/** `{ "signature": h'01', "authenticatorData": h'0203' }` */
const ASSERTION = 'a2697369676e61747572654101' + '7161757468656e74696361746f7244617461420203';

describe('decodeAssertion', () => {
  const decode = (hex: string) => decodeAssertion(Buffer.from(hex, 'hex'));

  it('decodes a map of the two fields', () => {
    expect(decode(ASSERTION)).toEqual({ signature: Buffer.of(1), authenticatorData: Buffer.of(2, 3) });
  });

  it.each([
    ['no bytes', ''],
    ['a map of three fields', `a3${ASSERTION.slice(2)}`],
    ['a map without its last byte', ASSERTION.slice(0, -2)],
    ['a map with a byte after it', `${ASSERTION}00`],
    ['a map with another field name', ASSERTION.replace('7369676e61747572', '7369676e61747573')],
    ['a signature that is text instead of bytes', ASSERTION.replace('654101', '656101')],
    ['a byte string that ends inside its length', `${ASSERTION.slice(0, -6)}58`],
    ['a byte string whose length is encoded in four bytes', `${ASSERTION.slice(0, -6)}5a000000020203`],
  ])('rejects %s', (_, hex) => {
    expect(decode(hex)).toBeUndefined();
  });
});
