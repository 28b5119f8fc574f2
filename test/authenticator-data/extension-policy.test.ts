import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keepExtensionPolicy } from '../../src/authenticator-data/extension-policy.js';
import {
  type AppAttestErrorCode,
  type ExtensionPolicy,
  ValidationCategory,
  verifyAssertion,
  verifyAttestation,
} from '../../src/index.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { createAuthority } from '../support/certificate-authority.js';
import { APP_ID, assert, attest, signedExtensions } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const HASH = Uint8Array.from({ length: 32 }, (_, index) => index);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const none = new Uint8Array();
const appStore = signedExtensions({ apple_cd_hash_hash_01: HASH });

function verify(extensions: Uint8Array, policy: ExtensionPolicy) {
  const assertion = assert(privateKey, { extensions });
  return verifyAssertion({ assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0, policy });
}

describe('a policy accepts an assertion', () => {
  const { AppStore, TestFlight } = ValidationCategory;
  const cases: readonly [string, Uint8Array, ExtensionPolicy][] = [
    ['with a listed validation category', appStore, { validationCategories: [TestFlight, AppStore] }],
    ['with a listed bundle version', appStore, { bundleVersions: ['41', '42'] }],
    [
      'with a bundle version that the bundleVersions function accepts',
      appStore,
      { bundleVersions: (version) => Number(version) >= 40 },
    ],
    ['with a listed code directory hash', appStore, { codeDirectoryHashes: [hex(HASH).toUpperCase()] }],
    [
      'with a code directory hash of 32 bytes whose first 20 bytes are listed',
      appStore,
      { codeDirectoryHashes: [hex(HASH.subarray(0, 20))] },
    ],
    [
      'with a code directory hash that is the first 20 bytes of a listed hash',
      signedExtensions({ apple_cd_hash_hash_01: HASH.subarray(0, 20) }),
      { codeDirectoryHashes: ['00'.repeat(32), hex(HASH)] },
    ],
    ['without extensions if whenAbsent is not set', none, { validationCategories: [AppStore], bundleVersions: ['42'] }],
    ['without a code directory hash if whenAbsent is not set', cbor({}), { codeDirectoryHashes: [hex(HASH)] }],
    [
      'whose extensions are all listed, if whenAbsent is reject',
      appStore,
      {
        validationCategories: [AppStore],
        bundleVersions: ['42'],
        codeDirectoryHashes: [hex(HASH)],
        whenAbsent: 'reject',
      },
    ],
    [
      'with an empty extension map if the policy contains nothing but whenAbsent: reject',
      cbor({}),
      { whenAbsent: 'reject' },
    ],
    ['without extensions if the policy is empty', none, {}],
    ['without extensions even if whenDropped is reject', none, { whenDropped: 'reject' }],
  ];
  it.each(cases)('%s', async (_, extensions, policy) => {
    expect((await verify(extensions, policy)).counter).toBe(1);
  });
});

describe('a policy rejects an assertion', () => {
  const reject = 'reject' as const;
  const longer = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(48) });
  const empty = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array() });
  const cases: readonly [string, Uint8Array, ExtensionPolicy, AppAttestErrorCode][] = [
    ['with a validation category that is not listed', appStore, { validationCategories: [2] }, 'extension_rejected'],
    [
      'with any validation category if the list of categories is empty',
      appStore,
      { validationCategories: [] },
      'extension_rejected',
    ],
    [
      'with an unknown validation category that is not listed',
      signedExtensions({ apple_validation_category_01: 11 }),
      { validationCategories: [4] },
      'extension_rejected',
    ],
    ['with a bundle version that is not listed', appStore, { bundleVersions: ['4', '420'] }, 'extension_rejected'],
    [
      'with a bundle version that the bundleVersions function rejects',
      appStore,
      { bundleVersions: () => false },
      'extension_rejected',
    ],
    ['if the bundleVersions function throws', appStore, { bundleVersions: () => JSON.parse('') }, 'extension_rejected'],
    [
      'with a code directory hash that is not listed',
      appStore,
      { codeDirectoryHashes: ['00'.repeat(32)] },
      'extension_rejected',
    ],
    [
      'with a code directory hash of 32 bytes that differs from the listed hash only in its last byte',
      appStore,
      { codeDirectoryHashes: [`${hex(HASH.subarray(0, 31))}00`] },
      'extension_rejected',
    ],
    [
      'with a code directory hash of 32 bytes that does not begin with the listed hash of 20 bytes',
      appStore,
      { codeDirectoryHashes: ['00'.repeat(20)] },
      'extension_rejected',
    ],
    [
      'with a code directory hash of 48 bytes, even if its first 20 bytes are listed',
      longer,
      { codeDirectoryHashes: ['00'.repeat(20)] },
      'extension_rejected',
    ],
    ['with an empty code directory hash', empty, { codeDirectoryHashes: [hex(HASH)] }, 'extension_rejected'],
    [
      'with any code directory hash if the list of hashes is empty',
      appStore,
      { codeDirectoryHashes: [] },
      'extension_rejected',
    ],
    [
      'without extensions if the policy lists categories and whenAbsent is reject',
      none,
      { validationCategories: [4], whenAbsent: reject },
      'extension_missing',
    ],
    [
      'without extensions if the policy contains nothing but whenAbsent: reject',
      none,
      { whenAbsent: reject },
      'extension_missing',
    ],
    [
      'without a validation category if whenAbsent is reject',
      cbor({}),
      { validationCategories: [4], whenAbsent: reject },
      'extension_missing',
    ],
    [
      'without a bundle version if whenAbsent is reject',
      cbor({}),
      { bundleVersions: ['42'], whenAbsent: reject },
      'extension_missing',
    ],
    [
      'without a code directory hash if whenAbsent is reject',
      signedExtensions(),
      { codeDirectoryHashes: [hex(HASH)], whenAbsent: reject },
      'extension_missing',
    ],
    [
      'with a validation category that is not listed, even if whenAbsent is accept',
      appStore,
      { validationCategories: [2], whenAbsent: 'accept' },
      'extension_rejected',
    ],
  ];
  it.each(cases)('%s', async (_, extensions, policy, code) => {
    await expectCode(() => verify(extensions, policy), code);
  });

  it('and an attestation with a validation category that is not listed', async () => {
    const authority = await createAuthority();
    const { attestation, keyId, challenge, appId, date, trustAnchors } = await attest(authority);
    const options = { attestation, keyId, challenge, appId, date, trustAnchors };
    await verifyAttestation({ ...options, policy: { validationCategories: [4] } });
    await expectCode(
      () => verifyAttestation({ ...options, policy: { validationCategories: [2] } }),
      'extension_rejected',
    );
  });
});

describe('a policy is invalid', () => {
  const policies: readonly [string, unknown][] = [
    ['if it is not an object', 4],
    ['if it is null', null],
    ['if it is a promise', Promise.resolve({ validationCategories: [2] })],
    ['if it is a Map', new Map([['validationCategories', [2]]])],
    ['if it is an array', []],
    ['with a misspelt property', { validationCategory: [4] }],
    ['with a number as the list of categories', { validationCategories: 4 }],
    ['with null as the list of categories', { validationCategories: null }],
    ['with 0 as the list of categories', { validationCategories: 0 }],
    ['with an empty slot in the list of categories', { validationCategories: Object.assign([], { length: 1 }) }],
    ['with null as the list of bundle versions', { bundleVersions: null }],
    ['with empty text as the list of bundle versions', { bundleVersions: '' }],
    ['with null as the list of code directory hashes', { codeDirectoryHashes: null }],
    ['with text in the list of categories', { validationCategories: ['4'] }],
    ['with text as the list of bundle versions', { bundleVersions: '42' }],
    ['with a number in the list of bundle versions', { bundleVersions: [42] }],
    ['with text that is not hex in the list of hashes', { codeDirectoryHashes: ['zz'.repeat(20)] }],
    ['with a hash of 19 bytes in the list of hashes', { codeDirectoryHashes: ['00'.repeat(19)] }],
    ['with empty text in the list of hashes', { codeDirectoryHashes: [''] }],
    ['with a character before a hash in the list of hashes', { codeDirectoryHashes: [`x${hex(HASH)}`] }],
    ['with a character after a hash in the list of hashes', { codeDirectoryHashes: [`${hex(HASH)}x`] }],
    ['with a list inside the list of hashes', { codeDirectoryHashes: [[hex(HASH)]] }],
    ['with bytes in the list of hashes', { codeDirectoryHashes: [HASH] }],
    ['with a boolean as whenAbsent', { whenAbsent: true }],
    ['with a boolean as whenDropped', { whenDropped: false }],
    ['with undefined as the list of categories', { validationCategories: undefined }],
    ['with undefined as the list of bundle versions', { bundleVersions: undefined }],
    ['with undefined as the list of code directory hashes', { codeDirectoryHashes: undefined }],
    ['with undefined as whenAbsent', { whenAbsent: undefined }],
    ['with undefined as whenDropped', { whenDropped: undefined }],
    ['with a bundleVersions function that is asynchronous', { bundleVersions: async () => false }],
    // An unhandled rejection of the promise would end the process and the test run.
    [
      'with a bundleVersions function that returns a rejected promise',
      { bundleVersions: async () => Promise.reject(new Error('late')) },
    ],
    ['with a bundleVersions function that returns a number', { bundleVersions: () => 1 }],
  ];
  it.each(policies)('%s', async (_, policy) => {
    await expectCode(() => verify(appStore, policy as never), 'invalid_argument');
  });
});

describe('the error for an invalid list in a policy', () => {
  it.each([
    ['validationCategories', 'an array of integers'],
    ['bundleVersions', 'an array of strings or a function'],
    ['codeDirectoryHashes', 'an array of strings of 40 or 64 hex digits'],
  ])('says what %s must be', async (name, expected) => {
    const { message } = await expectCode(() => verify(appStore, { [name]: [null] }), 'invalid_argument');
    expect(message).toBe(`${name} must be ${expected}`);
  });
});

describe('the property whenDropped of a checked policy', () => {
  it.each([
    ['is reject by default', {}, 'reject'],
    ['is reject if the given policy contains reject', { whenDropped: 'reject' }, 'reject'],
    ['is accept if the given policy contains accept', { whenDropped: 'accept' }, 'accept'],
  ] as const)('%s', (_, policy, whenDropped) => {
    expect(keepExtensionPolicy(policy)).toMatchObject({ whenDropped });
  });
});

it('keepExtensionPolicy returns a copy of a valid policy, and accepts such a copy', () => {
  const policy = {
    validationCategories: [4],
    bundleVersions: ['42'],
    codeDirectoryHashes: [hex(HASH)],
    whenAbsent: 'reject',
    whenDropped: 'accept',
  } as const satisfies ExtensionPolicy;
  const expected = structuredClone(policy);
  const kept = keepExtensionPolicy(policy);
  for (const list of [policy.validationCategories, policy.bundleVersions, policy.codeDirectoryHashes]) {
    Reflect.deleteProperty(list, 0);
  }
  expect(kept).toEqual(expected);
  expect(keepExtensionPolicy(kept)).toEqual(expected);
  expect(Object.keys(keepExtensionPolicy({}) ?? {})).toEqual(['whenAbsent', 'whenDropped']);
});
