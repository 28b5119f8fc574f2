import { describe, expect, it } from 'vitest';
import { type ExtensionPolicy, ValidationCategory, verifyAttestation } from '../../src/index.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { APP_ID, type AttestationChanges, attest, signedExtensions } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { authority, verify } from '../support/verified-attestations.js';

/** The map `{"apple_validation_category_01": 4.0}`, with the value as a half-precision float. */
const HALF_FLOAT_CATEGORY = Buffer.concat([
  Buffer.from('a1781c', 'hex'),
  Buffer.from('apple_validation_category_01'),
  Buffer.from('f94400', 'hex'),
]);

describe('the extensions of authenticator data', () => {
  const accepted: readonly [string, AttestationChanges][] = [
    ['present after flags 0x40, as in Apple’s sample', { flags: 0x40 }],
    ['absent, as before iOS 27', { flags: 0x40, extensions: new Uint8Array() }],
    ['an empty map', { extensions: cbor({}) }],
    ['a map with an unknown extension', { extensions: signedExtensions({ apple_future_01: [1, { a: null }] }) }],
    ['in an attestation with the unsigned field cdHash', { object: { cdHash: new Uint8Array(32) } }],
  ];
  it.each(accepted)('may be %s', async (_, changes) => {
    expect((await verify(changes)).appId).toBe(APP_ID);
  });

  const wrong: readonly [string, AttestationChanges][] = [
    ['a byte follows the map', { extensions: Buffer.concat([signedExtensions(), Uint8Array.of(0)]) }],
    ['the validation category is a half-precision float', { extensions: HALF_FLOAT_CATEGORY }],
    ['they are missing although the flag ED is set', { flags: 0xc0, extensions: new Uint8Array() }],
    ['a byte takes the place of the map and the flag ED is not set', { flags: 0x40, extensions: Uint8Array.of(0) }],
    ['they are an array', { extensions: cbor([1]) }],
    ['the bundle version is not text', { extensions: signedExtensions({ apple_bundle_version_01: 1 }) }],
    [
      'the validation category has two bytes',
      { extensions: signedExtensions({ apple_validation_category_01: Uint8Array.of(4, 0) }) },
    ],
    [
      'the validation category has five bytes',
      { extensions: signedExtensions({ apple_validation_category_01: Uint8Array.of(4, 0, 0, 0, 0) }) },
    ],
    [
      'the validation category is an array of four numbers',
      { extensions: signedExtensions({ apple_validation_category_01: [4, 0, 0, 0] }) },
    ],
    ['the validation category is negative', { extensions: signedExtensions({ apple_validation_category_01: -1 }) }],
    ['the validation category is 2^32', { extensions: signedExtensions({ apple_validation_category_01: 2 ** 32 }) }],
    ['the code directory hash is text', { extensions: signedExtensions({ apple_cd_hash_hash_01: 'aa' }) }],
  ];
  it.each(wrong)('are rejected if %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'malformed_attestation');
  });

  it('count as missing if the flag ED is not set', async () => {
    expect(await verify({ flags: 0x40 })).not.toHaveProperty('extensions');
    const { privateKey: _, ...options } = await attest(authority, { flags: 0x40 });
    const policy: ExtensionPolicy = { validationCategories: [4], bundleVersions: ['42'] };
    await expect(verifyAttestation({ ...options, policy })).resolves.toMatchObject({ appId: APP_ID });
    const strict: ExtensionPolicy = { ...policy, whenAbsent: 'reject' };
    await expectCode(() => verifyAttestation({ ...options, policy: strict }), 'extension_missing');
  });

  it('are never read from the unsigned field cdHash', async () => {
    const verified = await verify({ extensions: new Uint8Array(), object: { cdHash: new Uint8Array(32) } });
    expect(verified).not.toHaveProperty('extensions');
    expect(JSON.stringify(verified)).not.toContain('cdHash');
  });

  it('contain the validation category as four little-endian bytes or as an integer', async () => {
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
});
