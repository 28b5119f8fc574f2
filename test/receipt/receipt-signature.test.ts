import { createPrivateKey, sign, webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { der, NULL, sequence, set } from '../../src/testing/encoding/der.js';
import {
  algorithm,
  contentTypeAttribute,
  createReceiptChain,
  ECDSA_WITH_SHA384,
  messageDigestAttribute,
  type ReceiptChanges,
  SHA384,
} from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';
import { chain, fieldsOfReceipt, verify } from '../support/verified-receipts.js';

describe('the signature of a receipt', () => {
  const invalid: readonly [string, ReceiptChanges][] = [
    ['covers another payload', { tamper: (payload) => payload.with(payload.length - 3, 0x39) }],
    ['consists of zeros', { signature: () => new Uint8Array(70) }],
    ['is empty', { signature: () => new Uint8Array() }],
    ['names RSA as its algorithm', { signatureAlgorithm: algorithm('1.2.840.113549.1.1.11', NULL) }],
    ['names SHA-384 while the digest algorithm is SHA-256', { signatureAlgorithm: ECDSA_WITH_SHA384 }],
    ['names SHA-256 while digestAlgorithms contains only SHA-384', { digestAlgorithms: set(SHA384) }],
    ['belongs to a receipt whose digestAlgorithms are empty', { digestAlgorithms: set() }],
    [
      'belongs to a receipt whose digest algorithm is SHA-1',
      { digestAlgorithm: algorithm('1.3.14.3.2.26', NULL), digestAlgorithms: set(algorithm('1.3.14.3.2.26', NULL)) },
    ],
    [
      'covers signed attributes with another message digest',
      { signedAttributes: () => [contentTypeAttribute, messageDigestAttribute(Buffer.alloc(32))] },
    ],
    [
      'covers the signed attributes of another payload',
      {
        signedAttributes: (digest) => [contentTypeAttribute, messageDigestAttribute(digest)],
        tamper: (payload) => payload.with(payload.length - 3, 0x39),
      },
    ],
  ];
  it.each(invalid)('is rejected if it %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'invalid_signature');
  });

  it('is rejected if it covers the signed attributes with the tag [0] instead of the tag of a SET', async () => {
    const signedAttributes = (digest: Uint8Array) => [contentTypeAttribute, messageDigestAttribute(digest)];
    const message = (attributes: Uint8Array) => attributes.with(0, 0xa0);
    await expectCode(() => verify({ signedAttributes, message }), 'invalid_signature');
  });

  it('is rejected if it covers the content although there are signed attributes', async () => {
    const payload = set(...fieldsOfReceipt());
    const signedAttributes = (digest: Uint8Array) => [contentTypeAttribute, messageDigestAttribute(digest)];
    await expectCode(() => verify({ payload, signedAttributes, message: () => payload }), 'invalid_signature');
  });

  it('cannot make a payload valid that consists of attributes', async () => {
    const payload = set(contentTypeAttribute, messageDigestAttribute(Buffer.alloc(32)));
    await expectCode(() => verify({ payload }), 'malformed_receipt');
  });

  it('must match the key in the certificate of the signer', async () => {
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

  it('is rejected if the signer has an RSA key, although Node.js could verify the signature', async () => {
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: 'SHA-256',
    };
    const signerKeys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
    const { message } = await expectCode(
      async () => verify({}, {}, await createReceiptChain({ signerKeys })),
      'invalid_signature',
    );
    expect(message).toBe('the public key of the signer must be on P-256, P-384 or P-521, not rsa');
  });

  it('is rejected if the key of the signer cannot be decoded', async () => {
    const { privateKey } = chain.signer.keys;
    const publicKey: unknown = sequence(algorithm('1.2.3.4'), der(0x03, Uint8Array.of(0, 4)));
    const unreadable = await createReceiptChain({ signerKeys: { privateKey, publicKey } as webcrypto.CryptoKeyPair });
    const error = await expectCode(() => verify({}, {}, unreadable), 'invalid_signature');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('may be created with a P-384 key', async () => {
    expect((await verify({}, {}, await createReceiptChain({ signerCurve: 'P-384' }))).type).toBe('ATTEST');
  });

  it('may be created with a P-521 key', async () => {
    const ecdsa = { name: 'ECDSA', namedCurve: 'P-521' };
    const signerKeys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
    expect((await verify({ hash: 'sha384' }, {}, await createReceiptChain({ signerKeys }))).type).toBe('ATTEST');
  });

  it('may be created with SHA-512', async () => {
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
