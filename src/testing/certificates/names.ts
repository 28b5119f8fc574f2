import { VIRTUAL_APPLE } from '../../certificates/virtual-apple.js';
import { type JsonAttributeAndObjectValue, Name } from './x509.js';

/** `CN, O, ST`: the names of the issuers of a credential certificate. */
export function authorityName(commonName: string): Name {
  return new Name([utf8('CN', commonName), utf8('O', VIRTUAL_APPLE), utf8('ST', 'California')]);
}

/** `CN, OU, O, ST`: the credential certificate. Its common name is the key identifier in hex. */
export function credentialName(commonName: string): Name {
  return new Name([
    utf8('CN', commonName),
    utf8('OU', 'AAA Certification'),
    utf8('O', VIRTUAL_APPLE),
    utf8('ST', 'California'),
  ]);
}

/** `CN, OU, O, C`: the names of the issuers of the receipt signer. */
export function receiptAuthorityName(commonName: string): Name {
  return new Name([
    utf8('CN', commonName),
    utf8('OU', 'Virtual Certification Authority'),
    utf8('O', VIRTUAL_APPLE),
    country('US'),
  ]);
}

/** `CN, O, C`: the receipt signer. */
export function receiptSignerName(commonName: string): Name {
  return new Name([utf8('CN', commonName), utf8('O', VIRTUAL_APPLE), country('US')]);
}

const utf8 = (type: string, text: string): JsonAttributeAndObjectValue => ({ [type]: [{ utf8String: text }] });
const country = (code: string): JsonAttributeAndObjectValue => ({ C: [{ printableString: code }] });
