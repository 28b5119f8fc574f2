import { describe, expect, it } from 'vitest';
import type { VerifyAttestationOptions } from '../../src/index.js';
import { type AttestationChanges, DEVELOPMENT } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('the environment', () => {
  const wrong: readonly [string, AttestationChanges][] = [
    ['a development key', { aaguid: DEVELOPMENT }],
    ['an unknown aaguid', { aaguid: new Uint8Array(16) }],
    ['an aaguid that only starts like the production one', { aaguid: Buffer.from('appattest\0\0\0\0\0\0\x01') }],
  ];
  it.each(wrong)('is rejected: %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'environment_mismatch');
  });

  const expected: readonly [string, Partial<VerifyAttestationOptions>][] = [
    ['another environment', { environment: 'development' }],
  ];
  it.each(expected)('does not match %s', async (_, changed) => {
    await expectCode(() => verify({}, changed), 'environment_mismatch');
  });

  it('is reported in the error together with the expected environment', async () => {
    const error = await expectCode(() => verify({ aaguid: DEVELOPMENT }), 'environment_mismatch');
    expect(error.message).toContain('the option environment');
    expect(error).toMatchObject({ expected: 'production', actual: 'development' });
    const options = { environment: ['production', 'development'] as const };
    const unknown = await expectCode(() => verify({ aaguid: new Uint8Array(16) }, options), 'environment_mismatch');
    expect(unknown).toMatchObject({ expected: 'production or development', actual: '0000000000000000…' });
  });
});
