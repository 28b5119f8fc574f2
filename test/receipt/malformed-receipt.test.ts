import { describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../src/index.js';
import { der, integer, NULL, octetString, sequence, set } from '../../src/testing/encoding/der.js';
import { NOW } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import {
  algorithm,
  attribute,
  attributesOf,
  contentTypeAttribute,
  createReceiptChain,
  DATA,
  field,
  makeReceipt,
  messageDigestAttribute,
  nameOfLength,
  type ReceiptChanges,
  SHA256,
  serialNumberOfLength,
} from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';
import { chain, concat, fieldsOfReceipt, verify, withFields } from '../support/verified-receipts.js';

describe('a receipt is rejected as malformed', () => {
  const repeatedDigest = (digest: Uint8Array) =>
    attribute('1.2.840.113549.1.9.4', octetString(digest), octetString(digest));
  const WITH_PARAMETERS = algorithm('2.16.840.1.101.3.4.2.1', octetString(''));
  const malformed: readonly [string, ReceiptChanges][] = [
    ['with data instead of SignedData as its content type', { outerType: DATA }],
    ['with a content type that is not an object identifier', { outerType: octetString('') }],
    [
      'with an encapsulated content type other than data',
      { contentType: der(6, Buffer.from('2a864886f70d010703', 'hex')) },
    ],
    ['with a NULL after its SignedData', { moreInContentInfo: [NULL] }],
    ['with a NULL after its signers', { moreInSignedData: [NULL] }],
    ['without a signer', { signerInfos: () => [] }],
    ['with two signers', { signerInfos: (signerInfo) => [signerInfo, signerInfo] }],
    ['with a NULL after its signature', { moreInSignerInfo: [NULL] }],
    ['without certificates', { certificates: () => [] }],
    [
      'with nine certificates',
      {
        certificates: ({ root, signer, intermediate }) => [
          signer.der,
          intermediate.der,
          ...Array.from({ length: 7 }, () => root.der),
        ],
      },
    ],
    [
      'with an OCTET STRING among its certificates',
      { certificates: ({ signer, intermediate }) => [signer.der, intermediate.der, octetString('')] },
    ],
    [
      'with a malformed certificate',
      { certificates: ({ signer, intermediate }) => [signer.der, intermediate.der, sequence(sequence())] },
    ],
    [
      'with a malformed signer certificate',
      {
        signerIdentifier: () => der(0x80, Buffer.alloc(20, 7)),
        certificates: () => [sequence(sequence(der(0xa0), integer(1), ...Array.from({ length: 5 }, () => sequence())))],
      },
    ],
    ['with an OCTET STRING as its signer identifier', { signerIdentifier: () => octetString('') }],
    ...[0, 65].map((length): [string, ReceiptChanges] => [
      `with a subject key identifier of ${length} bytes`,
      { signerIdentifier: () => der(0x80, new Uint8Array(length)) },
    ]),
    [
      'with a malformed issuer name in its signer identifier',
      { signerIdentifier: () => sequence(sequence(NULL), integer(1)) },
    ],
    [
      'with an issuer name of more than 1 KiB in its signer identifier',
      { signerIdentifier: () => sequence(nameOfLength(1025), integer(1)) },
    ],
    [
      'with a serial number of 33 octets in its signer identifier',
      { signerIdentifier: () => sequence(nameOfLength(20), serialNumberOfLength(33)) },
    ],
    ['with a signature of more than 1 KiB', { signature: () => new Uint8Array(1025) }],
    [
      'with an additional element in its signer identifier',
      { signerIdentifier: (issuer) => sequence(issuer, integer(1), NULL) },
    ],
    ['with a UTF8String as its content', { content: (payload) => der(0x0c, payload) }],
    ['with a UTF8String as a chunk of its content', { content: (payload) => der(0x24, der(0x0c, payload)) }],
    ['with two contents', { content: (payload) => concat(octetString(payload), octetString('')) }],
    [
      'with signed attributes but no content type attribute',
      { signedAttributes: (digest) => [messageDigestAttribute(digest)] },
    ],
    ['with signed attributes but no message digest attribute', { signedAttributes: () => [contentTypeAttribute] }],
    [
      'with two message digest attributes',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          messageDigestAttribute(digest),
          messageDigestAttribute(digest),
        ],
      },
    ],
    [
      'with two values in its message digest attribute',
      { signedAttributes: (digest) => [contentTypeAttribute, repeatedDigest(digest)] },
    ],
    [
      'with a NULL in its message digest attribute',
      { signedAttributes: () => [contentTypeAttribute, attribute('1.2.840.113549.1.9.4', NULL)] },
    ],
    [
      'with another content type in its content type attribute',
      {
        signedAttributes: (digest) => [
          attribute('1.2.840.113549.1.9.3', der(6, Uint8Array.of(0x2a, 3))),
          messageDigestAttribute(digest),
        ],
      },
    ],
    [
      'with a NULL among its signed attributes',
      { signedAttributes: (digest) => [contentTypeAttribute, messageDigestAttribute(digest), NULL] },
    ],
    [
      'with seventeen signed attributes',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          messageDigestAttribute(digest),
          ...Array.from({ length: 15 }, () => attribute('1.2.3', NULL)),
        ],
      },
    ],
    [
      'with seventeen unsigned attributes',
      { moreInSignerInfo: [der(0xa1, ...Array.from({ length: 17 }, () => attribute('1.2.3', NULL)))] },
    ],
    ['with more than 4 KiB of unsigned attributes', { moreInSignerInfo: [attributesOf(4097)] }],
    [
      'with more than 4 KiB of signed attributes',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          messageDigestAttribute(digest),
          attribute('1.2.3', octetString(new Uint8Array(4096))),
        ],
      },
    ],
    ['with revocation lists', { revocationLists: der(0xa1, sequence()) }],
    ['with an empty field for revocation lists', { revocationLists: der(0xa1) }],
    ['with parameters of an algorithm in digestAlgorithms', { digestAlgorithms: set(WITH_PARAMETERS) }],
    ['with parameters of the signer’s digest algorithm', { digestAlgorithm: WITH_PARAMETERS }],
    [
      'with parameters of the signature algorithm',
      { signatureAlgorithm: algorithm('1.2.840.10045.4.3.2', octetString(new Uint8Array(10_000))) },
    ],
    [
      'with two parameters of the signer’s digest algorithm',
      { digestAlgorithm: algorithm('2.16.840.1.101.3.4.2.1', NULL, NULL) },
    ],
    ['with nine digest algorithms', { digestAlgorithms: set(...Array.from({ length: 9 }, () => SHA256)) }],
    ['with a digest algorithm that has no object identifier', { digestAlgorithm: sequence(octetString('')) }],
    ['with a payload that is an empty SET', { payload: set() }],
    ['with content that is empty', { payload: new Uint8Array() }],
    ['with a byte after its payload', { tamper: (payload) => concat(payload, Uint8Array.of(0)) }],
    ['with a field that is an OCTET STRING', { moreFields: [octetString('')] }],
    ['with a field that is a SET', { moreFields: [set(integer(99), integer(1), octetString(''))] }],
    ['with a field that has only a type', { moreFields: [sequence(integer(99))] }],
    ['with a field that has no version', { moreFields: [sequence(integer(99), octetString(''))] }],
    ['with a field that has no value', { moreFields: [sequence(integer(99), integer(1))] }],
    ['with a field that has a fourth part', { moreFields: [sequence(integer(99), integer(1), octetString(''), NULL)] }],
    [
      'with a field whose type is not a number',
      { moreFields: [sequence(octetString('c'), integer(1), octetString(''))] },
    ],
    [
      'with a field whose version is not a number',
      { moreFields: [sequence(integer(99), octetString(''), octetString(''))] },
    ],
    [
      'with a field whose value is not an OCTET STRING',
      { moreFields: [sequence(integer(99), integer(1), integer(1))] },
    ],
    [
      'with a field whose value has a NULL as a chunk',
      { moreFields: [sequence(integer(99), integer(1), der(0x24, NULL))] },
    ],
    ['with a duplicate App ID', { moreFields: [field(2, APP_ID)] }],
    ['with a duplicate field of an unknown type', { moreFields: [field(99, ''), field(99, '')] }],
    ...[2, 3, 4, 5, 6, 12, 21].map((type): [string, ReceiptChanges] => [
      `without field ${type}`,
      withFields({ [type]: undefined }),
    ]),
    ['with an unknown receipt type', withFields({ 6: 'PAID' })],
    ['with an App ID that is not UTF-8', withFields({ 2: Uint8Array.of(0xff) })],
    ['with text instead of a certificate in field 3', withFields({ 3: 'key' })],
    ['with a negative risk metric', withFields({ 17: '-1' })],
    ['with a risk metric that is not a number', withFields({ 17: 'high' })],
    ['with a hexadecimal risk metric', withFields({ 17: '0x10' })],
    ['with an empty risk metric', withFields({ 17: '' })],
    ['with a risk metric of ten digits', withFields({ 17: '1'.repeat(10) })],
    ['with a line break after its risk metric', withFields({ 17: '1\n' })],
    ...[
      '',
      'today',
      '2026-10-01',
      '2026-10-01T11:59:00',
      '2026-10-01T11:59:00.Z',
      '2026-10-01T11:59:00+02:00',
      '2026-02-30T00:00:00Z',
      '2026-10-01T24:00:00Z',
      '2026-10-01T11:59:60Z',
      '2026-13-01T00:00:00Z',
      ' 2026-10-01T11:59:00Z',
      '2026-10-01T11:59:00Z\n',
    ].map((time): [string, ReceiptChanges] => [
      `with the creation time ${JSON.stringify(time)}`,
      withFields({ 12: time }),
    ]),
    ['with a notBefore that is not a time', withFields({ 19: 'later' })],
    ['with an expirationTime that is not a time', withFields({ 21: 'later' })],
  ];
  it.each(malformed)('%s', async (_, changes) => {
    await expectCode(() => verify(changes), 'malformed_receipt');
  });

  it.each([
    ['signature', 1025, '0 to 1024', { signature: () => new Uint8Array(1025) }],
    ['subject key identifier', 65, '1 to 64', { signerIdentifier: () => der(0x80, new Uint8Array(65)) }],
    ['issuer', 1025, '0 to 1024', { signerIdentifier: () => sequence(nameOfLength(1025), integer(1)) }],
    ['serial number', 33, '1 to 32', { signerIdentifier: () => sequence(nameOfLength(20), serialNumberOfLength(33)) }],
  ])('if the %s of its signer is too long, and the error reports the length', async (name, length, limits, changes) => {
    const { message } = await expectCode(() => verify(changes), 'malformed_receipt');
    expect(message).toContain(`the ${name} of the signer has ${length} bytes; expected ${limits}`);
  });

  it('if its payload is a SEQUENCE instead of a SET', async () => {
    expect((await verify({ payload: set(...fieldsOfReceipt()) })).type).toBe('ATTEST');
    await expectCode(() => verify({ payload: sequence(...fieldsOfReceipt()) }), 'malformed_receipt');
  });

  it('if it is a SET instead of a SEQUENCE', async () => {
    const receipt = (await makeReceipt(chain)).with(0, 0x31);
    const options = { appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
    await expectCode(() => verifyReceipt({ ...options, receipt }), 'malformed_receipt');
  });

  it('if the attested key is not on P-256', async () => {
    await expectCode(
      async () => verify({}, {}, await createReceiptChain({ credCertCurve: 'P-384' })),
      'malformed_receipt',
    );
  });

  it('if it is truncated at any byte, or if a byte follows it', async () => {
    const receipt = await makeReceipt(chain);
    const options = { appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
    for (let length = 0; length < receipt.length; length += 1) {
      await expectCode(() => verifyReceipt({ ...options, receipt: receipt.subarray(0, length) }), 'malformed_receipt');
    }
    await expectCode(
      () => verifyReceipt({ ...options, receipt: concat(receipt, Uint8Array.of(0)) }),
      'malformed_receipt',
    );
  });
});
