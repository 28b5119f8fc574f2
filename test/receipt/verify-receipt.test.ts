import { createPublicKey } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type AppAttestErrorCode, verifyReceipt } from '../../src/index.js';
import {
  der,
  indefinite,
  integer,
  NULL,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from '../../src/testing/encoding/der.js';
import { NOW } from '../support/certificate-authority.js';
import { APP_ID, sha256 } from '../support/evidence.js';
import {
  algorithm,
  attribute,
  attributesOf,
  chunks,
  contentTypeAttribute,
  createReceiptChain,
  DATA,
  makeReceipt,
  messageDigestAttribute,
  minutesFromNow,
  pointOf,
  type ReceiptChanges,
} from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';
import { attestedKey, chain, inWhole, type Options, verify, withFields } from '../support/verified-receipts.js';

/** The default client data hash in the receipts of these tests. */
const CLIENT_HASH = Buffer.alloc(32, 9);

describe('a receipt', () => {
  it('yields its fields', async () => {
    const { publicKey, ...verified } = await verify();
    expect(verified).toStrictEqual({
      type: 'ATTEST',
      appId: APP_ID,
      environment: 'production',
      clientHash: new Uint8Array(32).fill(9),
      token: 'dG9rZW4=',
      creationTime: inWhole,
      expirationTime: new Date(inWhole.getTime() + 90 * 24 * 60 * 60_000),
    });
    expect(publicKey).toContain(createPublicKey(publicKey).export({ type: 'spki', format: 'pem' }));
  });

  it('yields more fields if Apple’s server issued it', async () => {
    const notBefore = minutesFromNow(60).toISOString();
    const verified = await verify(withFields({ 6: 'RECEIPT', 17: '12', 19: notBefore }));
    expect(verified).toMatchObject({ type: 'RECEIPT', riskMetric: 12, notBefore: new Date(notBefore) });
  });

  it('yields copies of bytes, not slices of the receipt', async () => {
    const receipt = await makeReceipt(chain);
    const { clientHash } = await verifyReceipt({ receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] });
    expect(clientHash.buffer.byteLength).toBe(32);
  });

  const contentTypeParts = [objectIdentifier('1.2.840.113549.1.9.3'), set(DATA)];
  const PLAIN_SHA256 = algorithm('2.16.840.1.101.3.4.2.1');
  const accepted: readonly [string, ReceiptChanges][] = [
    ['in DER', { encoding: 'DER' }],
    ['in many chunks', { content: (payload) => indefinite(0x24, ...chunks(payload, 10)) }],
    ['with chunks inside a string of definite length', { content: (payload) => der(0x24, ...chunks(payload, 100)) }],
    [
      'with nested chunks',
      { content: (payload) => indefinite(0x24, der(0x24, ...chunks(payload, 100)), octetString('')) },
    ],
    ['in one piece', { content: octetString }],
    [
      'with its certificates in another order',
      { certificates: ({ root, signer, intermediate }) => [root.der, signer.der, intermediate.der] },
    ],
    ['without the root', { certificates: ({ signer, intermediate }) => [intermediate.der, signer.der] }],
    [
      'with an unrelated certificate',
      {
        certificates: ({ root, signer, intermediate, credCert }) => [
          credCert.der,
          root.der,
          signer.der,
          intermediate.der,
        ],
      },
    ],
    ['with SHA-384', { hash: 'sha384' }],
    [
      'with signed attributes',
      { signedAttributes: (digest) => [contentTypeAttribute, messageDigestAttribute(digest)] },
    ],
    [
      'with additional signed attributes',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          attribute('1.2.840.113549.1.9.5', octetString('now')),
          messageDigestAttribute(digest),
        ],
      },
    ],
    [
      'with signed attributes in BER, whose DER is signed',
      {
        signedAttributes: (digest) => [indefinite(0x30, ...contentTypeParts), messageDigestAttribute(digest)],
        message: (attributes) => {
          const inBer = indefinite(0x30, ...contentTypeParts);
          return set(contentTypeAttribute, attributes.subarray(attributes.indexOf(0x30) + inBer.length));
        },
      },
    ],
    [
      'with a field in chunks',
      { moreFields: [sequence(integer(99), integer(1), der(0x24, octetString('a'), octetString('b')))] },
    ],
    ['with algorithms without parameters', { digestAlgorithms: set(PLAIN_SHA256), digestAlgorithm: PLAIN_SHA256 }],
    ['with an algorithm whose parameters are NULL', { signatureAlgorithm: algorithm('1.2.840.10045.4.3.2', NULL) }],
    ['with 4 KiB of unsigned attributes', { moreInSignerInfo: [attributesOf(4096)] }],
    ['with unsigned attributes', { moreInSignerInfo: [der(0xa1, attribute('1.2.3.4', NULL))] }],
    ['whose signer is identified by its key identifier', { signerIdentifier: () => der(0x80, Buffer.alloc(20, 7)) }],
    [
      'with unknown fields',
      { fields: { 99: 'new', 0: '' }, moreFields: [sequence(der(2, Buffer.alloc(9, 1)), integer(1), octetString(''))] },
    ],
    ['without a fraction of a second', withFields({ 12: '2026-10-01T11:59:00Z' })],
    ['with one digit of a fraction', withFields({ 12: '2026-10-01T11:59:00.0Z' })],
    ['with twenty digits of a fraction', withFields({ 12: `2026-10-01T11:59:00.${'0'.repeat(20)}Z` })],
  ];
  it.each(accepted)('%s is accepted', async (_, changes) => {
    expect((await verify(changes)).creationTime).toEqual(inWhole);
  });

  it.each([
    ['', 0],
    ['.9', 900],
    ['.37', 370],
    ['.123', 123],
    ['.1239', 123],
    ['.000999999999', 0],
  ])('that was created at 11:59:00%sZ has %i milliseconds', async (fraction, milliseconds) => {
    const verified = await verify(withFields({ 12: `2026-10-01T11:59:00${fraction}Z` }));
    expect(verified.creationTime.getTime()).toBe(inWhole.getTime() + milliseconds);
  });

  it('is accepted as text or as bytes', async () => {
    const receipt = Buffer.from(await makeReceipt(chain));
    const options = { appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
    for (const form of [receipt, new Uint8Array(receipt), receipt.toString('base64'), receipt.toString('base64url')]) {
      expect((await verifyReceipt({ ...options, receipt: form })).type).toBe('ATTEST');
    }
  });
});

describe('verifyReceipt', () => {
  const refused: readonly [string, ReceiptChanges, Options, AppAttestErrorCode][] = [
    ['another app', withFields({ 2: 'TEAMID1234.com.example.other' }), {}, 'app_id_mismatch'],
    ['an app whose App ID is longer', withFields({ 2: `${APP_ID}.watch` }), {}, 'app_id_mismatch'],
    ['an App ID after a byte order mark', withFields({ 2: `\uFEFF${APP_ID}` }), {}, 'app_id_mismatch'],
    ['an App ID that differs in upper and lower case', withFields({ 2: APP_ID.toUpperCase() }), {}, 'app_id_mismatch'],
    ['a development receipt in production', withFields({ 7: 'sandbox' }), {}, 'environment_mismatch'],
    [
      'a development receipt if production is expected',
      withFields({ 7: 'sandbox' }),
      { environment: 'production' },
      'environment_mismatch',
    ],
    ['a production receipt if development is expected', {}, { environment: 'development' }, 'environment_mismatch'],
    [
      'a receipt without an environment',
      withFields({ 7: undefined }),
      { environment: ['production', 'development'] },
      'environment_mismatch',
    ],
    [
      'a receipt with an unknown environment',
      withFields({ 7: 'Production' }),
      { environment: ['production', 'development'] },
      'environment_mismatch',
    ],
    ['an expired receipt', withFields({ 21: minutesFromNow(-0.001).toISOString() }), {}, 'receipt_expired'],
    ['a receipt from the future', withFields({ 12: minutesFromNow(5.01).toISOString() }), {}, 'receipt_expired'],
    [
      'a receipt that expires before its creation time, even if both times are valid now',
      withFields({ 12: minutesFromNow(4).toISOString(), 21: minutesFromNow(3).toISOString() }),
      {},
      'receipt_expired',
    ],
    ['a receipt that is too old', {}, { maxAge: 59 }, 'receipt_too_old'],
    ['a receipt for another challenge', {}, { challenge: 'another' }, 'receipt_challenge_mismatch'],
    [
      'a receipt for another client data hash',
      {},
      { clientDataHash: new Uint8Array(32) },
      'receipt_challenge_mismatch',
    ],
    [
      'a receipt for a client data hash with additional bytes before it',
      withFields({ 4: Buffer.alloc(33, 9) }),
      { clientDataHash: CLIENT_HASH },
      'receipt_challenge_mismatch',
    ],
    [
      'a receipt for the beginning of the client data hash',
      withFields({ 4: CLIENT_HASH.subarray(0, 31) }),
      { clientDataHash: CLIENT_HASH },
      'receipt_challenge_mismatch',
    ],
    [
      'a receipt whose client hash was damaged by a text decoder',
      withFields({ 4: new TextDecoder().decode(Buffer.alloc(32, 0xf9)), 6: 'RECEIPT' }),
      { clientDataHash: Buffer.alloc(32, 0xf9) },
      'receipt_challenge_mismatch',
    ],
    ['an ATTEST receipt if a refreshed receipt is expected', {}, { type: 'RECEIPT' }, 'receipt_challenge_mismatch'],
    [
      'a refreshed receipt if an ATTEST receipt is expected',
      withFields({ 6: 'RECEIPT' }),
      { type: 'ATTEST' },
      'receipt_challenge_mismatch',
    ],
  ];
  it.each(refused)('rejects %s', async (_, changes, options, code) => {
    await expectCode(() => verify(changes, options), code);
  });

  const accepted: readonly [string, ReceiptChanges, Options][] = [
    [
      'a receipt of one of several apps',
      {},
      { appId: ['TEAMID1234.com.example.other', { teamId: 'TEAMID1234', bundleId: 'com.example.app' }] },
    ],
    ['a development receipt if development is expected', withFields({ 7: 'sandbox' }), { environment: 'development' }],
    [
      'a receipt of one of two environments',
      withFields({ 7: 'sandbox' }),
      { environment: ['production', 'development'] },
    ],
    ['a receipt in its last millisecond', withFields({ 21: NOW.toISOString() }), {}],
    ['a receipt for the challenge', withFields({ 4: sha256('challenge') }), { challenge: 'challenge', type: 'ATTEST' }],
    ['a receipt for a challenge in bytes', withFields({ 4: sha256('a') }), { challenge: Uint8Array.of(0x61) }],
    ['a receipt for the client data hash', {}, { clientDataHash: CLIENT_HASH }],
    [
      'a receipt that expires in the millisecond of its creation',
      withFields({ 12: NOW.toISOString(), 21: NOW.toISOString() }),
      {},
    ],
    ['a receipt that is exactly as old as allowed', {}, { maxAge: 60 }],
    [
      'a receipt from a clock that is five minutes ahead',
      withFields({ 12: minutesFromNow(5).toISOString() }),
      { maxAge: 1 },
    ],
  ];
  it.each(accepted)('accepts %s', async (_, changes, options) => {
    expect((await verify(changes, options)).type).toBe('ATTEST');
  });

  it('compares the attested key with the stored one in each form', async () => {
    const { publicKey: pem } = await verify();
    const object = createPublicKey(pem);
    const spki = object.export({ format: 'der', type: 'spki' });
    for (const publicKey of [pem, object, spki, attestedKey]) {
      expect((await verify({}, { publicKey })).publicKey).toBe(pem);
    }
    const publicKey = await pointOf((await createReceiptChain()).credCert);
    const error = await expectCode(() => verify({}, { publicKey }), 'receipt_key_mismatch');
    expect(error.expected).not.toBe(error.actual);
  });

  it('uses the current time by default', async () => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
    try {
      const receipt = await makeReceipt(chain);
      const options = { receipt, appId: APP_ID, date: undefined, trustAnchors: [chain.root.der] };
      expect((await verifyReceipt(options)).type).toBe('ATTEST');
      vi.setSystemTime(minutesFromNow(91 * 24 * 60));
      await expectCode(() => verifyReceipt(options), 'receipt_expired');
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['no options', undefined],
    ['no receipt', { receipt: undefined }],
    ['a number as the receipt', { receipt: 1 }],
    ['no app', { appId: undefined }],
    ['an empty list of apps', { appId: [] }],
    ['a malformed key', { publicKey: 'key' }],
    ['an unknown environment', { environment: 'sandbox' }],
    ['no trust anchors', { trustAnchors: [] }],
    ['an invalid date', { date: new Date(Number.NaN) }],
    ['a maxAge of zero', { maxAge: 0 }],
    ['NaN as the maxAge', { maxAge: Number.NaN }],
    ['text as the maxAge', { maxAge: '300' }],
    ['a misspelt option', { publickey: attestedKey }],
    ['undefined as the key, as from a failed lookup', { publicKey: undefined }],
    ['undefined as the maxAge', { maxAge: undefined }],
    ['undefined as the challenge', { challenge: undefined }],
    ['undefined as the client data hash', { clientDataHash: undefined }],
    ['undefined as the type', { type: undefined }],
    ['an unknown type', { type: 'attest' }],
    ['an empty challenge', { challenge: '' }],
    ['both a challenge and its hash', { challenge: 'challenge', clientDataHash: sha256('challenge') }],
  ])('rejects a call with %s', async (_, options) => {
    const receipt = await makeReceipt(chain);
    const all = options && { receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der], ...options };
    await expectCode(() => verifyReceipt(all as never), 'invalid_argument');
  });

  it('accepts undefined for options whose absence weakens no check', async () => {
    const { root } = chain;
    const receipt = await makeReceipt(chain);
    const options = { receipt, appId: APP_ID, environment: undefined, date: NOW, trustAnchors: [root.der] };
    expect((await verifyReceipt(options)).environment).toBe('production');
    await expectCode(() => verifyReceipt({ ...options, trustAnchors: undefined }), 'untrusted_certificate');
  });

  it('explains why a refreshed receipt does not match the client data hash', async () => {
    const hash = { clientDataHash: new Uint8Array(32) };
    const attested = await expectCode(() => verify({}, hash), 'receipt_challenge_mismatch');
    expect(attested.message).toContain('the receipt was issued for another challenge');
    const refreshed = await expectCode(() => verify(withFields({ 6: 'RECEIPT' }), hash), 'receipt_challenge_mismatch');
    expect(refreshed.message).toContain(
      'a receipt of type RECEIPT does not contain the original client data hash; use the receipt in the attestation',
    );
  });

  it('reports both times of a receipt that expires before its creation', async () => {
    const [created, expires] = [minutesFromNow(4).toISOString(), minutesFromNow(3).toISOString()];
    const error = await expectCode(() => verify(withFields({ 12: created, 21: expires })), 'receipt_expired');
    expect(error).toMatchObject({ expected: `an expiration at or after ${created}`, actual: expires });
  });

  it.each([0, -1, Number.NaN, '300'])('says in the error what maxAge must be if it is %j', async (maxAge) => {
    const { message } = await expectCode(() => verify({}, { maxAge: maxAge as number }), 'invalid_argument');
    const shown = typeof maxAge === 'string' ? `"${maxAge}"` : maxAge;
    expect(message).toBe(`maxAge must be a number of seconds, greater than 0, not ${shown}`);
  });

  it('checks the signature before it decodes the payload', async () => {
    await expectCode(
      () =>
        verify({
          fields: { 2: 'TEAMID1234.com.example.other', 21: '2020-01-01T00:00:00Z' },
          signature: () => new Uint8Array(70),
        }),
      'invalid_signature',
    );
  });
});
