import { VIRTUAL_APPLE } from '../../certificates/virtual-apple.js';
import { type JsonAttributeAndObjectValue, Name } from './x509.js';

/** The name of an issuer of credential certificates: `CN, O, ST`. */
export function authorityName(commonName: string): Name {
  return new Name([utf8('CN', commonName), utf8('O', VIRTUAL_APPLE), utf8('ST', 'California')]);
}

/** The name of a credential certificate: `CN, OU, O, ST`. Its common name is the key identifier in hex. */
export function credentialName(commonName: string): Name {
  return new Name([
    utf8('CN', commonName),
    utf8('OU', 'AAA Certification'),
    utf8('O', VIRTUAL_APPLE),
    utf8('ST', 'California'),
  ]);
}

/** The name of an issuer of the receipt signer: `CN, OU, O, C`. */
export function receiptAuthorityName(commonName: string): Name {
  return new Name([
    utf8('CN', commonName),
    utf8('OU', 'Virtual Certification Authority'),
    utf8('O', VIRTUAL_APPLE),
    country('US'),
  ]);
}

/** The name of the receipt signer: `CN, O, C`. */
export function receiptSignerName(commonName: string): Name {
  return new Name([utf8('CN', commonName), utf8('O', VIRTUAL_APPLE), country('US')]);
}

const utf8 = (type: string, text: string): JsonAttributeAndObjectValue => ({ [type]: [{ utf8String: text }] });
const country = (code: string): JsonAttributeAndObjectValue => ({ C: [{ printableString: code }] });
