import { webcrypto } from 'node:crypto';
import { integerOfBytes, sequence } from './encoding/der.js';

/** Signs SHA-256 of the message with ECDSA. Returns the signature in DER. The Web Crypto API returns r and s concatenated. */
export async function signEcdsa(message: Uint8Array, privateKey: webcrypto.CryptoKey): Promise<Uint8Array> {
  const signature = await webcrypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    privateKey,
    new Uint8Array(message),
  );
  const bytes = new Uint8Array(signature);
  const half = bytes.length / 2;
  return sequence(
    integerOfBytes(withoutZeros(bytes.subarray(0, half))),
    integerOfBytes(withoutZeros(bytes.subarray(half))),
  );
}

function withoutZeros(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  return magnitude.subarray(first);
}
