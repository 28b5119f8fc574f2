import { describe, expect, it } from 'vitest';
import type { VerifyAttestationOptions } from '../../src/index.js';
import { type AttestationChanges, DEVELOPMENT } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('the environment of an attestation', () => {
  const wrong: readonly [string, AttestationChanges][] = [
    ['it is development, which is not accepted by default', { aaguid: DEVELOPMENT }],
    ['the AAGUID is unknown', { aaguid: new Uint8Array(16) }],
    ['the AAGUID only begins like the AAGUID of production', { aaguid: Buffer.from('appattest\0\0\0\0\0\0\x01') }],
  ];
  it.each(wrong)('is rejected if %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'environment_mismatch');
  });

  const expected: readonly [string, Partial<VerifyAttestationOptions>][] = [
    ['another environment', { environment: 'development' }],
  ];
  it.each(expected)('is rejected if the option environment names %s', async (_, changed) => {
    await expectCode(() => verify({}, changed), 'environment_mismatch');
  });

  it('is reported in the error together with the accepted environments', async () => {
    const error = await expectCode(() => verify({ aaguid: DEVELOPMENT }), 'environment_mismatch');
    expect(error.message).toContain('the option environment');
    expect(error).toMatchObject({ expected: 'production', actual: 'development' });
    const options = { environment: ['production', 'development'] as const };
    const unknown = await expectCode(() => verify({ aaguid: new Uint8Array(16) }, options), 'environment_mismatch');
    expect(unknown).toMatchObject({ expected: 'production or development', actual: '0000000000000000…' });
  });
});
