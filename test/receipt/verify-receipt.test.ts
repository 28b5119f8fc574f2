import { createPrivateKey, createPublicKey, sign, webcrypto } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type AppAttestErrorCode, type VerifyReceiptOptions, verifyReceipt } from '../../src/index.js';
import { der, indefinite, integer, NULL, octetString, sequence, set } from '../../src/testing/encoding/der.js';
import { issueCertificate, KeyUsageFlags, NOW, ROOT_PROFILE } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import {
  algorithm,
  attribute,
  chunks,
  contentTypeAttribute,
  createReceiptChain,
  DATA,
  ECDSA_WITH_SHA384,
  field,
  makeReceipt,
  messageDigestAttribute,
  minutesFromNow,
  pointOf,
  RECEIPT_SIGNING_OID,
  type ReceiptChain,
  type ReceiptChanges,
  receiptFieldsOf,
  SHA256,
  SHA384,
} from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';

let chain: ReceiptChain;
let attestedKey: Uint8Array;
beforeAll(async () => {
  chain = await createReceiptChain();
  attestedKey = await pointOf(chain.credCert);
});

type Options = Partial<VerifyReceiptOptions>;

async function verify(changes: ReceiptChanges = {}, options: Options = {}, under: ReceiptChain = chain) {
  const receipt = await makeReceipt(under, changes);
  return verifyReceipt({ receipt, appId: APP_ID, date: NOW, trustAnchors: [under.root.der], ...options });
}

const withFields = (fields: NonNullable<ReceiptChanges['fields']>): ReceiptChanges => ({ fields });
const fieldsOfReceipt = (): Uint8Array[] => {
  return Object.entries(receiptFieldsOf(chain)).map(([type, value]) => field(Number(type), value ?? ''));
};
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const inWhole = minutesFromNow(-1);

describe('a receipt', () => {
  it('says what Apple wrote into it', async () => {
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

  it('says more when Apple’s server gave it', async () => {
    const notBefore = minutesFromNow(60).toISOString();
    const verified = await verify(withFields({ 6: 'RECEIPT', 17: '12', 19: notBefore }));
    expect(verified).toMatchObject({ type: 'RECEIPT', riskMetric: 12, notBefore: new Date(notBefore) });
  });

  it('holds copies, not slices', async () => {
    const receipt = await makeReceipt(chain);
    const { clientHash } = await verifyReceipt({ receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] });
    expect(clientHash.buffer.byteLength).toBe(32);
  });

  const accepted: readonly [string, ReceiptChanges][] = [
    ['in DER', { encoding: 'DER' }],
    ['in many chunks', { content: (payload) => indefinite(0x24, ...chunks(payload, 10)) }],
    ['in a definite string of chunks', { content: (payload) => der(0x24, ...chunks(payload, 100)) }],
    [
      'in chunks of chunks',
      { content: (payload) => indefinite(0x24, der(0x24, ...chunks(payload, 100)), octetString('')) },
    ],
    ['in one piece', { content: octetString }],
    [
      'with its certificates in another order',
      { certificates: ({ root, signer, intermediate }) => [root.der, signer.der, intermediate.der] },
    ],
    ['without the root', { certificates: ({ signer, intermediate }) => [intermediate.der, signer.der] }],
    [
      'with the certificate of somebody else',
      {
        certificates: ({ root, signer, intermediate, credCert }) => [
          credCert.der,
          root.der,
          signer.der,
          intermediate.der,
        ],
      },
    ],
    ['with revocation lists', { revocationLists: der(0xa1, sequence()) }],
    ['with SHA-384', { hash: 'sha384' }],
    [
      'with signed attributes',
      { signedAttributes: (digest) => [contentTypeAttribute, messageDigestAttribute(digest)] },
    ],
    [
      'with more signed attributes',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          attribute('1.2.840.113549.1.9.5', octetString('now')),
          messageDigestAttribute(digest),
        ],
      },
    ],
    ['with unsigned attributes', { moreInSignerInfo: [der(0xa1, attribute('1.2.3.4', NULL))] }],
    ['whose signer is named by its key identifier', { identifier: () => der(0x80, Buffer.alloc(20, 7)) }],
    [
      'with fields that nobody knows',
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
  ])('created at 11:59:00%sZ has %i milliseconds', async (fraction, milliseconds) => {
    const verified = await verify(withFields({ 12: `2026-10-01T11:59:00${fraction}Z` }));
    expect(verified.creationTime.getTime()).toBe(inWhole.getTime() + milliseconds);
  });

  it('comes as text or as bytes', async () => {
    const receipt = Buffer.from(await makeReceipt(chain));
    const options = { appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
    for (const form of [receipt, new Uint8Array(receipt), receipt.toString('base64'), receipt.toString('base64url')]) {
      expect((await verifyReceipt({ ...options, receipt: form })).type).toBe('ATTEST');
    }
  });
});

describe('a receipt is malformed', () => {
  const repeatedDigest = (digest: Uint8Array) =>
    attribute('1.2.840.113549.1.9.4', octetString(digest), octetString(digest));
  const malformed: readonly [string, ReceiptChanges][] = [
    ['of another content type', { outerType: DATA }],
    ['of no content type', { outerType: octetString('') }],
    ['with an inner content that is not data', { contentType: der(6, Buffer.from('2a864886f70d010703', 'hex')) }],
    ['with more behind its content', { moreInContentInfo: [NULL] }],
    ['with more behind its signers', { moreInSignedData: [NULL] }],
    ['without a signer', { signerInfos: () => [] }],
    ['with two signers', { signerInfos: (signerInfo) => [signerInfo, signerInfo] }],
    ['with more behind its signature', { moreInSignerInfo: [NULL] }],
    ['with no certificate', { certificates: () => [] }],
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
      'with something else among its certificates',
      { certificates: ({ signer, intermediate }) => [signer.der, intermediate.der, octetString('')] },
    ],
    [
      'with a certificate that is none',
      { certificates: ({ signer, intermediate }) => [signer.der, intermediate.der, sequence(sequence())] },
    ],
    [
      'with a signer whose certificate is none',
      {
        identifier: () => der(0x80, Buffer.alloc(20, 7)),
        certificates: () => [sequence(sequence(der(0xa0), integer(1), ...Array.from({ length: 5 }, () => sequence())))],
      },
    ],
    ['with a signer of neither kind', { identifier: () => octetString('') }],
    ['with a signer that has more to its name', { identifier: (issuer) => sequence(issuer, integer(1), NULL) }],
    ['with content of another kind', { content: (payload) => der(0x0c, payload) }],
    ['with chunks of another kind', { content: (payload) => der(0x24, der(0x0c, payload)) }],
    ['with two contents', { content: (payload) => concat(octetString(payload), octetString('')) }],
    ['without a signed content type', { signedAttributes: (digest) => [messageDigestAttribute(digest)] }],
    ['without a signed digest', { signedAttributes: () => [contentTypeAttribute] }],
    [
      'with a signed digest twice',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          messageDigestAttribute(digest),
          messageDigestAttribute(digest),
        ],
      },
    ],
    [
      'with a signed digest of two values',
      { signedAttributes: (digest) => [contentTypeAttribute, repeatedDigest(digest)] },
    ],
    [
      'with a signed digest of another kind',
      { signedAttributes: () => [contentTypeAttribute, attribute('1.2.840.113549.1.9.4', NULL)] },
    ],
    [
      'with another signed content type',
      {
        signedAttributes: (digest) => [
          attribute('1.2.840.113549.1.9.3', der(6, Uint8Array.of(0x2a, 3))),
          messageDigestAttribute(digest),
        ],
      },
    ],
    [
      'with a signed attribute that is none',
      { signedAttributes: (digest) => [contentTypeAttribute, messageDigestAttribute(digest), NULL] },
    ],
    [
      'with signed attributes that are not DER',
      {
        signedAttributes: (digest) => [
          contentTypeAttribute,
          messageDigestAttribute(digest),
          indefinite(0x30, der(6, Uint8Array.of(0x2a, 3)), set()),
        ],
      },
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
    ['with nine digest algorithms', { digestAlgorithms: set(...Array.from({ length: 9 }, () => SHA256)) }],
    ['with an algorithm that is none', { digestAlgorithm: sequence(octetString('')) }],
    ['whose payload is empty', { payload: set() }],
    ['whose payload is nothing', { payload: new Uint8Array() }],
    ['with bytes behind its payload', { tamper: (payload) => concat(payload, Uint8Array.of(0)) }],
    ['with a field that is none', { moreFields: [octetString('')] }],
    ['with a field in two parts', { moreFields: [sequence(integer(99), octetString(''))] }],
    ['with a field in four parts', { moreFields: [sequence(integer(99), integer(1), octetString(''), NULL)] }],
    ['with a field without a number', { moreFields: [sequence(octetString(''), integer(1), octetString(''))] }],
    ['with a version without a number', { moreFields: [sequence(integer(99), octetString(''), octetString(''))] }],
    ['with a field of another kind', { moreFields: [sequence(integer(99), integer(1), integer(1))] }],
    ['with a field in chunks', { moreFields: [sequence(integer(99), integer(1), der(0x24, octetString('')))] }],
    ['with its App ID twice', { moreFields: [field(2, APP_ID)] }],
    ['with a field twice that nobody knows', { moreFields: [field(99, ''), field(99, '')] }],
    ...[2, 3, 4, 5, 6, 12, 21].map((type): [string, ReceiptChanges] => [
      `without field ${type}`,
      withFields({ [type]: undefined }),
    ]),
    ['of an unknown type', withFields({ 6: 'PAID' })],
    ['with an App ID that is not UTF-8', withFields({ 2: Uint8Array.of(0xff) })],
    ['with a key that is no certificate', withFields({ 3: 'key' })],
    ['with a risk metric below zero', withFields({ 17: '-1' })],
    ['with a risk metric that is no number', withFields({ 17: 'high' })],
    ['with a risk metric of hexadecimal digits', withFields({ 17: '0x10' })],
    ['with an empty risk metric', withFields({ 17: '' })],
    ['with a risk metric beyond all bounds', withFields({ 17: '1'.repeat(10) })],
    ['with a risk metric of two lines', withFields({ 17: '1\n' })],
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
    ].map((time): [string, ReceiptChanges] => [`created at ${JSON.stringify(time)}`, withFields({ 12: time })]),
    ['with a not before that is no time', withFields({ 19: 'later' })],
    ['with an expiration that is no time', withFields({ 21: 'later' })],
  ];
  it.each(malformed)('%s', async (_, changes) => {
    await expectCode(() => verify(changes), 'malformed_receipt');
  });

  it('with a payload that is a SEQUENCE', async () => {
    expect((await verify({ payload: set(...fieldsOfReceipt()) })).type).toBe('ATTEST');
    await expectCode(() => verify({ payload: sequence(...fieldsOfReceipt()) }), 'malformed_receipt');
  });

  it('as a SET', async () => {
    const receipt = (await makeReceipt(chain)).with(0, 0x31);
    const options = { appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
    await expectCode(() => verifyReceipt({ ...options, receipt }), 'malformed_receipt');
  });

  it('with a key that is not on P-256', async () => {
    await expectCode(
      async () => verify({}, {}, await createReceiptChain({ credCertCurve: 'P-384' })),
      'malformed_receipt',
    );
  });

  it('cut off at any place, and with anything behind it', async () => {
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

describe('the signature of a receipt', () => {
  const invalid: readonly [string, ReceiptChanges][] = [
    ['is over another payload', { tamper: (payload) => payload.with(payload.length - 3, 0x39) }],
    ['is none', { signature: () => new Uint8Array(70) }],
    ['is empty', { signature: () => new Uint8Array() }],
    [
      'is none, behind an octet string that is not looked into',
      {
        signature: () => new Uint8Array(70),
        digestAlgorithm: algorithm(
          '2.16.840.1.101.3.4.2.1',
          octetString(sequence(...Array.from({ length: 10_000 }, () => NULL))),
        ),
      },
    ],
    ['is of another algorithm', { signatureAlgorithm: algorithm('1.2.840.113549.1.1.11', NULL) }],
    ['is of another hash than the content', { signatureAlgorithm: ECDSA_WITH_SHA384 }],
    ['is of a hash that nobody announced', { digestAlgorithms: set(SHA384) }],
    ['is of no hash that anybody announced', { digestAlgorithms: set() }],
    [
      'is of an unknown hash',
      { digestAlgorithm: algorithm('1.3.14.3.2.26', NULL), digestAlgorithms: set(algorithm('1.3.14.3.2.26', NULL)) },
    ],
    [
      'covers attributes with another digest',
      { signedAttributes: () => [contentTypeAttribute, messageDigestAttribute(Buffer.alloc(32))] },
    ],
    [
      'covers attributes of another payload',
      {
        signedAttributes: (digest) => [contentTypeAttribute, messageDigestAttribute(digest)],
        tamper: (payload) => payload.with(payload.length - 3, 0x39),
      },
    ],
  ];
  it.each(invalid)('is refused where it %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'invalid_signature');
  });

  it('is refused where it covers the attributes with the tag that they are sent with', async () => {
    const signedAttributes = (digest: Uint8Array) => [contentTypeAttribute, messageDigestAttribute(digest)];
    const message = (attributes: Uint8Array) => attributes.with(0, 0xa0);
    await expectCode(() => verify({ signedAttributes, message }), 'invalid_signature');
  });

  it('is refused where it covers the content although there are attributes', async () => {
    const payload = set(...fieldsOfReceipt());
    const signedAttributes = (digest: Uint8Array) => [contentTypeAttribute, messageDigestAttribute(digest)];
    await expectCode(() => verify({ payload, signedAttributes, message: () => payload }), 'invalid_signature');
  });

  it('covers no attributes that could pass for a payload', async () => {
    const payload = set(contentTypeAttribute, messageDigestAttribute(Buffer.alloc(32)));
    await expectCode(() => verify({ payload }), 'malformed_receipt');
  });

  it('is one of the key in the certificate', async () => {
    const other = await createReceiptChain();
    const forged = { ...other, signer: { ...chain.signer, keys: other.signer.keys } };
    await expectCode(
      () =>
        verify(
          { certificates: () => [chain.signer.der, chain.intermediate.der] },
          { trustAnchors: [chain.root.der] },
          forged,
        ),
      'invalid_signature',
    );
  });

  it('is none of an RSA key, although Node would verify it as one', async () => {
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: 'SHA-256',
    };
    const signerKeys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
    await expectCode(async () => verify({}, {}, await createReceiptChain({ signerKeys })), 'invalid_signature');
  });

  it('is none of a key that cannot be read', async () => {
    const { privateKey } = chain.signer.keys;
    const publicKey: unknown = sequence(algorithm('1.2.3.4'), der(0x03, Uint8Array.of(0, 4)));
    const unreadable = await createReceiptChain({ signerKeys: { privateKey, publicKey } as webcrypto.CryptoKeyPair });
    const error = await expectCode(() => verify({}, {}, unreadable), 'invalid_signature');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('may be one of a P-384 key', async () => {
    expect((await verify({}, {}, await createReceiptChain({ signerCurve: 'P-384' }))).type).toBe('ATTEST');
  });

  it('may be one of a P-521 key', async () => {
    const ecdsa = { name: 'ECDSA', namedCurve: 'P-521' };
    const signerKeys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
    expect((await verify({ hash: 'sha384' }, {}, await createReceiptChain({ signerKeys }))).type).toBe('ATTEST');
  });

  it('may be one with SHA-512', async () => {
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', chain.signer.keys.privateKey));
    const payload = set(...fieldsOfReceipt());
    const signature = sign('sha512', payload, createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
    const SHA512 = algorithm('2.16.840.1.101.3.4.2.3', NULL);
    const verified = await verify({
      payload,
      digestAlgorithms: set(SHA512),
      digestAlgorithm: SHA512,
      signatureAlgorithm: algorithm('1.2.840.10045.4.3.4'),
      signature: () => new Uint8Array(signature),
    });
    expect(verified.type).toBe('ATTEST');
  });
});

describe('the certificates of a receipt', () => {
  const DAY = 24 * 60;

  it('do not convince by Apple’s names', async () => {
    const receipt = await makeReceipt(chain);
    await expectCode(() => verifyReceipt({ receipt, appId: APP_ID, date: NOW }), 'untrusted_certificate');
    await expectCode(
      async () => verify({}, { trustAnchors: [(await createReceiptChain()).root.der] }),
      'untrusted_certificate',
    );
  });

  const untrusted: readonly [string, ReceiptChanges][] = [
    ['the signer is missing', { certificates: ({ intermediate, root }) => [intermediate.der, root.der] }],
    ['the intermediate is missing', { certificates: ({ signer, root }) => [signer.der, root.der] }],
    ['another serial number is named', { identifier: (issuer) => issuer.with(issuer.length - 1, 2) }],
    ['another issuer is named', { identifier: (issuer) => issuer.with(20, 0x41) }],
    ['another key identifier is named', { identifier: () => der(0x80, Buffer.alloc(20, 8)) }],
  ];
  it.each(untrusted)('are not trusted where %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'untrusted_certificate');
  });

  it('are not trusted by the names of another chain', async () => {
    const other = await createReceiptChain();
    await expectCode(
      () => verify({ certificates: () => [chain.signer.der, other.intermediate.der, chain.root.der] }),
      'untrusted_certificate',
    );
    await expectCode(
      () => verify({ certificates: () => [other.signer.der, chain.intermediate.der, chain.root.der] }),
      'untrusted_certificate',
    );
  });

  it('end at the trusted root, and not at one of its name that comes along', async () => {
    const { root } = await createReceiptChain();
    const certificates = () => [chain.signer.der, chain.intermediate.der, root.der];
    expect((await verify({ certificates })).type).toBe('ATTEST');
    await expectCode(() => verify({ certificates }, { trustAnchors: [root.der] }), 'untrusted_certificate');
    const another = await createReceiptChain({ root: { subject: 'CN=Another', issuer: 'CN=Another' } });
    const trustAnchors = [another.root.der, chain.root.der];
    expect((await verify({ certificates }, { trustAnchors })).type).toBe('ATTEST');
  });

  it('may be three between signer and root, and not four', async () => {
    const long = await createReceiptChain({ intermediate: { issuer: 'CN=1' } });
    const { keys, profile } = long.root;
    const verifyBelow = async (...names: string[]) => {
      const issued = names.map(async (subject, index) => {
        const issuer = names[index + 1] ?? profile.subject;
        return (await issueCertificate({ ...ROOT_PROFILE, subject, issuer }, keys)).der;
      });
      const above = await Promise.all(issued);
      return verify({ certificates: ({ signer, intermediate }) => [signer.der, intermediate.der, ...above] }, {}, long);
    };
    expect((await verifyBelow('CN=1', 'CN=2')).type).toBe('ATTEST');
    await expectCode(() => verifyBelow('CN=1', 'CN=2', 'CN=3'), 'untrusted_certificate');
  });

  it('may be more between signer and root, but no endless circle', async () => {
    const circle = await createReceiptChain({
      intermediate: { issuer: 'CN=Nobody' },
      root: { subject: 'CN=Nobody', issuer: 'CN=Nobody' },
    });
    await expectCode(() => verify({}, { trustAnchors: [chain.root.der] }, circle), 'untrusted_certificate');
  });

  it('must have Apple’s mark for receipts on the signer', async () => {
    const unmarked = await createReceiptChain({ signer: { extensions: {} } });
    await expectCode(() => verify({}, {}, unmarked), 'untrusted_certificate');
    const similar = await createReceiptChain({ signer: { extensions: { '1.2.840.113635.100.12.1': NULL } } });
    await expectCode(() => verify({}, {}, similar), 'untrusted_certificate');
  });

  it('do not sign where an intermediate is made the signer', async () => {
    const signing = await createReceiptChain({ signer: { ca: true, extensions: { [RECEIPT_SIGNING_OID]: NULL } } });
    await expectCode(() => verify({}, {}, signing), 'untrusted_certificate');
    const agreeing = await createReceiptChain({
      signer: { keyUsage: KeyUsageFlags.keyAgreement, extensions: { [RECEIPT_SIGNING_OID]: NULL } },
    });
    await expectCode(() => verify({}, {}, agreeing), 'untrusted_certificate');
  });

  it('are judged at the moment of creation, not at the present', async () => {
    const expired = await createReceiptChain({
      signer: { notAfter: minutesFromNow(-0.5), extensions: { [RECEIPT_SIGNING_OID]: NULL } },
    });
    expect((await verify({}, {}, expired)).type).toBe('ATTEST');
    expect((await verify({}, { date: minutesFromNow(30 * DAY) })).type).toBe('ATTEST');
    await expectCode(() => verify(withFields({ 12: NOW.toISOString() }), {}, expired), 'certificate_expired');
    const early = withFields({ 12: minutesFromNow(-2 * DAY).toISOString() });
    await expectCode(() => verify(early), 'certificate_expired');
  });
});

describe('verifyReceipt', () => {
  const refused: readonly [string, ReceiptChanges, Options, AppAttestErrorCode][] = [
    ['another app', withFields({ 2: 'TEAMID1234.com.example.other' }), {}, 'app_id_mismatch'],
    ['an app whose name goes on', withFields({ 2: `${APP_ID}.watch` }), {}, 'app_id_mismatch'],
    ['an app behind a byte order mark', withFields({ 2: `\uFEFF${APP_ID}` }), {}, 'app_id_mismatch'],
    ['an app in other letters', withFields({ 2: APP_ID.toUpperCase() }), {}, 'app_id_mismatch'],
    ['development in production', withFields({ 7: 'sandbox' }), {}, 'environment_mismatch'],
    [
      'development where production is asked for',
      withFields({ 7: 'sandbox' }),
      { environment: 'production' },
      'environment_mismatch',
    ],
    ['production where development is asked for', {}, { environment: 'development' }, 'environment_mismatch'],
    [
      'no environment',
      withFields({ 7: undefined }),
      { environment: ['production', 'development'] },
      'environment_mismatch',
    ],
    [
      'an unknown environment',
      withFields({ 7: 'Production' }),
      { environment: ['production', 'development'] },
      'environment_mismatch',
    ],
    ['an expired one', withFields({ 21: minutesFromNow(-0.001).toISOString() }), {}, 'receipt_expired'],
    ['one from the future', withFields({ 12: minutesFromNow(5.01).toISOString() }), {}, 'receipt_expired'],
    ['one that is too old', {}, { maxAge: 59 }, 'receipt_too_old'],
  ];
  it.each(refused)('refuses %s', async (_, changes, options, code) => {
    await expectCode(() => verify(changes, options), code);
  });

  const accepted: readonly [string, ReceiptChanges, Options][] = [
    [
      'one of several apps',
      {},
      { appId: ['TEAMID1234.com.example.other', { teamId: 'TEAMID1234', bundleId: 'com.example.app' }] },
    ],
    ['development where it is asked for', withFields({ 7: 'sandbox' }), { environment: 'development' }],
    ['either environment', withFields({ 7: 'sandbox' }), { environment: ['production', 'development'] }],
    ['one in its last millisecond', withFields({ 21: NOW.toISOString() }), {}],
    ['one that is as old as it may be', {}, { maxAge: 60 }],
    ['one of a clock five minutes ahead', withFields({ 12: minutesFromNow(5).toISOString() }), { maxAge: 1 }],
  ];
  it.each(accepted)('accepts %s', async (_, changes, options) => {
    expect((await verify(changes, options)).type).toBe('ATTEST');
  });

  it('compares the attested key with the stored one, in whatever form', async () => {
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

  it('takes the present for granted', async () => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
    try {
      const receipt = await makeReceipt(chain);
      const options = { receipt, appId: APP_ID, trustAnchors: [chain.root.der] };
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
    ['a receipt that is a number', { receipt: 1 }],
    ['no app', { appId: undefined }],
    ['no apps', { appId: [] }],
    ['a key that is none', { publicKey: 'key' }],
    ['an unknown environment', { environment: 'sandbox' }],
    ['no trust anchors', { trustAnchors: [] }],
    ['a date that is none', { date: new Date(Number.NaN) }],
    ['an age of nothing', { maxAge: 0 }],
    ['an age that is no number', { maxAge: Number.NaN }],
    ['an age in text', { maxAge: '300' }],
  ])('asks for better options than %s', async (_, options) => {
    const receipt = await makeReceipt(chain);
    const all = options && { receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der], ...options };
    await expectCode(() => verifyReceipt(all as never), 'invalid_argument');
  });

  it('checks the signature before it looks at anything that the payload says', async () => {
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
