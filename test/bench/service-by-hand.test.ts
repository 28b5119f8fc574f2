import { describe, expect, it } from 'vitest';
import { decodeAssertion } from '../../bench/server/by-hand/decode-assertion.js';
import { inMemory } from '../../bench/server/by-hand/in-memory.js';
import { describeServiceByHand } from './describe-service-by-hand.js';

describeServiceByHand('memory', async () => inMemory());

/** `{ "signature": h'01', "authenticatorData": h'0203' }` */
const ASSERTION = 'a2697369676e61747572654101' + '7161757468656e74696361746f7244617461420203';

describe('decodeAssertion', () => {
  const decode = (hex: string) => decodeAssertion(Buffer.from(hex, 'hex'));

  it('decodes the two fields', () => {
    expect(decode(ASSERTION)).toEqual({ signature: Buffer.of(1), authenticatorData: Buffer.of(2, 3) });
  });

  it.each([
    ['nothing', ''],
    ['a map of three', `a3${ASSERTION.slice(2)}`],
    ['a missing byte', ASSERTION.slice(0, -2)],
    ['an additional byte', `${ASSERTION}00`],
    ['another name', ASSERTION.replace('7369676e61747572', '7369676e61747573')],
    ['text instead of bytes', ASSERTION.replace('654101', '656101')],
    ['a length that is cut off', `${ASSERTION.slice(0, -6)}58`],
    ['a length of four bytes', `${ASSERTION.slice(0, -6)}5a000000020203`],
  ])('rejects %s', (_, hex) => {
    expect(decode(hex)).toBeUndefined();
  });
});
