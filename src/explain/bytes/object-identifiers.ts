import { AppleExtension } from '../../certificates/apple-extensions.js';

/**
 * Names of the object identifiers in App Attest evidence. Identifiers of standards have the names from the standards. Apple
 * publishes no names for its identifiers, so these have short descriptions.
 */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['2.5.29.14', 'subjectKeyIdentifier'],
  ['2.5.29.15', 'keyUsage'],
  ['2.5.29.17', 'subjectAltName'],
  ['2.5.29.19', 'basicConstraints'],
  ['2.5.29.31', 'cRLDistributionPoints'],
  ['2.5.29.32', 'certificatePolicies'],
  ['2.5.29.35', 'authorityKeyIdentifier'],
  ['2.5.29.37', 'extKeyUsage'],
  ['1.3.6.1.5.5.7.1.1', 'authorityInfoAccess'],
  [AppleExtension.Nonce, 'nonce'],
  [AppleExtension.KeyUsageProperties, 'key usage properties'],
  [AppleExtension.AccessControlList, 'access control list'],
  [AppleExtension.OperatingSystem, 'operating system'],
  ['1.2.840.113635.100.4.24', 'App Attest'],
  ['1.2.840.113635.100.12.15', 'receipt signing'],
  ['1.2.840.10045.2.1', 'ecPublicKey'],
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.2.840.10045.4.3.2', 'ecdsa-with-SHA256'],
  ['1.2.840.10045.4.3.3', 'ecdsa-with-SHA384'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['1.2.840.113549.1.7.1', 'data'],
  ['1.2.840.113549.1.7.2', 'signedData'],
  ['1.2.840.113549.1.9.3', 'contentType'],
  ['1.2.840.113549.1.9.4', 'messageDigest'],
  ['1.2.840.113549.1.9.5', 'signingTime'],
]);

/** Returns the name of an object identifier, or the object identifier itself if its name is not known. */
export function objectIdentifierName(oid: string): string {
  return NAMES.get(oid) ?? oid;
}

/** For example `2.5.29.15 (keyUsage)`. */
export function objectIdentifierText(oid: string): string {
  const name = NAMES.get(oid);
  return name === undefined ? oid : `${oid} (${name})`;
}
