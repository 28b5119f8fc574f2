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
    ['with a listed category', appStore, { validationCategories: [TestFlight, AppStore] }],
    ['with a listed bundle version', appStore, { bundleVersions: ['41', '42'] }],
    ['with a bundle version that a function accepts', appStore, { bundleVersions: (version) => Number(version) >= 40 }],
    ['with a listed code directory hash', appStore, { codeDirectoryHashes: [hex(HASH).toUpperCase()] }],
    [
      'with a full hash whose first 20 bytes are listed',
      appStore,
      { codeDirectoryHashes: [hex(HASH.subarray(0, 20))] },
    ],
    [
      'with the first 20 bytes of a listed hash',
      signedExtensions({ apple_cd_hash_hash_01: HASH.subarray(0, 20) }),
      { codeDirectoryHashes: ['00'.repeat(32), hex(HASH)] },
    ],
    ['from an old operating system by default', none, { validationCategories: [AppStore], bundleVersions: ['42'] }],
    ['with a missing extension by default', cbor({}), { codeDirectoryHashes: [hex(HASH)] }],
    [
      'with all extensions listed',
      appStore,
      {
        validationCategories: [AppStore],
        bundleVersions: ['42'],
        codeDirectoryHashes: [hex(HASH)],
        whenAbsent: 'reject',
      },
    ],
    ['with any extensions if the policy only requires extensions', cbor({}), { whenAbsent: 'reject' }],
    ['with anything if the policy is empty', none, {}],
    ['from an old operating system, regardless of whenDropped', none, { whenDropped: 'reject' }],
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
    ['with another category', appStore, { validationCategories: [2] }, 'extension_rejected'],
    ['with any category if the list is empty', appStore, { validationCategories: [] }, 'extension_rejected'],
    [
      'with a future category that is not listed',
      signedExtensions({ apple_validation_category_01: 11 }),
      { validationCategories: [4] },
      'extension_rejected',
    ],
    ['with another bundle version', appStore, { bundleVersions: ['4', '420'] }, 'extension_rejected'],
    ['with a bundle version that a function rejects', appStore, { bundleVersions: () => false }, 'extension_rejected'],
    ['if the function throws', appStore, { bundleVersions: () => JSON.parse('') }, 'extension_rejected'],
    ['with another code directory hash', appStore, { codeDirectoryHashes: ['00'.repeat(32)] }, 'extension_rejected'],
    [
      'with a hash that shares only the first 20 bytes',
      appStore,
      { codeDirectoryHashes: [`${hex(HASH.subarray(0, 31))}00`] },
      'extension_rejected',
    ],
    [
      'with a hash whose first 20 bytes differ',
      appStore,
      { codeDirectoryHashes: ['00'.repeat(20)] },
      'extension_rejected',
    ],
    ['with a hash of 48 bytes', longer, { codeDirectoryHashes: ['00'.repeat(20)] }, 'extension_rejected'],
    ['with an empty hash', empty, { codeDirectoryHashes: [hex(HASH)] }, 'extension_rejected'],
    ['with any hash if the list is empty', appStore, { codeDirectoryHashes: [] }, 'extension_rejected'],
    [
      'from an old operating system if whenAbsent is reject',
      none,
      { validationCategories: [4], whenAbsent: reject },
      'extension_missing',
    ],
    [
      'from an old operating system if the policy only requires extensions',
      none,
      { whenAbsent: reject },
      'extension_missing',
    ],
    ['with a missing category', cbor({}), { validationCategories: [4], whenAbsent: reject }, 'extension_missing'],
    ['with a missing bundle version', cbor({}), { bundleVersions: ['42'], whenAbsent: reject }, 'extension_missing'],
    [
      'with a missing hash',
      signedExtensions(),
      { codeDirectoryHashes: [hex(HASH)], whenAbsent: reject },
      'extension_missing',
    ],
    [
      'with a wrong extension even if missing ones are accepted',
      appStore,
      { validationCategories: [2], whenAbsent: 'accept' },
      'extension_rejected',
    ],
  ];
  it.each(cases)('%s', async (_, extensions, policy, code) => {
    await expectCode(() => verify(extensions, policy), code);
  });

  it('and an attestation for the same reasons', async () => {
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
    ['null', null],
    ['if it is a promise, because the caller did not await it', Promise.resolve({ validationCategories: [2] })],
    ['a Map', new Map([['validationCategories', [2]]])],
    ['if it is an array', []],
    ['with a misspelt option', { validationCategory: [4] }],
    ['with categories that are not an array', { validationCategories: 4 }],
    ['with null as the categories', { validationCategories: null }],
    ['with zero as the categories', { validationCategories: 0 }],
    ['with a gap in the list of categories', { validationCategories: Object.assign([], { length: 1 }) }],
    ['with null as the bundle versions', { bundleVersions: null }],
    ['with bundle versions that are not text', { bundleVersions: '' }],
    ['with null as the code directory hashes', { codeDirectoryHashes: null }],
    ['with a category that is not an integer', { validationCategories: ['4'] }],
    ['with bundle versions that are not an array', { bundleVersions: '42' }],
    ['with a bundle version that is a number', { bundleVersions: [42] }],
    ['with a hash that is not hex', { codeDirectoryHashes: ['zz'.repeat(20)] }],
    ['with a truncated hash', { codeDirectoryHashes: ['00'.repeat(19)] }],
    ['with an empty hash', { codeDirectoryHashes: [''] }],
    ['with a hash after other characters', { codeDirectoryHashes: [`x${hex(HASH)}`] }],
    ['with a hash before other characters', { codeDirectoryHashes: [`${hex(HASH)}x`] }],
    ['with a list inside the list of hashes', { codeDirectoryHashes: [[hex(HASH)]] }],
    ['with a hash as bytes', { codeDirectoryHashes: [HASH] }],
    ['with an unknown whenAbsent', { whenAbsent: true }],
    ['with an unknown whenDropped', { whenDropped: false }],
    ['with undefined as the categories, as from a failed lookup', { validationCategories: undefined }],
    ['with undefined as the bundle versions', { bundleVersions: undefined }],
    ['with undefined as the code directory hashes', { codeDirectoryHashes: undefined }],
    ['with undefined as whenAbsent', { whenAbsent: undefined }],
    ['with undefined as whenDropped', { whenDropped: undefined }],
    ['with an asynchronous function, whose promise is truthy', { bundleVersions: async () => false }],
    // If nobody caught the error of the promise, the error would end the process and the test run.
    ['with an asynchronous function that fails', { bundleVersions: async () => Promise.reject(new Error('late')) }],
    ['with a function that does not return a boolean', { bundleVersions: () => 1 }],
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

describe('a key that no longer has extensions', () => {
  it.each([
    ['is rejected by default', {}, 'reject'],
    ['is rejected if the policy says so', { whenDropped: 'reject' }, 'reject'],
    ['is accepted if the policy says so', { whenDropped: 'accept' }, 'accept'],
  ] as const)('%s', (_, policy, whenDropped) => {
    expect(keepExtensionPolicy(policy)).toMatchObject({ whenDropped });
  });
});

it('a checked policy is a copy, and checking it again changes nothing', () => {
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
