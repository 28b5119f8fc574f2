import type { Issuer } from '../certificates/issuer.js';
import type { ReceiptAuthority } from '../certificates/receipt-authority.js';
import {
  indefinite,
  integer,
  integerOfBytes,
  NULL,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from '../encoding/der.js';
import { signEcdsa } from '../signature.js';

const SIGNED_DATA = objectIdentifier('1.2.840.113549.1.7.2');
const DATA = objectIdentifier('1.2.840.113549.1.7.1');
const SHA256 = sequence(objectIdentifier('2.16.840.1.101.3.4.2.1'), NULL);
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

const SEQUENCE = 0x30;
const CONSTRUCTED_OCTET_STRING = 0x24;
const EXPLICIT_0 = 0xa0;
const CHUNK_LENGTH = 1000;

/**
 * Signs a receipt: CMS SignedData (RFC 5652 §5) as Apple's servers encode it. The encoding is BER with indefinite lengths,
 * and the content is in chunks of 1000 bytes. All three certificates are included. There are no signed attributes.
 */
export async function signReceipt(payload: Uint8Array, authority: ReceiptAuthority): Promise<Uint8Array> {
  const { signer, intermediate, root } = authority;
  const signature = await signEcdsa(payload, signer.keys.privateKey);
  const content = indefinite(
    SEQUENCE,
    integer(1),
    set(SHA256),
    indefinite(SEQUENCE, DATA, indefinite(EXPLICIT_0, indefinite(CONSTRUCTED_OCTET_STRING, ...chunks(payload)))),
    indefinite(EXPLICIT_0, signer.certificate, intermediate.certificate, root.certificate),
    set(
      sequence(
        integer(1),
        issuerAndSerialNumber(intermediate, signer),
        SHA256,
        ECDSA_WITH_SHA256,
        octetString(signature),
      ),
    ),
  );
  return indefinite(SEQUENCE, SIGNED_DATA, indefinite(EXPLICIT_0, content));
}

function issuerAndSerialNumber(issuer: Issuer, { serialNumber }: Issuer): Uint8Array {
  return sequence(new Uint8Array(issuer.name.toArrayBuffer()), integerOfBytes(Buffer.from(serialNumber, 'hex')));
}

function chunks(payload: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < payload.length; start += CHUNK_LENGTH) {
    parts.push(octetString(payload.subarray(start, start + CHUNK_LENGTH)));
  }
  return parts;
}
