import type { webcrypto } from 'node:crypto';
import { integer, objectIdentifier, octetString, sequence, tagged } from '../encoding/der.js';
import type { AttestationAuthority } from './attestation-authority.js';
import { issueCertificate } from './issuer.js';
import { credentialName } from './names.js';
import { BasicConstraintsExtension, Extension, KeyUsageFlags, KeyUsagesExtension } from './x509.js';

/** The contents of the certificate that Apple issues for an attested key. */
export interface CredentialCertificateFields {
  /** The key identifier, in hex. */
  keyIdentifier: string;
  /** When Apple issued the certificate. The serial number is this time in milliseconds. */
  issuedAt: Date;
  notBefore: Date;
  notAfter: Date;
  nonce: Uint8Array;
  keyUsageProperties: readonly TaggedValue[];
  operatingSystem: readonly TaggedValue[];
  accessControlList: Uint8Array | undefined;
  /** Whether the certificate has the extension extended key usage, like certificates that Apple has issued since 2026. */
  extendedKeyUsage: boolean;
}

/** `[tag] { INTEGER }` or `[tag] { OCTET STRING }`. */
export type TaggedValue = readonly [tag: number, value: number | string];

const KEY_USAGE =
  KeyUsageFlags.digitalSignature |
  KeyUsageFlags.nonRepudiation |
  KeyUsageFlags.keyEncipherment |
  KeyUsageFlags.dataEncipherment;

const EXTENDED_KEY_USAGE = new Extension('2.5.29.37', false, sequence(objectIdentifier('1.2.840.113635.100.4.24')));

/** Issues the credential certificate (credCert). Its extensions have the same order as in recordings. */
export function issueCredentialCertificate(
  fields: CredentialCertificateFields,
  publicKey: webcrypto.CryptoKey,
  { intermediate }: AttestationAuthority,
): Promise<Uint8Array> {
  const { keyUsageProperties, operatingSystem, nonce, accessControlList } = fields;
  return issueCertificate(
    {
      name: credentialName(fields.keyIdentifier),
      serialNumber: fields.issuedAt.getTime().toString(16).padStart(12, '0'),
      notBefore: fields.notBefore,
      notAfter: fields.notAfter,
      hash: 'SHA-256',
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KEY_USAGE, true),
        ...(fields.extendedKeyUsage ? [EXTENDED_KEY_USAGE] : []),
        new Extension('1.2.840.113635.100.8.5', false, taggedValues(keyUsageProperties)),
        new Extension('1.2.840.113635.100.8.7', false, taggedValues(operatingSystem)),
        new Extension('1.2.840.113635.100.8.2', false, sequence(tagged(1, octetString(nonce)))),
        ...(accessControlList
          ? [new Extension('1.2.840.113635.100.8.6', false, sequence(tagged(3, octetString(accessControlList))))]
          : []),
      ],
    },
    publicKey,
    intermediate,
  );
}

function taggedValues(values: readonly TaggedValue[]): Uint8Array {
  return sequence(
    ...values.map(([tag, value]) => tagged(tag, typeof value === 'number' ? integer(value) : octetString(value))),
  );
}
