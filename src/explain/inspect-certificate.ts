import { type AttestedDevice, readAttestedDevice } from '../attestation/attested-device.js';
import { readCertifiedAppId } from '../attestation/certified-app-id.js';
import { AppleExtension, readSingleOctetString } from '../certificates/apple-extensions.js';
import { type Certificate, decodeCertificate } from '../certificates/certificate.js';
import { fingerprint } from '../certificates/fingerprint.js';
import { nameText } from '../certificates/name.js';
import type { Inspection } from './inspection.js';

/** A decoded certificate of an attestation or a receipt. Nothing in it is verified. */
export interface InspectedCertificate {
  /** The name of the subject, for example `"CN=Apple App Attestation CA 1, O=Apple Inc., ST=California"`. */
  subject: string;
  /** The name of the issuer, in the same form as `subject`. */
  issuer: string;
  /** The start of the validity. */
  notBefore: Date;
  /** The end of the validity, inclusive. */
  notAfter: Date;
  /** SHA-256 of the certificate, hex. */
  fingerprint: string;
  /** Whether the basic constraints mark the certificate as a CA certificate. */
  isCa: boolean;
  /** The object identifiers of all extensions, in the order of the certificate. */
  extensions: string[];
  /** The device, as described in a leaf certificate. Empty for a CA certificate. */
  device: AttestedDevice;
  /** The nonce in a leaf certificate, which binds the certificate to a challenge. In valid evidence, it has 32 bytes. */
  nonce?: Uint8Array;
  /** The App ID of the app or of its App Clip, in a leaf certificate. */
  appId?: string;
  /** The access control list of the key in a leaf certificate, DER. */
  accessControlList?: Uint8Array;
}

/** @param name The name of the certificate, for `problems` */
export function inspectCertificate(
  der: Uint8Array,
  name: string,
  inspection: Inspection,
): InspectedCertificate | undefined {
  const certificate = inspection.attempt(name, () => decodeCertificate(der));
  if (!certificate) return undefined;
  const nonce = octetStringOf(certificate, AppleExtension.Nonce, name, inspection);
  const accessControlList = octetStringOf(certificate, AppleExtension.AccessControlList, name, inspection);
  const appId = inspection.attempt(name, () => readCertifiedAppId(certificate));
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    fingerprint: fingerprint(der),
    isCa: certificate.isCa,
    extensions: [...certificate.extensions.keys()],
    device: inspection.attempt(name, () => readAttestedDevice(certificate)) ?? {},
    ...(nonce && { nonce }),
    ...(appId !== undefined && { appId }),
    ...(accessControlList && { accessControlList }),
  };
}

function octetStringOf(
  certificate: Certificate,
  oid: string,
  name: string,
  inspection: Inspection,
): Uint8Array | undefined {
  const extension = certificate.extensions.get(oid);
  if (!extension) return undefined;
  // The bytes are copied. A slice would keep the whole certificate in memory.
  return inspection.attempt(`${name} extension ${oid}`, () => new Uint8Array(readSingleOctetString(extension)));
}
