import { Encoder } from 'cbor-x/index-no-eval';

const encoder = new Encoder({ mapsAsObjects: true, useRecords: false, variableMapSize: true, tagUint8Array: false });

/** CBOR as Apple's devices encode it: shortest lengths, map entries in the given order. */
export function cbor(value: unknown): Uint8Array {
  return new Uint8Array(encoder.encode(value));
}
