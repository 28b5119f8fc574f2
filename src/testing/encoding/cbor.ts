import { Encoder } from 'cbor-x/index-no-eval';

const encoder = new Encoder({ mapsAsObjects: true, useRecords: false, variableMapSize: true, tagUint8Array: false });

/** Encodes CBOR like Apple's devices: with the shortest lengths, and with map entries in the given order. */
export function cbor(value: unknown): Uint8Array {
  return new Uint8Array(encoder.encode(value));
}
