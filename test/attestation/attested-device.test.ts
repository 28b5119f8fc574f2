import { describe, expect, it } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { integer, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import { APP_ID, type AttestationChanges, operatingSystem } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

const MAC_ACCESS_CONTROL_LIST = Buffer.from(
  'MEAMAjExMDowCQwCb2uhAwEB/zAJDAJvYaEDAQH/MAsMBG9kZWyhAwEB/zAVDARvc2duoAYMBHJzZWMwBaYDAgEB',
  'base64',
);

describe('the device in the certificate', () => {
  const accepted: readonly [string, AttestationChanges][] = [
    ['without Apple’s device information', { operatingSystem: undefined }],
    [
      'with device information in an unknown format',
      { operatingSystem: sequence(integer(1), tagged(1400, integer(27))) },
    ],
    [
      'with any access control list if it is an iPhone',
      { accessControlList: sequence(tagged(3, octetString('other'))) },
    ],
    [
      'if it is a Mac with Full Security and SIP',
      {
        operatingSystem: operatingSystem('macosx'),
        accessControlList: sequence(tagged(3, octetString(MAC_ACCESS_CONTROL_LIST))),
      },
    ],
  ];
  it.each(accepted)('is accepted %s', async (_, changes) => {
    expect((await verify(changes)).appId).toBe(APP_ID);
  });

  const wrong: readonly [string, AttestationChanges, AppAttestErrorCode][] = [
    [
      'it is a Mac and the certificate has no access control list',
      { operatingSystem: operatingSystem('macosx') },
      'access_control_mismatch',
    ],
    [
      'it is a Mac with another access control list',
      { operatingSystem: operatingSystem('macos'), accessControlList: sequence(tagged(3, octetString('open'))) },
      'access_control_mismatch',
    ],
    [
      'it is a Mac with a second access control list after the correct list',
      {
        operatingSystem: operatingSystem('macosx'),
        accessControlList: sequence(tagged(3, octetString(MAC_ACCESS_CONTROL_LIST)), tagged(4, octetString(''))),
      },
      'access_control_mismatch',
    ],
    [
      'its device information has a duplicate tag',
      { operatingSystem: sequence(tagged(1026, octetString('iphoneos')), tagged(1026, octetString('macosx'))) },
      'malformed_attestation',
    ],
  ];
  it.each(wrong)('is rejected if %s', async (_, changes, code) => {
    await expectCode(() => verify(changes), code);
  });

  it('is reported with only the fields that the certificate contains', async () => {
    const saying = async (tag: number, value: Uint8Array) => {
      return (await verify({ operatingSystem: sequence(tagged(tag, value)) })).device;
    };
    expect(await saying(1026, octetString('iphoneos'))).toStrictEqual({ platform: 'iphoneos' });
    expect(await saying(1400, octetString('27.0'))).toStrictEqual({ osVersion: '27.0' });
    expect(await saying(1403, octetString('24A325b'))).toStrictEqual({ osBuild: '24A325b' });
    expect(await saying(1104, integer(2))).toStrictEqual({ deviceClass: 2 });
  });
});
