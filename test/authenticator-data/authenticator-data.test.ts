import { describe, expect, it } from 'vitest';
import {
  decodeAttestedAuthenticatorData,
  decodeAuthenticatorData,
} from '../../src/authenticator-data/authenticator-data.js';
import { pointOfCoseKey } from '../../src/authenticator-data/cose-key.js';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { APP_ID, authenticatorDataHead, coseKey, PRODUCTION, sha256, signedExtensions } from '../support/evidence.js';

const point = new Uint8Array(65).fill(7).with(0, 4);
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const AT = 0x40;
const ED = 0x80;
const headWith = (flags: number) => authenticatorDataHead(APP_ID, flags, 258);
const head = headWith(AT);
const attested = (credentialIdLength: readonly [number, number], ...behind: readonly Uint8Array[]): Uint8Array => {
  const credential = [PRODUCTION, Uint8Array.of(...credentialIdLength), new Uint8Array(32).fill(5), coseKey(point)];
  return concat(headWith(behind.length > 0 ? AT | ED : AT), ...credential, ...behind);
};

describe('authenticator data', () => {
  it('of an assertion is decoded', () => {
    const data = decodeAuthenticatorData(concat(headWith(AT | ED), signedExtensions()));
    expect(data).toMatchObject({ rpIdHash: sha256(APP_ID), flags: 0xc0, counter: 258 });
    expect(data.extensions).toEqual({ bundleVersion: '42', validationCategory: 4 });
    expect(decodeAuthenticatorData(head).extensions).toBeUndefined();
  });

  it('of an attestation is decoded', () => {
    const data = decodeAttestedAuthenticatorData(attested([0, 32], signedExtensions()));
    expect(data).toMatchObject({
      aaguid: new Uint8Array(PRODUCTION),
      credentialId: new Uint8Array(32).fill(5),
      counter: 258,
    });
    expect(new Uint8Array(data.credentialPublicKey)).toEqual(point);
    expect(data.extensions).toEqual({ bundleVersion: '42', validationCategory: 4 });
  });

  it.each([
    [0, 31],
    [0, 33],
    [1, 32],
  ])('is rejected if the length bytes of the credential ID are %i and %i instead of 0 and 32', (...length) => {
    expect(() => decodeAttestedAuthenticatorData(attested(length))).toThrow('bytes instead of 32');
  });

  it('is rejected if it is truncated', () => {
    const whole = attested([0, 32]);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => decodeAttestedAuthenticatorData(whole.subarray(0, length))).toThrow(DecodingError);
      if (length < head.length)
        expect(() => decodeAuthenticatorData(whole.subarray(0, length))).toThrow('instead of at least 37');
    }
  });
});

describe('the extensions in authenticator data', () => {
  it.each([0, 1, AT, 0x7f])(
    'are only in unauthenticatedExtensions after flags %i, which do not include ED',
    (flags) => {
      const data = decodeAuthenticatorData(concat(headWith(flags), signedExtensions()));
      expect(data.extensions).toBeUndefined();
      expect(data.unauthenticatedExtensions?.names()).toEqual([
        'apple_bundle_version_01',
        'apple_validation_category_01',
      ]);
    },
  );

  it.each([ED, ED | AT, 0xff])('are decoded after flags %i, which include ED', (flags) => {
    const data = decodeAuthenticatorData(concat(headWith(flags), signedExtensions()));
    expect(data.extensions).toEqual({ bundleVersion: '42', validationCategory: 4 });
    expect(data.unauthenticatedExtensions).toBeUndefined();
  });

  it('must be present if the flags include ED', () => {
    expect(() => decodeAuthenticatorData(headWith(ED | AT))).toThrow(
      'the flags include ED (extension data), but there are no extensions',
    );
  });

  const noMaps: readonly [string, Uint8Array][] = [
    ['a byte', Uint8Array.of(0)],
    ['an array', cbor([1])],
    ['two maps', concat(cbor({}), cbor({}))],
    ['a map and a byte', concat(cbor({}), Uint8Array.of(0))],
    ['a truncated map', signedExtensions().subarray(0, -1)],
  ];
  it.each(noMaps)('must be exactly one map, not %s, regardless of the flags', (_, bytes) => {
    for (const flags of [AT, AT | ED]) {
      expect(() => decodeAuthenticatorData(concat(headWith(flags), bytes))).toThrow(DecodingError);
    }
  });

  it('are rejected if a field has the wrong type and the flags include ED', () => {
    const bytes = signedExtensions({ apple_bundle_version_01: 1 });
    expect(() => decodeAuthenticatorData(concat(headWith(AT | ED), bytes))).toThrow('is not text');
    expect(decodeAuthenticatorData(concat(headWith(AT), bytes)).extensions).toBeUndefined();
  });
});

describe('a COSE key', () => {
  const key = coseKey(point);

  it('yields its point', () => {
    expect(new Uint8Array(pointOfCoseKey(key))).toEqual(point);
  });

  it('must match the encoding of a COSE key on P-256 in every byte except the coordinates', () => {
    for (const [index, byte] of key.entries()) {
      const isCoordinate = (index >= 10 && index < 42) || index >= 45;
      const changed = () => pointOfCoseKey(key.with(index, byte ^ 1));
      if (isCoordinate) changed();
      else expect(changed, String(index)).toThrow('not a COSE key on P-256');
    }
  });

  it('is rejected if it is shorter or longer than a COSE key on P-256', () => {
    expect(() => pointOfCoseKey(key.subarray(0, -1))).toThrow('not a COSE key');
    expect(() => pointOfCoseKey(concat(key, Uint8Array.of(0)))).toThrow('not a COSE key');
  });
});
