import { expect, it } from 'vitest';
import { kindOfEvidence } from '../../src/explain/evidence-kind.js';
import { cbor } from '../../src/testing/encoding/cbor.js';

it('kindOfEvidence recognizes an assertion even if its signature contains the name of a field of attestations', () => {
  const signature = new Uint8Array(Buffer.from('a signature with fmt in it'));
  expect(kindOfEvidence(cbor({ signature, authenticatorData: new Uint8Array(37) }))).toBe('assertion');
});
