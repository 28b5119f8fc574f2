import { Set as AsnSet, fromBER, Integer, OctetString, Sequence } from 'asn1js';
import fc from 'fast-check';
import { ContentInfo, SignedData } from 'pkijs';
import { expect, it } from 'vitest';
import { decodeCertificate } from '../../src/certificates/certificate.js';
import { normalizeBer, readBer } from '../../src/encoding/ber.js';
import { decodeCborMap } from '../../src/encoding/cbor-map.js';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { decodeReceiptPayload } from '../../src/receipt/receipt-payload.js';
import { decodeSignedData } from '../../src/receipt/signed-data.js';
import { mutated } from '../support/arbitrary-der.js';
import { assertProperty } from '../support/assert-property.js';
import { createReceiptTree } from '../support/receipt-tree.js';
import { attestationFixture, fromBase64 } from '../support/recordings.js';
import { wrongElements } from '../support/wrong-elements.js';

const recorded = ['apple-guide-2026', 'node-app-attest-production'].map((name) => {
  const { attestation } = attestationFixture(name);
  return new Uint8Array(decodeCborMap(fromBase64(attestation.object)).map('attStmt').bytes('receipt'));
});
const made = await createReceiptTree();
const elements = [...wrongElements(0), ...wrongElements(1), ...wrongElements(3)].map(([, element]) => element);

const receipts = fc.oneof(
  mutated(fc.constantFrom(...recorded, made.bytes)),
  fc.tuple(fc.constantFrom(...made.paths), fc.constantFrom(...elements)).map(([path, element]) => {
    return made.with(path, element);
  }),
);

const hex = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(new Uint8Array(bytes)).toString('hex');

/** Returns the decoded value, or `undefined` if the decoder rejects the bytes. */
async function decodedOrRefused<Decoded>(decode: () => Decoded | Promise<Decoded>): Promise<Decoded | undefined> {
  try {
    return await decode();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodingError);
    return undefined;
  }
}

/** The values of the fields in a payload, in hex and by field type, as asn1js decodes them. */
function fieldsByAsn1js(content: Uint8Array): Map<bigint, string> {
  const { result } = fromBER(new Uint8Array(content));
  if (!(result instanceof AsnSet)) throw new Error(`asn1js does not decode a SET: ${result.error}`);
  return new Map(
    result.valueBlock.value.map((field) => {
      const [type, version, value] = field instanceof Sequence ? field.valueBlock.value : [];
      if (!(type instanceof Integer && version instanceof Integer && value instanceof OctetString))
        throw new Error('asn1js does not decode a field as a SEQUENCE of type, version and value');
      return [type.toBigInt(), hex(value.getValue())];
    }),
  );
}

it('a receipt that decodeSignedData accepts is decoded as pkijs decodes it', async () => {
  let accepted = 0;
  await assertProperty(
    fc.asyncProperty(receipts, async (receipt) => {
      const decoded = await decodedOrRefused(() => decodeSignedData(receipt));
      // pkijs also decodes the certificates, which decodeSignedData returns as bytes. So receipts with a malformed
      // certificate are skipped.
      if (!decoded || !(await decodedOrRefused(() => decoded.certificates.map(decodeCertificate)))) return;
      accepted += 1;
      // pkijs decodes the original bytes, not the DER that decodeSignedData creates from them.
      const contentInfo = new ContentInfo({ schema: fromBER(receipt).result });
      const theirs = new SignedData({ schema: contentInfo.content });
      const [signer, ...others] = theirs.signerInfos;
      expect(others).toEqual([]);
      expect(hex(decoded.content)).toBe(hex(theirs.encapContentInfo.eContent?.getValue() ?? new Uint8Array()));
      expect(hex(decoded.signature)).toBe(hex(signer?.signature.getValue() ?? new Uint8Array()));
      expect(decoded.certificates.length).toBe(theirs.certificates?.length);

      const payload = await decodedOrRefused(() => decodeReceiptPayload(decoded.content));
      if (!payload) return;
      const fields = fieldsByAsn1js(decoded.content);
      expect(hex(Buffer.from(payload.appId))).toBe(fields.get(2n));
      expect(hex(payload.clientHash)).toBe(fields.get(4n));
      expect(hex(Buffer.from(payload.token))).toBe(fields.get(5n));
      expect(hex(Buffer.from(payload.type))).toBe(fields.get(6n));
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

it('BER that readBer accepts is converted to DER, and the conversion does not change this DER', async () => {
  let accepted = 0;
  await assertProperty(
    fc.asyncProperty(receipts, async (receipt) => {
      const read = await decodedOrRefused(() => readBer(receipt));
      if (!read) return;
      accepted += 1;
      expect(hex(normalizeBer(read.der))).toBe(hex(read.der));
      // asn1js decodes the whole DER. If asn1js encodes the result, it creates the same bytes, so all lengths are in DER form.
      const { offset, result } = fromBER(new Uint8Array(read.der), { parseEmbedded: false });
      expect([offset, result.error]).toEqual([read.der.length, '']);
      expect(hex(result.toBER())).toBe(hex(read.der));
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(100);
});
