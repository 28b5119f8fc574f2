import { describe, expect, it } from 'vitest';
import { inspectAttestation, inspectReceipt, verifyReceipt } from '../../src/index.js';
import { der, integer, octetString, sequence, set } from '../../src/testing/encoding/der.js';
import { APP_ID } from '../support/evidence.js';
import { createReceiptChain, makeReceipt, type ReceiptChain } from '../support/receipts.js';
import { attestationRecordings, hasVerifiableReceipt, recordedReceipts } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

describe('inspectReceipt', () => {
  for (const recording of attestationRecordings) {
    it(`decodes the receipt in the attestation ${recording.name}`, async () => {
      const { attestation, appId, environment } = recording;
      const { receipt = '' } = inspectAttestation(attestation.object);
      const { certificates, problems, environment: name, ...fields } = await inspectReceipt(receipt);
      expect(problems).toEqual([]);
      expect(name).toBe(environment === 'production' ? 'production' : 'sandbox');
      expect(certificates.map(({ subject }) => /CN=([^,]+)/.exec(subject)?.[1])).toEqual([
        'Application Attestation Fraud Receipt Signing',
        'Apple Application Integration CA 5 - G1',
        'Apple Root CA - G3',
      ]);
      if (!hasVerifiableReceipt(recording)) return;
      const { environment: _, ...verified } = await verifyReceipt({
        receipt,
        appId,
        environment,
        ...(fields.creationTime && { date: fields.creationTime }),
      });
      expect(fields).toStrictEqual(verified);
    });
  }

  for (const { title, receipt } of recordedReceipts) {
    it(`decodes the recorded ${title}`, async () => {
      const inspected = await inspectReceipt(receipt.object);
      expect(inspected.problems).toEqual([]);
      expect(inspected.riskMetric ?? null).toBe(receipt.riskMetric);
      expect(inspected.environment).toBe(receipt.environment);
    });
  }

  it('does not check the signature, the environment or the dates', async () => {
    const receipt = await makeReceipt(await createReceiptChain(), {
      fields: { 7: 'somewhere', 21: '2000-01-01T00:00:00Z' },
      signature: () => new Uint8Array(),
    });
    const { appId, environment, problems } = await inspectReceipt(receipt);
    expect({ appId, environment, problems }).toEqual({ appId: APP_ID, environment: 'somewhere', problems: [] });
  });

  it('reports the parts that it cannot decode, and returns the other parts', async () => {
    const withoutPayload = await inspectReceipt(await makeReceipt(await createReceiptChain(), { payload: set() }));
    expect(withoutPayload.problems).toEqual(['payload: the receipt field 2 is missing']);
    expect(withoutPayload.certificates.length).toBe(3);
    for (const bytes of [new Uint8Array(), octetString('receipt'), 'no base64!', new Uint8Array(65_537)]) {
      expect(await inspectReceipt(bytes)).toEqual({
        certificates: [],
        problems: [expect.stringContaining('receipt: ')],
      });
    }
  });

  it('reports a certificate that it cannot decode, and omits it', async () => {
    const names = sequence(der(0xa0), integer(1), ...Array.from({ length: 5 }, () => sequence()));
    const certificates = ({ signer }: ReceiptChain) => [signer.der, sequence(names)];
    const inspected = await inspectReceipt(await makeReceipt(await createReceiptChain(), { certificates }));
    expect(inspected.problems).toEqual([expect.stringContaining('certificate 1: ')]);
    expect(inspected.certificates).toEqual([expect.objectContaining({ isCa: false })]);
    expect(inspected.appId).toBe(APP_ID);
  });

  it('throws for a value that is neither text nor bytes', async () => {
    await expectCode(() => inspectReceipt(1 as never), 'invalid_argument');
  });
});
