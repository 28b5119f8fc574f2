import { Encoder } from 'cbor-x/index-no-eval';

const encoder = new Encoder({ mapsAsObjects: true, useRecords: false, variableMapSize: true, tagUint8Array: false });

/** CBOR as Apple's devices write it: shortest lengths, map entries in the order given. */
export function cbor(value: unknown): Uint8Array {
  return new Uint8Array(encoder.encode(value));
}
