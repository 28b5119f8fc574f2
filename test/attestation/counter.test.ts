import { describe, expect, it } from 'vitest';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('the counter', () => {
  it.each([
    ['one', 1, '1'],
    ['negative when decoded as a signed number', 0x80000000, '2147483648'],
  ])('is rejected if it is %s', async (_, counter, actual) => {
    const error = await expectCode(() => verify({ counter }), 'counter_not_zero');
    expect(error).toMatchObject({ expected: '0', actual });
  });
});
