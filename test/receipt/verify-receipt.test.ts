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

  it('yields a risk metric and notBefore if its type is RECEIPT and it contains these fields', async () => {
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
    ['with its content in many chunks', { content: (payload) => indefinite(0x24, ...chunks(payload, 10)) }],
    [
      'with its content in chunks inside an OCTET STRING of definite length',
      { content: (payload) => der(0x24, ...chunks(payload, 100)) },
    ],
    [
      'with its content in nested chunks',
      { content: (payload) => indefinite(0x24, der(0x24, ...chunks(payload, 100)), octetString('')) },
    ],
    ['with its content in one piece', { content: octetString }],
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
      'with an additional signed attribute',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          attribute('1.2.840.113549.1.9.5', octetString('now')),
          messageDigestAttribute(digest),
        ],
      },
    ],
    [
      'with signed attributes in BER and a signature over their DER',
      {
        signedAttributes: (digest) => [indefinite(0x30, ...contentTypeParts), messageDigestAttribute(digest)],
        message: (attributes) => {
          const inBer = indefinite(0x30, ...contentTypeParts);
          return set(contentTypeAttribute, attributes.subarray(attributes.indexOf(0x30) + inBer.length));
        },
      },
    ],
    [
      'with a field whose value is in chunks',
      { moreFields: [sequence(integer(99), integer(1), der(0x24, octetString('a'), octetString('b')))] },
    ],
    [
      'with digest algorithms without parameters',
      { digestAlgorithms: set(PLAIN_SHA256), digestAlgorithm: PLAIN_SHA256 },
    ],
    [
      'with a signature algorithm whose parameters are NULL',
      { signatureAlgorithm: algorithm('1.2.840.10045.4.3.2', NULL) },
    ],
    ['with 4 KiB of unsigned attributes', { moreInSignerInfo: [attributesOf(4096)] }],
    ['with unsigned attributes', { moreInSignerInfo: [der(0xa1, attribute('1.2.3.4', NULL))] }],
    [
      'with a subject key identifier as its signer identifier',
      { signerIdentifier: () => der(0x80, Buffer.alloc(20, 7)) },
    ],
    [
      'with unknown fields',
      { fields: { 99: 'new', 0: '' }, moreFields: [sequence(der(2, Buffer.alloc(9, 1)), integer(1), octetString(''))] },
    ],
    ['with a creation time without a fraction of a second', withFields({ 12: '2026-10-01T11:59:00Z' })],
    ['with a creation time whose fraction has one digit', withFields({ 12: '2026-10-01T11:59:00.0Z' })],
    [
      'with a creation time whose fraction has twenty digits',
      withFields({ 12: `2026-10-01T11:59:00.${'0'.repeat(20)}Z` }),
    ],
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
  ])('with the creation time 11:59:00%sZ yields a Date with %i milliseconds', async (fraction, milliseconds) => {
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
    ['a receipt of another app', withFields({ 2: 'TEAMID1234.com.example.other' }), {}, 'app_id_mismatch'],
    [
      'a receipt whose App ID has a suffix after the expected App ID',
      withFields({ 2: `${APP_ID}.watch` }),
      {},
      'app_id_mismatch',
    ],
    ['a receipt with a byte order mark before its App ID', withFields({ 2: `\uFEFF${APP_ID}` }), {}, 'app_id_mismatch'],
    [
      'a receipt with the expected App ID in capital letters',
      withFields({ 2: APP_ID.toUpperCase() }),
      {},
      'app_id_mismatch',
    ],
    ['a development receipt by default', withFields({ 7: 'sandbox' }), {}, 'environment_mismatch'],
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
    [
      'a receipt that was created more than five minutes in the future',
      withFields({ 12: minutesFromNow(5.01).toISOString() }),
      {},
      'receipt_expired',
    ],
    [
      'a receipt that expires before its creation time, even if it is neither expired nor too far in the future',
      withFields({ 12: minutesFromNow(4).toISOString(), 21: minutesFromNow(3).toISOString() }),
      {},
      'receipt_expired',
    ],
    ['a receipt that is older than maxAge', {}, { maxAge: 59 }, 'receipt_too_old'],
    ['a receipt for another challenge', {}, { challenge: 'another' }, 'receipt_challenge_mismatch'],
    [
      'a receipt for another client data hash',
      {},
      { clientDataHash: new Uint8Array(32) },
      'receipt_challenge_mismatch',
    ],
    [
      'a receipt whose client hash has one byte more than the client data hash',
      withFields({ 4: Buffer.alloc(33, 9) }),
      { clientDataHash: CLIENT_HASH },
      'receipt_challenge_mismatch',
    ],
    [
      'a receipt whose client hash lacks the last byte of the client data hash',
      withFields({ 4: CLIENT_HASH.subarray(0, 31) }),
      { clientDataHash: CLIENT_HASH },
      'receipt_challenge_mismatch',
    ],
    [
      'a RECEIPT whose client hash was decoded as UTF-8',
      withFields({ 4: new TextDecoder().decode(Buffer.alloc(32, 0xf9)), 6: 'RECEIPT' }),
      { clientDataHash: Buffer.alloc(32, 0xf9) },
      'receipt_challenge_mismatch',
    ],
    ['an ATTEST if a RECEIPT is expected', {}, { type: 'RECEIPT' }, 'receipt_challenge_mismatch'],
    [
      'a RECEIPT if an ATTEST is expected',
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
    ['a receipt in the last millisecond before it expires', withFields({ 21: NOW.toISOString() }), {}],
    ['a receipt for the challenge', withFields({ 4: sha256('challenge') }), { challenge: 'challenge', type: 'ATTEST' }],
    ['a receipt for a challenge in bytes', withFields({ 4: sha256('a') }), { challenge: Uint8Array.of(0x61) }],
    ['a receipt for the client data hash', {}, { clientDataHash: CLIENT_HASH }],
    [
      'a receipt that expires in the millisecond of its creation',
      withFields({ 12: NOW.toISOString(), 21: NOW.toISOString() }),
      {},
    ],
    ['a receipt whose age is exactly maxAge', {}, { maxAge: 60 }],
    [
      'a receipt that was created five minutes in the future',
      withFields({ 12: minutesFromNow(5).toISOString() }),
      { maxAge: 1 },
    ],
  ];
  it.each(accepted)('accepts %s', async (_, changes, options) => {
    expect((await verify(changes, options)).type).toBe('ATTEST');
  });

  it('compares the attested key with the option publicKey in each accepted form', async () => {
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
    ['no appId', { appId: undefined }],
    ['an empty list of apps', { appId: [] }],
    ['a malformed key', { publicKey: 'key' }],
    ['an unknown environment', { environment: 'sandbox' }],
    ['an empty list of trust anchors', { trustAnchors: [] }],
    ['an invalid date', { date: new Date(Number.NaN) }],
    ['a maxAge of zero', { maxAge: 0 }],
    ['NaN as the maxAge', { maxAge: Number.NaN }],
    ['text as the maxAge', { maxAge: '300' }],
    ['a misspelt option', { publickey: attestedKey }],
    ['undefined as the key', { publicKey: undefined }],
    ['undefined as the maxAge', { maxAge: undefined }],
    ['undefined as the challenge', { challenge: undefined }],
    ['undefined as the client data hash', { clientDataHash: undefined }],
    ['undefined as the type', { type: undefined }],
    ['an unknown type', { type: 'attest' }],
    ['an empty challenge', { challenge: '' }],
    ['both a challenge and a client data hash', { challenge: 'challenge', clientDataHash: sha256('challenge') }],
  ])('rejects a call with %s', async (_, options) => {
    const receipt = await makeReceipt(chain);
    const all = options && { receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der], ...options };
    await expectCode(() => verifyReceipt(all as never), 'invalid_argument');
  });

  it('accepts undefined for environment and trustAnchors, and uses the defaults', async () => {
    const { root } = chain;
    const receipt = await makeReceipt(chain);
    const options = { receipt, appId: APP_ID, environment: undefined, date: NOW, trustAnchors: [root.der] };
    expect((await verifyReceipt(options)).environment).toBe('production');
    await expectCode(() => verifyReceipt({ ...options, trustAnchors: undefined }), 'untrusted_certificate');
  });

  it('explains in the error why a RECEIPT does not match the client data hash', async () => {
    const hash = { clientDataHash: new Uint8Array(32) };
    const attested = await expectCode(() => verify({}, hash), 'receipt_challenge_mismatch');
    expect(attested.message).toContain('the receipt was issued for another challenge');
    const refreshed = await expectCode(() => verify(withFields({ 6: 'RECEIPT' }), hash), 'receipt_challenge_mismatch');
    expect(refreshed.message).toContain(
      'a receipt of type RECEIPT does not contain the original client data hash; use the receipt in the attestation',
    );
  });

  it('reports the creation time and the expiration time of a receipt that expires before its creation', async () => {
    const [created, expires] = [minutesFromNow(4).toISOString(), minutesFromNow(3).toISOString()];
    const error = await expectCode(() => verify(withFields({ 12: created, 21: expires })), 'receipt_expired');
    expect(error).toMatchObject({ expected: `an expiration at or after ${created}`, actual: expires });
  });

  it.each([0, -1, Number.NaN, '300'])(
    'rejects the maxAge %j with an error that states the valid values',
    async (maxAge) => {
      const { message } = await expectCode(() => verify({}, { maxAge: maxAge as number }), 'invalid_argument');
      const shown = typeof maxAge === 'string' ? `"${maxAge}"` : maxAge;
      expect(message).toBe(`maxAge must be a number of seconds, greater than 0, not ${shown}`);
    },
  );

  it('checks the signature before it checks the App ID and the expiration time', async () => {
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
