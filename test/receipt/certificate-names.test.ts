import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../src/certificates/certificate.js';
import { DecodingError } from '../../src/decoding-error.js';
import { readCertificateNames } from '../../src/receipt/certificate-names.js';
import { der, integer, NULL, octetString, sequence, set, tagged } from '../../src/testing/encoding/der.js';
import { createReceiptChain } from '../support/receipts.js';

const [serialNumber, algorithm, issuer, validity, subject, key] = [7, 1, 2, 3, 4, 5].map((number) => {
  return number === 7 ? integer(7) : sequence(integer(number));
});
const version = tagged(0, integer(2));
const elements = [version, serialNumber, algorithm, issuer, validity, subject, key].map((element) => element ?? NULL);

describe('the names of a certificate', () => {
  it('are those that the certificate decodes to', async () => {
    const { signer, intermediate, root } = await createReceiptChain();
    for (const { der: bytes } of [signer, intermediate, root]) {
      const names = readCertificateNames(bytes);
      const certificate = decodeCertificate(bytes);
      expect(Buffer.from(names.issuer)).toEqual(Buffer.from(certificate.issuer));
      expect(Buffer.from(names.subject)).toEqual(Buffer.from(certificate.subject));
      expect(Buffer.from(names.subjectPublicKeyInfo)).toEqual(Buffer.from(certificate.subjectPublicKeyInfo));
      const serialNumber = Buffer.from(names.serialNumber.subarray(2)).toString('hex');
      expect(BigInt(`0x${serialNumber}`)).toBe(BigInt(`0x${new X509Certificate(bytes).serialNumber}`));
    }
  });

  it('are cut out as they came', () => {
    const names = readCertificateNames(sequence(sequence(...elements)));
    expect(names).toMatchObject({ serialNumber, issuer, subject, subjectPublicKeyInfo: key });
  });

  const refused: readonly [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['a SET', set(sequence(...elements))],
    ['something else in place of what is signed', sequence(set(...elements))],
    ['nothing that is signed', sequence()],
    ['no version', sequence(sequence(...elements.slice(1), NULL))],
    ['no key', sequence(sequence(...elements.slice(0, -1)))],
    ['bytes behind it', Buffer.concat([sequence(sequence(...elements)), NULL])],
    [
      'a length that is not in its shortest form behind the key',
      sequence(sequence(...elements, Uint8Array.of(4, 0x81, 0))),
    ],
    ['an indefinite length behind the key', sequence(sequence(...elements, Uint8Array.of(0x30, 0x80, 0, 0)))],
    ['an octet string', octetString(sequence(...elements))],
    ['another identifier', der(0x70, sequence(...elements))],
  ];
  it.each(refused)('are not read from %s', (_, bytes) => {
    expect(() => readCertificateNames(bytes)).toThrow(DecodingError);
  });
});
