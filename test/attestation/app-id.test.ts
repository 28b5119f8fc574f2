import { describe, expect, it } from 'vitest';
import type { AppAttestErrorCode, VerifyAttestationOptions } from '../../src/index.js';
import { integer, sequence, tagged } from '../../src/testing/encoding/der.js';
import { APP_ID, type AttestationChanges, keyUsageProperties, sha256 } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

describe('the App ID', () => {
  const accepted: readonly [string, AttestationChanges][] = [
    ['if the certificate has no key usage properties', { properties: undefined }],
    [
      'if the key usage properties of the certificate do not contain it',
      { properties: sequence(tagged(4, integer(10))) },
    ],
  ];
  it.each(accepted)('is accepted %s', async (_, changes) => {
    expect((await verify(changes)).appId).toBe(APP_ID);
  });

  const wrong: readonly [string, AttestationChanges, AppAttestErrorCode][] = [
    ['authenticator data belongs to another app', { appId: 'TEAMID1234.com.example.other' }, 'app_id_mismatch'],
    [
      'the certificate belongs to another app',
      { properties: keyUsageProperties('TEAMID1234.com.example.other') },
      'app_id_mismatch',
    ],
    [
      'the certificate contains it after an invisible character',
      { properties: keyUsageProperties(`\ufeff${APP_ID}`) },
      'app_id_mismatch',
    ],
    [
      'the certificate contains an INTEGER in its place',
      { properties: sequence(tagged(1204, integer(1))) },
      'malformed_attestation',
    ],
  ];
  it.each(wrong)('is rejected if %s', async (_, changes, code) => {
    await expectCode(() => verify(changes), code);
  });

  const expected: readonly [string, Partial<VerifyAttestationOptions>][] = [
    ['names another app', { appId: 'TEAMID1234.com.example.other' }],
  ];
  it.each(expected)('is rejected if the option appId %s', async (_, changed) => {
    await expectCode(() => verify({}, changed), 'app_id_mismatch');
  });

  it.each([`${APP_ID}.Clip`, `${APP_ID}.more.than_one-part`])(
    'is reported together with the App ID of the App Clip that the certificate names: %s',
    async (clip) => {
      expect(await verify({ properties: keyUsageProperties(clip) })).toMatchObject({ appId: APP_ID, appClipId: clip });
      expect(await verify()).not.toHaveProperty('appClipId');
    },
  );

  it('is reported in the error together with the expected App ID', async () => {
    const error = await expectCode(() => verify({}, { appId: 'TEAMID1234.com.example.other' }), 'app_id_mismatch');
    expect(error.expected).toContain('TEAMID1234.com.example.other');
    const rpIdHash = Buffer.from(sha256(APP_ID).subarray(0, 8)).toString('hex');
    expect(error.actual).toBe(`"${APP_ID}" = ${rpIdHash}…`);
    expect(error.message).toContain(error.actual);
  });

  it('is reported in the error together with every accepted App ID', async () => {
    const appId = ['TEAMID1234.com.example.other', 'TEAMID1234.com.example.third'];
    expect((await expectCode(() => verify({}, { appId }), 'app_id_mismatch')).expected).toMatch(
      /other = .* or .*third = /,
    );
    const counted = await expectCode(() => verify({ counter: 7 }), 'counter_not_zero');
    expect(counted).toMatchObject({ expected: '0', actual: '7' });
  });
});
