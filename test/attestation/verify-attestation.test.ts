import { describe, expect, it, vi } from 'vitest';
import {
  type AppAttestErrorCode,
  type ExtensionPolicy,
  ValidationCategory,
  type VerifyAttestationOptions,
  verifyAttestation,
} from '../../src/index.js';
import { threadPoolSize } from '../../src/runtime/thread-pool.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { integer, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import { createAuthority, generateKeys, issueCertificate, LEAF_PROFILE } from '../support/certificate-authority.js';
import {
  APP_ID,
  type AttestationChanges,
  attest,
  coseKey,
  DEVELOPMENT,
  keyUsageProperties,
  OPERATING_SYSTEM_OID,
  operatingSystem,
  sha256,
  signedExtensions,
} from '../support/evidence.js';
import { attestationFixture, attestationOptions } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

const authority = await createAuthority();

/** Attests with `changes` and verifies with `options` on top of what fits. */
async function verify(changes: AttestationChanges = {}, options: Partial<VerifyAttestationOptions> = {}) {
  const { attestation, keyId, challenge, appId, date, trustAnchors } = await attest(authority, changes);
  return verifyAttestation({ attestation, keyId, challenge, appId, date, trustAnchors, ...options });
}

const MAC_ACCESS_CONTROL_LIST = Buffer.from(
  'MEAMAjExMDowCQwCb2uhAwEB/zAJDAJvYaEDAQH/MAsMBG9kZWyhAwEB/zAVDARvc2duoAYMBHJzZWMwBaYDAgEB',
  'base64',
);
/** `{"apple_validation_category_01": 4.0}` */
const HALF_FLOAT_CATEGORY = Buffer.concat([
  Buffer.from('a1781c', 'hex'),
  Buffer.from('apple_validation_category_01'),
  Buffer.from('f94400', 'hex'),
]);
const otherPoint = Buffer.concat([Uint8Array.of(4), new Uint8Array(64).fill(7)]);

const pemOf = (der: Uint8Array): string => {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
};

describe('an attestation that fits', () => {
  it('is verified down to what the server stores', async () => {
    const { attestation, keyId, challenge, appId, date, trustAnchors } = await attest(authority);
    const verified = await verifyAttestation({ attestation, keyId, challenge, appId, date, trustAnchors });

    expect(verified).toEqual({
      keyId,
      publicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n.{64}\n.{60}\n-----END PUBLIC KEY-----\n$/),
      counter: 0,
      appId: APP_ID,
      environment: 'production',
      receipt: new Uint8Array(4000),
      device: { platform: 'iphoneos', osVersion: '27.0', osBuild: '24A325b', deviceClass: 2 },
      extensions: { validationCategory: ValidationCategory.AppStore, bundleVersion: '42' },
      certificate: { notBefore: LEAF_PROFILE.notBefore, notAfter: LEAF_PROFILE.notAfter },
    });
  });

  const variants: readonly [string, AttestationChanges][] = [
    ['with extensions and flags 0x40, as in Apple’s sample', { flags: 0x40 }],
    ['without extensions, as before iOS 27', { flags: 0x40, extensions: new Uint8Array() }],
    ['with an empty extension map', { extensions: cbor({}) }],
    ['with an unknown extension', { extensions: signedExtensions({ apple_future_01: [1, { a: null }] }) }],
    ['with an unsigned cdHash beside the known entries', { object: { cdHash: new Uint8Array(32) } }],
    ['with an unknown entry in attStmt', { statement: { ver: '2' } }],
    ['without Apple’s device information', { operatingSystem: undefined }],
    ['without the App ID in the certificate', { properties: undefined }],
    ['with key usage properties that name no app', { properties: sequence(tagged(4, integer(10))) }],
    ['with device information of another form', { operatingSystem: sequence(integer(1), tagged(1400, integer(27))) }],
    ['with an iPhone’s access control list', { accessControlList: sequence(tagged(3, octetString('other'))) }],
    ['with a leaf without key usage', { leaf: { keyUsage: undefined } }],
    ['with a leaf without basic constraints', { leaf: { ca: undefined } }],
    [
      'from a Mac that is locked down',
      {
        operatingSystem: operatingSystem('macosx'),
        accessControlList: sequence(tagged(3, octetString(MAC_ACCESS_CONTROL_LIST))),
      },
    ],
  ];
  it.each(variants)('%s is accepted', async (_, changes) => {
    expect((await verify(changes)).appId).toBe(APP_ID);
  });

  it('reports of the device what its certificate says, and nothing else', async () => {
    const saying = async (tag: number, value: Uint8Array) => {
      return (await verify({ operatingSystem: sequence(tagged(tag, value)) })).device;
    };
    expect(await saying(1026, octetString('iphoneos'))).toStrictEqual({ platform: 'iphoneos' });
    expect(await saying(1400, octetString('27.0'))).toStrictEqual({ osVersion: '27.0' });
    expect(await saying(1403, octetString('24A325b'))).toStrictEqual({ osBuild: '24A325b' });
    expect(await saying(1104, integer(2))).toStrictEqual({ deviceClass: 2 });
  });

  it('has 64 KiB at most', async () => {
    const { attestation, privateKey: _, ...options } = await attest(authority);
    // One more entry in the map: { "p": bytes }.
    const padded = (length: number): Uint8Array => {
      const size = length - attestation.length - 5;
      const entry = Uint8Array.of(0x61, 0x70, 0x59, size >> 8, size & 0xff, ...new Uint8Array(size));
      return Uint8Array.of(0xa4, ...attestation.subarray(1), ...entry);
    };
    await verifyAttestation({ ...options, attestation: padded(65_536) });
    await expectCode(() => verifyAttestation({ ...options, attestation: padded(65_537) }), 'malformed_attestation');
  });

  it('is not decoded where its text is too long', async () => {
    const attestation = 'A'.repeat(100_000);
    const from = vi.spyOn(Buffer, 'from');
    try {
      await expectCode(() => verify({}, { attestation }), 'malformed_attestation');
      expect(from.mock.calls.some(([value]) => (value as unknown) === attestation)).toBe(false);
    } finally {
      from.mockRestore();
    }
  });

  it.each([`${APP_ID}.Clip`, `${APP_ID}.more.than_one-part`])('names the App Clip of the app: %s', async (clip) => {
    expect(await verify({ properties: keyUsageProperties(clip) })).toMatchObject({ appId: APP_ID, appClipId: clip });
    expect(await verify()).not.toHaveProperty('appClipId');
  });

  it('believes no extensions that the flags do not announce', async () => {
    expect(await verify({ flags: 0x40 })).not.toHaveProperty('extensions');
    const { privateKey: _, ...options } = await attest(authority, { flags: 0x40 });
    const policy: ExtensionPolicy = { validationCategories: [4], bundleVersions: ['42'] };
    await expect(verifyAttestation({ ...options, policy })).resolves.toMatchObject({ appId: APP_ID });
    const strict: ExtensionPolicy = { ...policy, whenAbsent: 'reject' };
    await expectCode(() => verifyAttestation({ ...options, policy: strict }), 'extension_missing');
  });

  it('never reports an unsigned entry', async () => {
    const verified = await verify({ extensions: new Uint8Array(), object: { cdHash: new Uint8Array(32) } });
    expect(verified).not.toHaveProperty('extensions');
    expect(JSON.stringify(verified)).not.toContain('cdHash');
  });

  it('reports the validation category from four little-endian bytes and from an integer', async () => {
    const asInteger = await verify({ extensions: signedExtensions({ apple_validation_category_01: 2 }) });
    expect(asInteger.extensions?.validationCategory).toBe(ValidationCategory.TestFlight);
    const zero = await verify({ extensions: signedExtensions({ apple_validation_category_01: 0 }) });
    expect(zero.extensions?.validationCategory).toBe(ValidationCategory.Invalid);
    const highest = await verify({ extensions: signedExtensions({ apple_validation_category_01: 0xffff_ffff }) });
    expect(highest.extensions?.validationCategory).toBe(0xffff_ffff);
    const future = await verify({
      extensions: signedExtensions({ apple_validation_category_01: Uint8Array.of(1, 2, 0, 0x80) }),
    });
    expect(future.extensions?.validationCategory).toBe(0x80000201);
  });

  it('says which of several apps and environments it belongs to', async () => {
    const verified = await verify(
      { aaguid: DEVELOPMENT },
      {
        appId: ['OTHER12345.com.example.app', { teamId: 'TEAMID1234', bundleId: 'com.example.app' }],
        environment: ['production', 'development'],
      },
    );
    expect(verified.appId).toBe(APP_ID);
    expect(verified.environment).toBe('development');
  });

  it('is accepted under a root that is given as PEM', async () => {
    const pem = pemOf(authority.root.der);
    expect((await verify({}, { trustAnchors: [pem] })).appId).toBe(APP_ID);
    expect((await verify({}, { trustAnchors: [` \r\n${pem}\r\n `] })).appId).toBe(APP_ID);
    expect((await verify({}, { trustAnchors: [pem.trim()] })).appId).toBe(APP_ID);
  });

  it('is accepted under one of several roots, also where they share a name', async () => {
    const other = await createAuthority();
    expect((await verify({}, { trustAnchors: [other.root.der, authority.root.der] })).appId).toBe(APP_ID);
  });

  it('is accepted as base64 and as base64url without padding, with the key identifier in either form', async () => {
    const recording = attestationFixture('apple-guide-2026');
    const options = attestationOptions(recording);
    const base64 = Buffer.from(options.attestation).toString('base64');
    const base64url = Buffer.from(options.attestation).toString('base64url');
    const keyId = Buffer.from(options.keyId, 'base64').toString('base64url');
    expect((await verifyAttestation({ ...options, attestation: base64 })).keyId).toBe(recording.keyId);
    expect((await verifyAttestation({ ...options, attestation: base64url, keyId })).keyId).toBe(recording.keyId);
  });

  it('yields bytes that are no slices of the evidence', async () => {
    const { attestation, keyId, challenge, appId, date, trustAnchors } = await attest(authority, {
      extensions: signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(32).fill(1) }),
    });
    const { receipt, extensions } = await verifyAttestation({
      attestation,
      keyId,
      challenge,
      appId,
      date,
      trustAnchors,
    });
    expect(receipt.buffer).not.toBe(attestation.buffer);
    expect(receipt.buffer.byteLength).toBe(4000);
    expect(extensions?.codeDirectoryHash?.buffer.byteLength).toBe(32);
  });
});

describe('an attestation with one thing wrong', () => {
  const wrong: readonly [string, AttestationChanges, AppAttestErrorCode][] = [
    ['another format', { object: { fmt: 'packed' } }, 'unsupported_format'],
    ['no format', { object: { fmt: undefined } }, 'malformed_attestation'],
    ['a format that is not text', { object: { fmt: 1 } }, 'malformed_attestation'],
    ['no attStmt', { object: { attStmt: undefined } }, 'malformed_attestation'],
    ['no authData', { object: { authData: undefined } }, 'malformed_attestation'],
    ['authData as text', { object: { authData: 'text' } }, 'malformed_attestation'],
    ['no receipt', { statement: { receipt: undefined } }, 'malformed_attestation'],
    ['no x5c', { statement: { x5c: undefined } }, 'malformed_attestation'],
    ['x5c that is no array', { x5c: (leaf) => leaf }, 'malformed_attestation'],
    ['x5c with something else than bytes', { x5c: (leaf) => [leaf, 'text'] }, 'malformed_attestation'],
    ['an empty x5c', { x5c: () => [] }, 'malformed_attestation'],
    ['x5c without the intermediate', { x5c: (leaf) => [leaf] }, 'malformed_attestation'],
    ['five certificates', { x5c: (leaf, ca) => [leaf, ca, ca, ca, ca] }, 'malformed_attestation'],
    ['a leaf that is no certificate', { x5c: (_, ca) => [new Uint8Array(500), ca] }, 'malformed_attestation'],
    ['an intermediate that is none', { x5c: (leaf) => [leaf, Uint8Array.of(0x30, 0)] }, 'malformed_attestation'],
    [
      'bytes after the extensions',
      { extensions: Buffer.concat([signedExtensions(), Uint8Array.of(0)]) },
      'malformed_attestation',
    ],
    ['a validation category that is a half-float', { extensions: HALF_FLOAT_CATEGORY }, 'malformed_attestation'],
    [
      'no extensions where the flags announce them',
      { flags: 0xc0, extensions: new Uint8Array() },
      'malformed_attestation',
    ],
    ['bytes that the flags do not announce', { flags: 0x40, extensions: Uint8Array.of(0) }, 'malformed_attestation'],
    ['extensions that are no map', { extensions: cbor([1]) }, 'malformed_attestation'],
    [
      'a bundle version that is no text',
      { extensions: signedExtensions({ apple_bundle_version_01: 1 }) },
      'malformed_attestation',
    ],
    [
      'a category of two bytes',
      { extensions: signedExtensions({ apple_validation_category_01: Uint8Array.of(4, 0) }) },
      'malformed_attestation',
    ],
    [
      'a category of five bytes',
      { extensions: signedExtensions({ apple_validation_category_01: Uint8Array.of(4, 0, 0, 0, 0) }) },
      'malformed_attestation',
    ],
    [
      'a category as an array of four numbers',
      { extensions: signedExtensions({ apple_validation_category_01: [4, 0, 0, 0] }) },
      'malformed_attestation',
    ],
    [
      'a negative category',
      { extensions: signedExtensions({ apple_validation_category_01: -1 }) },
      'malformed_attestation',
    ],
    [
      'a category beyond 32 bits',
      { extensions: signedExtensions({ apple_validation_category_01: 2 ** 32 }) },
      'malformed_attestation',
    ],
    [
      'a code directory hash that is no bytes',
      { extensions: signedExtensions({ apple_cd_hash_hash_01: 'aa' }) },
      'malformed_attestation',
    ],
    ['a credential id of 31 bytes', { credentialId: new Uint8Array(31) }, 'malformed_attestation'],
    [
      'a COSE key of another curve',
      { coseKey: Buffer.concat([Buffer.from('a5010203382220022158', 'hex'), new Uint8Array(67)]) },
      'malformed_attestation',
    ],

    ['the nonce of another challenge', { challenge: 'another challenge' }, 'nonce_mismatch'],
    ['no nonce', { nonce: () => undefined }, 'nonce_mismatch'],
    ['a nonce without its tag', { nonce: (nonce) => sequence(octetString(nonce)) }, 'nonce_mismatch'],
    ['a nonce under another tag', { nonce: (nonce) => sequence(tagged(2, octetString(nonce))) }, 'nonce_mismatch'],
    [
      'a nonce cut short',
      { nonce: (nonce) => sequence(tagged(1, octetString(nonce.subarray(0, 31)))) },
      'nonce_mismatch',
    ],
    ['an empty nonce', { nonce: () => sequence(tagged(1, octetString(''))) }, 'nonce_mismatch'],
    ['a nonce that is no OCTET STRING', { nonce: () => sequence(tagged(1, integer(1))) }, 'nonce_mismatch'],
    [
      'the nonce, but in second place',
      { nonce: (nonce) => sequence(tagged(1, octetString('')), tagged(1, octetString(nonce))) },
      'nonce_mismatch',
    ],
    [
      'the nonce with something behind it',
      { nonce: (nonce) => sequence(tagged(1, octetString(nonce)), integer(1)) },
      'nonce_mismatch',
    ],
    [
      'a nonce extension that is no DER',
      { nonce: (nonce) => Buffer.concat([sequence(tagged(1, octetString(nonce))), Uint8Array.of(0)]) },
      'nonce_mismatch',
    ],

    ['another app', { appId: 'TEAMID1234.com.example.other' }, 'app_id_mismatch'],
    [
      'another app in the certificate',
      { properties: keyUsageProperties('TEAMID1234.com.example.other') },
      'app_id_mismatch',
    ],
    [
      'another app in the certificate, by an invisible character',
      { properties: keyUsageProperties(`\ufeff${APP_ID}`) },
      'app_id_mismatch',
    ],
    ['a counter of one', { counter: 1 }, 'counter_not_zero'],
    ['a counter that is negative when read as signed', { counter: 0x80000000 }, 'counter_not_zero'],
    ['a development key', { aaguid: DEVELOPMENT }, 'environment_mismatch'],
    ['an unknown aaguid', { aaguid: new Uint8Array(16) }, 'environment_mismatch'],
    ['an aaguid that only begins well', { aaguid: Buffer.from('appattest\0\0\0\0\0\0\x01') }, 'environment_mismatch'],
    ['another credential id', { credentialId: new Uint8Array(32) }, 'credential_id_mismatch'],
    ['another COSE key', { coseKey: coseKey(otherPoint) }, 'public_key_mismatch'],
    ['a key on P-384', { curve: 'P-384', coseKey: coseKey(otherPoint) }, 'public_key_mismatch'],

    ['a Mac without an access control list', { operatingSystem: operatingSystem('macosx') }, 'access_control_mismatch'],
    [
      'a Mac with SIP off',
      { operatingSystem: operatingSystem('macos'), accessControlList: sequence(tagged(3, octetString('open'))) },
      'access_control_mismatch',
    ],
    [
      'a Mac with a second list behind the right one',
      {
        operatingSystem: operatingSystem('macosx'),
        accessControlList: sequence(tagged(3, octetString(MAC_ACCESS_CONTROL_LIST)), tagged(4, octetString(''))),
      },
      'access_control_mismatch',
    ],
    [
      'device information with a tag twice',
      { operatingSystem: sequence(tagged(1026, octetString('iphoneos')), tagged(1026, octetString('macosx'))) },
      'malformed_attestation',
    ],
    [
      'an App ID in the certificate that is no text',
      { properties: sequence(tagged(1204, integer(1))) },
      'malformed_attestation',
    ],
  ];
  it.each(wrong)('%s', async (_, changes, code) => {
    await expectCode(() => verify(changes), code);
  });
});

describe('an attestation that the server did not ask for', () => {
  const options: readonly [string, Partial<VerifyAttestationOptions>, AppAttestErrorCode][] = [
    ['another challenge', { challenge: 'another' }, 'nonce_mismatch'],
    ['another clientDataHash', { challenge: undefined as never, clientDataHash: sha256('another') }, 'nonce_mismatch'],
    ['another key identifier', { keyId: Buffer.alloc(32).toString('base64') }, 'key_id_mismatch'],
    ['a key identifier that is not base64', { keyId: '!' }, 'key_id_mismatch'],
    ['a key identifier of 31 bytes', { keyId: Buffer.alloc(31).toString('base64') }, 'key_id_mismatch'],
    ['a key identifier of a megabyte', { keyId: 'A'.repeat(1 << 20) }, 'key_id_mismatch'],
    ['an empty key identifier', { keyId: '' }, 'key_id_mismatch'],
    ['another app', { appId: 'TEAMID1234.com.example.other' }, 'app_id_mismatch'],
    ['another environment', { environment: 'development' }, 'environment_mismatch'],
    ['Apple’s root only', { trustAnchors: undefined as never }, 'untrusted_certificate'],
    ['a date before the leaf', { date: new Date('2026-09-29T00:00:00Z') }, 'certificate_expired'],
    ['a date after the leaf', { date: new Date('2026-10-04T00:00:00Z') }, 'certificate_expired'],
  ];
  it.each(options)('%s', async (_, changed, code) => {
    await expectCode(() => verify({}, changed), code);
  });
});

it('a key identifier that no key has is rejected before it waits', async () => {
  const options = await attest(authority);
  const { privateKey: _, ...call } = options;
  const waiting = Array.from({ length: 3 * threadPoolSize() }, () => verifyAttestation(call).then(() => 'attested'));
  const rejected = verifyAttestation({ ...call, keyId: 'A'.repeat(1 << 20) }).catch(({ code }) => code);
  expect(await Promise.race([...waiting, rejected])).toBe('key_id_mismatch');
  await Promise.all(waiting);
});

it('evidence that is no base64 is named before a key identifier that no key has, and that before what is decoded', async () => {
  await expectCode(() => verify({}, { attestation: '!', keyId: '!' }), 'malformed_attestation');
  await expectCode(() => verify({}, { attestation: Uint8Array.of(0), keyId: '!' }), 'key_id_mismatch');
});

it('a clientDataHash of 64 KiB is compared', async () => {
  const options = { challenge: undefined as never, clientDataHash: new Uint8Array(65_536) };
  await expectCode(() => verify({}, options), 'nonce_mismatch');
});

describe('a call that is wrong in itself', () => {
  const recording = attestationOptions(attestationFixture('node-app-attest-production'));
  const calls: readonly [string, object][] = [
    ['no attestation', { attestation: undefined }],
    ['a number for an attestation', { attestation: 1 }],
    ['an array for an attestation', { attestation: [1, 2] }],
    ['no key identifier', { keyId: undefined }],
    ['bytes for a key identifier', { keyId: new Uint8Array(32) }],
    ['neither challenge nor clientDataHash', { challenge: undefined }],
    ['both challenge and clientDataHash', { clientDataHash: new Uint8Array(32) }],
    ['an empty challenge', { challenge: '' }],
    ['empty challenge bytes', { challenge: new Uint8Array() }],
    ['a number for a challenge', { challenge: 1 }],
    ['text for a clientDataHash', { challenge: undefined, clientDataHash: 'hash' }],
    ['a challenge with half of a surrogate pair', { challenge: '\udc00' }],
    ['a clientDataHash of more than 64 KiB', { challenge: undefined, clientDataHash: new Uint8Array(65_537) }],
    ['an empty clientDataHash', { challenge: undefined, clientDataHash: new Uint8Array() }],
    ['no app', { appId: undefined }],
    ['an empty list of apps', { appId: [] }],
    ['an app without a team', { appId: 'app' }],
    ['an app with an empty team', { appId: '.com.example.app' }],
    ['an app with an empty bundle', { appId: { teamId: 'TEAMID1234', bundleId: '' } }],
    ['an app with a dotted team', { appId: { teamId: 'TEAM.ID', bundleId: 'com.example.app' } }],
    ['an app with a space in its bundle', { appId: 'TEAMID1234.com.example app' }],
    ['an app with a space after its team', { appId: { teamId: 'TEAMID1234 ', bundleId: 'com.example.app' } }],
    ['an app with a space before its team', { appId: { teamId: ' TEAMID1234', bundleId: 'com.example.app' } }],
    ['an app with a number for a team', { appId: { teamId: 1234567890, bundleId: 'com.example.app' } }],
    ['an app with a team alone', { appId: { teamId: 'TEAMID1234' } }],
    ['an app with a bundle alone', { appId: { bundleId: 'com.example.app' } }],
    ['null for an app', { appId: null }],
    ['an app left out of a list', { appId: new Array(1) }],
    ['a number among apps', { appId: [APP_ID, 1] }],
    ['an unknown environment', { environment: 'sandbox' }],
    ['an unknown environment beside a known one', { environment: ['production', 'sandbox'] }],
    ['an empty list of environments', { environment: [] }],
    ['no root', { trustAnchors: [] }],
    ['a root left out of a list', { trustAnchors: new Array(1) }],
    ['a root that is no array', { trustAnchors: authority.root.der }],
    ['a root that is no certificate', { trustAnchors: ['root'] }],
    ['a root of broken PEM', { trustAnchors: ['-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----'] }],
    ['a root of PEM with something before it', { trustAnchors: [`x${pemOf(authority.root.der)}`] }],
    ['a root of PEM with something behind it', { trustAnchors: [`${pemOf(authority.root.der)}x`] }],
    ['two roots in one PEM', { trustAnchors: [pemOf(authority.root.der).repeat(2)] }],
    ['a root of other DER', { trustAnchors: [Uint8Array.of(0x30, 0)] }],
    ['a number for a root', { trustAnchors: [1] }],
    ['text for roots', { trustAnchors: 'root' }],
    ['an invalid date', { date: new Date(Number.NaN) }],
    ['text for a date', { date: '2026-01-01' }],
    ['a policy that is no object', { policy: 'strict' }],
    ['a policy with a misspelt entry', { policy: { validationCategory: [4] } }],
    ['a policy with an unknown whenAbsent', { policy: { whenAbsent: 'refuse' } }],
  ];
  it.each(calls)('%s', async (_, changed) => {
    await expectCode(() => verifyAttestation({ ...recording, ...changed } as never), 'invalid_argument');
  });

  it.each([undefined, null, 'options'])('%s for options', async (options) => {
    await expectCode(() => verifyAttestation(options as never), 'invalid_argument');
  });
});

describe('an error', () => {
  it('says what was expected and what came', async () => {
    const error = await expectCode(() => verify({}, { appId: 'TEAMID1234.com.example.other' }), 'app_id_mismatch');
    expect(error.expected).toContain('TEAMID1234.com.example.other');
    const rpIdHash = Buffer.from(sha256(APP_ID).subarray(0, 8)).toString('hex');
    expect(error.actual).toBe(`"${APP_ID}" = ${rpIdHash}…`);
    expect(error.message).toContain(error.actual);
  });

  it('names the environment', async () => {
    const error = await expectCode(() => verify({ aaguid: DEVELOPMENT }), 'environment_mismatch');
    expect(error).toMatchObject({ expected: 'production', actual: 'development' });
    const options = { environment: ['production', 'development'] as const };
    const unknown = await expectCode(() => verify({ aaguid: new Uint8Array(16) }, options), 'environment_mismatch');
    expect(unknown).toMatchObject({ expected: 'production or development', actual: '0000000000000000…' });
  });

  it('names the apps and the counter', async () => {
    const appId = ['TEAMID1234.com.example.other', 'TEAMID1234.com.example.third'];
    expect((await expectCode(() => verify({}, { appId }), 'app_id_mismatch')).expected).toMatch(
      /other = .* or .*third = /,
    );
    const counted = await expectCode(() => verify({ counter: 7 }), 'counter_not_zero');
    expect(counted).toMatchObject({ expected: '0', actual: '7' });
  });

  it('keeps its cause', async () => {
    const error = await expectCode(() => verify({}, { attestation: Uint8Array.of(0xff) }), 'malformed_attestation');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('quotes and cuts what a client wrote', async () => {
    const error = await expectCode(
      () => verify({ object: { fmt: `\u202e\n${'x'.repeat(500)}` } }),
      'unsupported_format',
    );
    expect(error.message).toContain('\\u202e\\n');
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('the leaf', () => {
  it('is said to carry no nonce, or none that can be read', async () => {
    const missing = await expectCode(() => verify({ nonce: () => undefined }), 'nonce_mismatch');
    expect(missing.message).toContain('has no nonce');
    const unreadable = await expectCode(() => verify({ nonce: () => octetString('') }), 'nonce_mismatch');
    expect(unreadable.message).toContain('cannot be decoded');
  });

  it('is found by its object identifier: the same nonce in another extension does not count', async () => {
    await expectCode(() => verify({ nonceOid: '1.2.840.113635.100.8.22' }), 'nonce_mismatch');
  });

  it('may not carry an extension twice', async () => {
    await expectCode(() => verify({ leaf: { repeated: [OPERATING_SYSTEM_OID] } }), 'malformed_attestation');
  });

  it('may not carry a critical extension that nobody knows', async () => {
    const leaf = { extensions: { '1.2.3.4': sequence() }, critical: ['1.2.3.4'] };
    await expectCode(() => verify({ leaf }), 'untrusted_certificate');
  });

  it('may carry an unknown extension that is not critical', async () => {
    expect((await verify({ leaf: { extensions: { '1.2.3.4': sequence() } } })).appId).toBe(APP_ID);
  });

  it('of another authority does not become trusted by its name', async () => {
    const impostor = await createAuthority();
    const { attestation, keyId, challenge, appId, date } = await attest(impostor);
    const options = { attestation, keyId, challenge, appId, date, trustAnchors: [authority.root.der] };
    await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
  });

  it('is not signed by a key that stands in x5c alone', async () => {
    const keys = await generateKeys('P-384');
    const selfMade = await issueCertificate({ ...LEAF_PROFILE, ca: true }, keys);
    await expectCode(() => verify({ x5c: (leaf) => [leaf, selfMade.der] }), 'untrusted_certificate');
  });
});
