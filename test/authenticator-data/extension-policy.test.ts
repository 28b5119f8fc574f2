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

describe('a policy is met', () => {
  const { AppStore, TestFlight } = ValidationCategory;
  const cases: readonly [string, Uint8Array, ExtensionPolicy][] = [
    ['by a listed category', appStore, { validationCategories: [TestFlight, AppStore] }],
    ['by a listed bundle version', appStore, { bundleVersions: ['41', '42'] }],
    ['by a bundle version that a function accepts', appStore, { bundleVersions: (version) => Number(version) >= 40 }],
    ['by a listed code directory hash', appStore, { codeDirectoryHashes: [hex(HASH).toUpperCase()] }],
    ['by the first 20 bytes of a hash in the list', appStore, { codeDirectoryHashes: [hex(HASH.subarray(0, 20))] }],
    [
      'by the first 20 bytes of a hash from the device',
      signedExtensions({ apple_cd_hash_hash_01: HASH.subarray(0, 20) }),
      { codeDirectoryHashes: ['00'.repeat(32), hex(HASH)] },
    ],
    ['by old systems, unless it says otherwise', none, { validationCategories: [AppStore], bundleVersions: ['42'] }],
    ['by an entry that is missing, unless it says otherwise', cbor({}), { codeDirectoryHashes: [hex(HASH)] }],
    [
      'by all entries at once',
      appStore,
      {
        validationCategories: [AppStore],
        bundleVersions: ['42'],
        codeDirectoryHashes: [hex(HASH)],
        whenAbsent: 'reject',
      },
    ],
    ['by any extensions where it only asks for them', cbor({}), { whenAbsent: 'reject' }],
    ['by anything where it is empty', none, {}],
    ['by old systems whatever it says of dropped extensions', none, { whenDropped: 'reject' }],
  ];
  it.each(cases)('%s', async (_, extensions, policy) => {
    expect((await verify(extensions, policy)).counter).toBe(1);
  });
});

describe('a policy is not met', () => {
  const reject = 'reject' as const;
  const longer = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(48) });
  const empty = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array() });
  const cases: readonly [string, Uint8Array, ExtensionPolicy, AppAttestErrorCode][] = [
    ['by another category', appStore, { validationCategories: [2] }, 'extension_rejected'],
    ['by any category where none is listed', appStore, { validationCategories: [] }, 'extension_rejected'],
    [
      'by a future category that is not listed',
      signedExtensions({ apple_validation_category_01: 11 }),
      { validationCategories: [4] },
      'extension_rejected',
    ],
    ['by another bundle version', appStore, { bundleVersions: ['4', '420'] }, 'extension_rejected'],
    ['by a bundle version that a function refuses', appStore, { bundleVersions: () => false }, 'extension_rejected'],
    ['by a function that throws', appStore, { bundleVersions: () => JSON.parse('') }, 'extension_rejected'],
    ['by another code directory hash', appStore, { codeDirectoryHashes: ['00'.repeat(32)] }, 'extension_rejected'],
    [
      'by a hash with the same 20 bytes and another end',
      appStore,
      { codeDirectoryHashes: [`${hex(HASH.subarray(0, 31))}00`] },
      'extension_rejected',
    ],
    ['by another first 20 bytes', appStore, { codeDirectoryHashes: ['00'.repeat(20)] }, 'extension_rejected'],
    ['by a hash of another kind', longer, { codeDirectoryHashes: ['00'.repeat(20)] }, 'extension_rejected'],
    ['by an empty hash', empty, { codeDirectoryHashes: [hex(HASH)] }, 'extension_rejected'],
    ['by any hash where none is listed', appStore, { codeDirectoryHashes: [] }, 'extension_rejected'],
    ['by old systems where it says so', none, { validationCategories: [4], whenAbsent: reject }, 'extension_missing'],
    ['by old systems where it only asks for extensions', none, { whenAbsent: reject }, 'extension_missing'],
    ['by a missing category', cbor({}), { validationCategories: [4], whenAbsent: reject }, 'extension_missing'],
    ['by a missing bundle version', cbor({}), { bundleVersions: ['42'], whenAbsent: reject }, 'extension_missing'],
    [
      'by a missing hash',
      signedExtensions(),
      { codeDirectoryHashes: [hex(HASH)], whenAbsent: reject },
      'extension_missing',
    ],
    [
      'even where absence is accepted',
      appStore,
      { validationCategories: [2], whenAbsent: 'accept' },
      'extension_rejected',
    ],
  ];
  it.each(cases)('%s', async (_, extensions, policy, code) => {
    await expectCode(() => verify(extensions, policy), code);
  });

  it('for an attestation just as for an assertion', async () => {
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

describe('an invalid policy is rejected', () => {
  const policies: readonly [string, unknown][] = [
    ['no object', 4],
    ['null', null],
    ['a promise, as of a policy that is not awaited', Promise.resolve({ validationCategories: [2] })],
    ['a Map', new Map([['validationCategories', [2]]])],
    ['an array', []],
    ['a misspelt entry', { validationCategory: [4] }],
    ['a category that is not an array', { validationCategories: 4 }],
    ['null for the categories', { validationCategories: null }],
    ['zero for the categories', { validationCategories: 0 }],
    ['a list of categories with a gap', { validationCategories: Object.assign([], { length: 1 }) }],
    ['null for the bundle versions', { bundleVersions: null }],
    ['no text for the bundle versions', { bundleVersions: '' }],
    ['null for the code directory hashes', { codeDirectoryHashes: null }],
    ['a category that is no integer', { validationCategories: ['4'] }],
    ['a bundle version that is not an array', { bundleVersions: '42' }],
    ['a bundle version that is a number', { bundleVersions: [42] }],
    ['a hash that is no hex', { codeDirectoryHashes: ['zz'.repeat(20)] }],
    ['a hash cut short', { codeDirectoryHashes: ['00'.repeat(19)] }],
    ['an empty hash', { codeDirectoryHashes: [''] }],
    ['a hash behind something else', { codeDirectoryHashes: [`x${hex(HASH)}`] }],
    ['a hash before something else', { codeDirectoryHashes: [`${hex(HASH)}x`] }],
    ['a list of a hash for a hash', { codeDirectoryHashes: [[hex(HASH)]] }],
    ['a hash as bytes', { codeDirectoryHashes: [HASH] }],
    ['an unknown whenAbsent', { whenAbsent: true }],
    ['an unknown whenDropped', { whenDropped: false }],
    ['undefined for the categories, as of a lookup that found none', { validationCategories: undefined }],
    ['undefined for the bundle versions', { bundleVersions: undefined }],
    ['undefined for the code directory hashes', { codeDirectoryHashes: undefined }],
    ['undefined for whenAbsent', { whenAbsent: undefined }],
    ['undefined for whenDropped', { whenDropped: undefined }],
    ['an asynchronous function, which is truthy', { bundleVersions: async () => false }],
    // Where nobody caught the error of the promise, it would end the process, and the test run.
    ['an asynchronous function that fails', { bundleVersions: async () => Promise.reject(new Error('late')) }],
    ['a function that returns no boolean', { bundleVersions: () => 1 }],
  ];
  it.each(policies)('%s', async (_, policy) => {
    await expectCode(() => verify(appStore, policy as never), 'invalid_argument');
  });
});

describe('a key that no longer carries extensions', () => {
  it.each([
    ['is rejected by default', {}, 'reject'],
    ['is rejected where the policy says so', { whenDropped: 'reject' }, 'reject'],
    ['is accepted where the policy says so', { whenDropped: 'accept' }, 'accept'],
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
