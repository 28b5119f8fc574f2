import type { webcrypto } from 'node:crypto';
import { der, ia5String, NULL, objectIdentifier, sequence, tagged, utf8String } from '../encoding/der.js';
import { later, YEAR } from '../time.js';
import { generateKeys, type Issuer, issue, randomSerialNumber } from './issuer.js';
import { receiptAuthorityName, receiptSignerName } from './names.js';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from './x509.js';

/**
 * The certificate of the receipt signer and the CA certificates above it. They imitate Apple Root CA - G3, Apple Application
 * Integration CA 5 - G1 and the certificate of Apple's receipt signer.
 */
export interface ReceiptAuthority {
  readonly root: Issuer;
  readonly intermediate: Issuer;
  readonly signer: Issuer;
}

const CA_USAGE = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);
const SIGNER_USAGE = new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true);

/** Apple's Application Integration CAs have this extension. */
const APPLICATION_INTEGRATION_CA = new Extension('1.2.840.113635.100.6.2.3', false, NULL);
/** Certificates that may sign receipts have this extension. */
const RECEIPT_SIGNING = new Extension('1.2.840.113635.100.12.15', false, NULL);

/** @param root The root certificate. By default, a new one whose private key cannot be exported */
export async function createReceiptAuthority(now: Date, root?: Issuer): Promise<ReceiptAuthority> {
  const issuer = root ?? (await createReceiptRoot(now, await generateKeys('P-384')));
  const notBefore = later(now, -5 * YEAR);
  const notAfter = later(now, 5 * YEAR);

  const intermediateKeys = await generateKeys('P-256');
  const intermediate = await issue(
    {
      name: receiptAuthorityName('Virtual Application Integration CA 5 - G1'),
      serialNumber: randomSerialNumber(16),
      notBefore,
      notAfter,
      hash: 'SHA-384',
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        await AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
        onlineStatus('http://ocsp.invalid/virtual-root'),
        revocationList('http://crl.invalid/virtual-root.crl'),
        await SubjectKeyIdentifierExtension.create(intermediateKeys.publicKey),
        CA_USAGE,
        APPLICATION_INTEGRATION_CA,
      ],
    },
    intermediateKeys,
    issuer,
  );

  const signerKeys = await generateKeys('P-256');
  const signer = await issue(
    {
      name: receiptSignerName('Virtual Attestation Fraud Receipt Signing'),
      serialNumber: randomSerialNumber(16),
      notBefore: later(now, -YEAR),
      notAfter: later(now, YEAR),
      hash: 'SHA-256',
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        await AuthorityKeyIdentifierExtension.create(intermediateKeys.publicKey),
        onlineStatus('http://ocsp.invalid/virtual-application-integration'),
        CERTIFICATE_POLICY,
        await SubjectKeyIdentifierExtension.create(signerKeys.publicKey),
        SIGNER_USAGE,
        RECEIPT_SIGNING,
      ],
    },
    signerKeys,
    intermediate,
  );
  return { root: issuer, intermediate, signer };
}

export async function createReceiptRoot(now: Date, keys: webcrypto.CryptoKeyPair): Promise<Issuer> {
  return issue(
    {
      name: receiptAuthorityName('Virtual Root CA - G3'),
      serialNumber: randomSerialNumber(8),
      notBefore: later(now, -5 * YEAR),
      notAfter: later(now, 5 * YEAR),
      hash: 'SHA-384',
      extensions: [
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        new BasicConstraintsExtension(true, undefined, true),
        CA_USAGE,
      ],
    },
    keys,
  );
}

const URI = 0x86;

/** The extension authority information access (RFC 5280 §4.2.2.1), with an OCSP responder that does not exist. */
function onlineStatus(address: string): Extension {
  const location = sequence(objectIdentifier('1.3.6.1.5.5.7.48.1'), der(URI, Buffer.from(address)));
  return new Extension('1.3.6.1.5.5.7.1.1', false, sequence(location));
}

/** The extension CRL distribution points (RFC 5280 §4.2.1.13), with an address that does not exist. */
function revocationList(address: string): Extension {
  const point = sequence(tagged(0, tagged(0, der(URI, Buffer.from(address)))));
  return new Extension('2.5.29.31', false, sequence(point));
}

/** The extension certificate policies (RFC 5280 §4.2.1.4), with a user notice and a practice statement. */
const CERTIFICATE_POLICY = new Extension(
  '2.5.29.32',
  false,
  sequence(
    sequence(
      objectIdentifier('1.2.840.113635.100.5.1'),
      sequence(
        sequence(
          objectIdentifier('1.3.6.1.5.5.7.2.2'),
          sequence(
            utf8String(
              'Issued by a virtual Apple inside a test. It proves nothing about any app, any device or any person, and ' +
                'a server that trusts it in production trusts everybody.',
            ),
          ),
        ),
        sequence(objectIdentifier('1.3.6.1.5.5.7.2.1'), ia5String('http://policy.invalid/virtual')),
      ),
    ),
  ),
);
