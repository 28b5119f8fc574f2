import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { DecodingError } from '../src/encoding/decoding-error.js';
import {
  type AppAttestErrorCode,
  type ExtensionPolicy,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../src/index.js';
import { octetString, sequence, tagged } from '../src/testing/encoding/der.js';
import { type CertificateAuthority, createAuthority, NOW } from './support/certificate-authority.js';
import {
  APP_ID,
  type AttestationChanges,
  assert,
  attest,
  coseKey,
  keyUsageProperties,
  operatingSystem,
  signedExtensions,
} from './support/evidence.js';
import { createReceiptChain, makeReceipt, minutesFromNow, type ReceiptChain } from './support/receipts.js';
import { expectCode } from './support/rejection.js';

/*
 * These tests check the details of errors, such as the compared values. No code depends on the details, but a developer needs
 * them when evidence of a real device is rejected.
 */

let authority: CertificateAuthority;
let chain: ReceiptChain;
beforeAll(async () => {
  authority = await createAuthority();
  chain = await createReceiptChain();
});

const HEX = /^[0-9a-f]{16}…$|^[0-9a-f]{8,}/;
const hex = expect.stringMatching(HEX);

interface Details {
  expected?: unknown;
  actual?: unknown;
  cause?: unknown;
  message?: unknown;
}

const attestations: readonly [string, AttestationChanges, object, AppAttestErrorCode, Details][] = [
  [
    'a malformed key identifier',
    {},
    { keyId: 'key' },
    'key_id_mismatch',
    { expected: 'base64 of SHA-256(public key)', actual: '"key"' },
  ],
  [
    'another key identifier',
    {},
    { keyId: Buffer.alloc(32, 1).toString('base64') },
    'key_id_mismatch',
    { expected: expect.stringMatching(/^01010101/), actual: hex },
  ],
  [
    'another credential id',
    { credentialId: new Uint8Array(32).fill(2) },
    {},
    'credential_id_mismatch',
    { expected: hex, actual: expect.stringMatching(/^02020202/) },
  ],
  ['another challenge', {}, { challenge: 'another' }, 'nonce_mismatch', { expected: hex, actual: hex }],
  [
    'a nonce that cannot be decoded',
    { nonce: () => octetString('none') },
    {},
    'nonce_mismatch',
    { cause: expect.any(DecodingError) },
  ],
  [
    'the App ID of another app',
    { appId: 'TEAMID1234.com.example.other', properties: keyUsageProperties('TEAMID1234.com.example.other') },
    {},
    'app_id_mismatch',
    {
      expected: expect.stringMatching(/^TEAMID1234\.com\.example\.app = [0-9a-f]{16}…$/),
      actual: expect.stringMatching(/^"TEAMID1234\.com\.example\.other" = [0-9a-f]{16}…$/),
    },
  ],
  [
    'the App ID of another app, and the App ID of a third app in the certificate',
    { appId: 'TEAMID1234.com.example.other', properties: keyUsageProperties('TEAMID1234.com.example.third') },
    {},
    'app_id_mismatch',
    { actual: expect.stringMatching(/^[0-9a-f]{16}… in a certificate for "TEAMID1234\.com\.example\.third"$/) },
  ],
  [
    'the App ID of another app, and no App ID in the certificate',
    { appId: 'TEAMID1234.com.example.other', properties: undefined },
    {},
    'app_id_mismatch',
    { actual: expect.stringMatching(/^[0-9a-f]{16}…$/) },
  ],
  ...['.', '..Clip', '.Clip.', '.Clip Clip', 'Clip', '-Clip.Clip'].map((more): (typeof attestations)[number] => [
    `"${more}" after the App ID in the certificate`,
    { properties: keyUsageProperties(`${APP_ID}${more}`) },
    {},
    'app_id_mismatch',
    { expected: APP_ID, actual: JSON.stringify(`${APP_ID}${more}`) },
  ]),
  [
    'the App ID of another app in the certificate',
    { properties: keyUsageProperties('TEAMID1234.com.example.other') },
    {},
    'app_id_mismatch',
    { expected: APP_ID, actual: '"TEAMID1234.com.example.other"' },
  ],
  [
    'another key in authenticator data',
    { coseKey: coseKey(new Uint8Array(65).fill(3)) },
    {},
    'public_key_mismatch',
    { expected: hex, actual: expect.stringMatching(/^040303/) },
  ],
  [
    'a certified key on another curve',
    { curve: 'P-384', coseKey: coseKey(new Uint8Array(65).fill(3)) },
    {},
    'public_key_mismatch',
    { expected: 'an uncompressed key of type prime256v1', actual: 'a key of type secp384r1' },
  ],
  [
    'a certificate that has expired',
    {},
    { date: new Date('2100-01-01') },
    'certificate_expired',
    {
      expected: expect.stringMatching(/^a date from \d{4}-\d\d-\d\dT[\d:.]+Z to \d{4}-\d\d-\d\dT[\d:.]+Z$/),
      actual: '2100-01-01T00:00:00.000Z',
    },
  ],
  [
    'macOS and another access control list',
    { operatingSystem: operatingSystem('macos'), accessControlList: sequence(tagged(3, octetString('another'))) },
    {},
    'access_control_mismatch',
    { expected: hex, actual: Buffer.from('another').toString('hex') },
  ],
  [
    'macOS and an access control list that cannot be decoded',
    { operatingSystem: operatingSystem('macos'), accessControlList: octetString('none') },
    {},
    'access_control_mismatch',
    { cause: expect.any(DecodingError) },
  ],
  [
    'macOS and no access control list',
    { operatingSystem: operatingSystem('macos') },
    {},
    'access_control_mismatch',
    { message: expect.stringContaining('has no access control list') },
  ],
];

it.each(attestations)(
  'an attestation with %s is rejected with an error that contains details',
  async (_, changes, options, code, details) => {
    const { privateKey: __, ...evidence } = await attest(authority, changes);
    expect(await expectCode(() => verifyAttestation({ ...evidence, ...options }), code)).toMatchObject(details);
  },
);

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const policies: readonly [string, ExtensionPolicy, AppAttestErrorCode, Details][] = [
  [
    'validation category',
    { validationCategories: [1, 2] },
    'extension_rejected',
    { expected: '1 or 2', actual: '4', message: expect.stringContaining('validation category') },
  ],
  [
    'bundle version',
    { bundleVersions: ['1'] },
    'extension_rejected',
    {
      expected: 'a version that the policy accepts',
      actual: '"42"',
      message: expect.stringContaining('bundle version'),
    },
  ],
  [
    'bundle version, because the function bundleVersions throws an error',
    {
      bundleVersions: () => {
        throw new Error('down');
      },
    },
    'extension_rejected',
    { cause: new Error('down') },
  ],
  [
    'code directory hash',
    { codeDirectoryHashes: ['01'.repeat(32), '02'.repeat(20)] },
    'extension_rejected',
    { expected: expect.stringMatching(/^01.* or 02/), actual: expect.stringMatching(/^09/) },
  ],
];

describe('an assertion', () => {
  const signed = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(32).fill(9) });
  const verify = (extensions: Uint8Array, policy: ExtensionPolicy) => {
    const assertion = assert(privateKey, { extensions });
    return verifyAssertion({ assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0, policy });
  };

  it.each(policies)(
    'is rejected with details if the policy does not accept its %s',
    async (_, policy, code, details) => {
      expect(await expectCode(() => verify(signed, policy), code)).toMatchObject(details);
    },
  );

  it.each([
    ['validation category', { validationCategories: [1] }, 'apple_validation_category_01'],
    ['bundle version', { bundleVersions: ['1'] }, 'apple_bundle_version_01'],
    ['code directory hash', { codeDirectoryHashes: ['01'.repeat(32)] }, 'apple_cd_hash_hash_01'],
  ])(
    'without the %s that the policy requires is rejected with an error that names the missing value',
    async (name, policy, entry) => {
      const without = signedExtensions({ [entry]: undefined });
      const error = await expectCode(() => verify(without, { ...policy, whenAbsent: 'reject' }), 'extension_missing');
      expect(error.message).toContain(name);
    },
  );
});

const receipts: readonly [string, object, AppAttestErrorCode, Details][] = [
  [
    'that has expired',
    { date: minutesFromNow(60 * 24 * 91) },
    'receipt_expired',
    { expected: expect.stringMatching(/^a date up to \d{4}-/), actual: minutesFromNow(60 * 24 * 91).toISOString() },
  ],
  [
    'from the future',
    { date: minutesFromNow(-10) },
    'receipt_expired',
    { expected: `a date at or after ${minutesFromNow(-1).toISOString()}`, actual: minutesFromNow(-10).toISOString() },
  ],
  ['that is too old', { maxAge: 30 }, 'receipt_too_old', { expected: 'at most 30 seconds', actual: '60 seconds' }],
  [
    'of another app',
    { appId: ['TEAMID1234.com.example.a', 'TEAMID1234.com.example.b'] },
    'app_id_mismatch',
    { expected: 'TEAMID1234.com.example.a or TEAMID1234.com.example.b', actual: `"${APP_ID}"` },
  ],
  [
    'of another challenge',
    { clientDataHash: new Uint8Array(32).fill(2) },
    'receipt_challenge_mismatch',
    {
      expected: '0202020202020202…',
      actual: '0909090909090909…',
      message: expect.stringContaining('another challenge'),
    },
  ],
  ['of another type', { type: 'RECEIPT' }, 'receipt_challenge_mismatch', { expected: 'RECEIPT', actual: 'ATTEST' }],
  [
    'of another environment',
    { environment: 'development' },
    'environment_mismatch',
    { expected: 'development', actual: 'production' },
  ],
];

describe('a receipt', () => {
  it.each(receipts)(
    '%s is rejected with an error that contains the compared values',
    async (_, options, code, details) => {
      const receipt = await makeReceipt(chain);
      const call = { receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der], ...options };
      expect(await expectCode(() => verifyReceipt(call), code)).toMatchObject(details);
    },
  );

  it.each([
    ['absent', undefined, 'none'],
    ['unknown', 'staging', '"staging"'],
  ])(
    'is rejected with an error that contains its environment if the environment is %s',
    async (_, environment, actual) => {
      const receipt = await makeReceipt(chain, { fields: { 7: environment } });
      const call = { receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
      const both = { ...call, environment: ['production', 'development'] as const };
      const error = await expectCode(() => verifyReceipt(both), 'environment_mismatch');
      expect(error).toMatchObject({ expected: 'production or development', actual });
    },
  );

  it('whose signer certificate lacks Apple’s extension is rejected with an error that names the extension', async () => {
    const other = await createReceiptChain({ signer: { extensions: {} } });
    const receipt = await makeReceipt(other);
    const call = { receipt, appId: APP_ID, date: NOW, trustAnchors: [other.root.der] };
    const error = await expectCode(() => verifyReceipt(call), 'untrusted_certificate');
    expect(error).toMatchObject({ expected: 'extension 1.2.840.113635.100.12.15', actual: 'none' });
  });
});

describe('an error names the option that is a number instead of evidence, client data or a key:', () => {
  it.each(['challenge', 'attestation', 'clientDataHash'])('%s of verifyAttestation', async (name) => {
    const { challenge, privateKey: _, ...options } = await attest(authority);
    const call = { ...options, ...(name !== 'clientDataHash' && { challenge }), [name]: 5 };
    const error = await expectCode(() => verifyAttestation(call as never), 'invalid_argument');
    expect(error.message).toMatch(new RegExp(`^${name} must`));
  });

  it.each(['payload', 'assertion', 'publicKey'])('%s of verifyAssertion', async (name) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const call = { assertion: assert(privateKey), payload: '', publicKey, appId: APP_ID, counter: 0, [name]: 5 };
    const error = await expectCode(() => verifyAssertion(call as never), 'invalid_argument');
    expect(error.message).toMatch(new RegExp(`^${name} must`));
  });

  it('receipt of verifyReceipt', async () => {
    const error = await expectCode(() => verifyReceipt({ receipt: 5, appId: APP_ID } as never), 'invalid_argument');
    expect(error.message).toMatch(/^receipt must/);
  });
});
