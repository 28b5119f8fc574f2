import { describe, expect, it } from 'vitest';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('the counter of an attestation', () => {
  it.each([
    ['one', 1, '1'],
    ['2^31, which is negative as a signed 32-bit number', 0x80000000, '2147483648'],
  ])('is rejected if it is %s', async (_, counter, actual) => {
    const error = await expectCode(() => verify({ counter }), 'counter_not_zero');
    expect(error).toMatchObject({ expected: '0', actual });
  });
});
